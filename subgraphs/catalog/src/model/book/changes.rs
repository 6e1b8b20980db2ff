//! What an edit of a book asks for, and which of it can be.

use std::collections::HashSet;
use std::hash::Hash;

use coko_core::money::Money;
use uuid::Uuid;

use super::{Book, Contribution, DESCRIPTION, Format, SeriesPlace, TITLE};
use crate::error::{CreateBookErrorCode, UpdateBookErrorCode};
use crate::model::checks::{Checks, TextCodes, set};
use crate::model::reason::{
    Duplicate, FreeWithPrice, InvalidDate, InvalidIsbn, InvalidLanguage, InvalidSlug, InvalidUrl,
    NegativePrice, OutOfRange, TooLong, TooMany,
};
use crate::model::{Isbn, Patch, PublicationDate, Refusal, bcp47};

/// Most contributors of one book.
const CONTRIBUTORS: usize = 100;
/// Most categories of one book.
const CATEGORIES: usize = 20;
/// Most bytes of the free metadata, as JSON.
const METADATA: usize = 16_384;
/// The largest price in minor units; anything above is a slip of the keyboard.
const PRICE: i64 = 100_000_000;

/// What an edit asks for; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct BookChanges {
    /// A slug to replace the one made from the title.
    pub slug: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The subtitle.
    pub subtitle: Patch<String>,
    /// The description.
    pub description: Patch<String>,
    /// ISBN-10 or ISBN-13.
    pub isbn: Patch<String>,
    /// BCP 47 or ISO 639-2.
    pub language: Option<String>,
    /// A date with its precision, `1953`.
    pub publication_date: Patch<String>,
    /// Pages.
    pub page_count: Patch<i32>,
    /// What it is read with.
    pub format: Option<Format>,
    /// Everyone who contributed, in order.
    pub contributors: Option<Vec<Contribution>>,
    /// Its categories, the main one first.
    pub categories: Option<Vec<Uuid>>,
    /// Who publishes it.
    pub publisher: Patch<Uuid>,
    /// The series it belongs to.
    pub series: Patch<SeriesPlace>,
    /// Read without paying.
    pub is_free: Option<bool>,
    /// Shown on the front page.
    pub is_featured: Option<bool>,
    /// A public extract.
    pub sample_url: Patch<String>,
    /// Anything else, a JSON object.
    pub metadata: Option<serde_json::Value>,
}

/// The typed values of changes that passed every check.
#[derive(Clone, Debug)]
pub struct CheckedChanges {
    changes: BookChanges,
    isbn: Patch<Isbn>,
    date: Patch<PublicationDate>,
}

/// The codes of a mutation that takes what a book says of itself.
pub trait BookCodes:
    TextCodes
    + From<Duplicate>
    + From<InvalidDate>
    + From<InvalidIsbn>
    + From<InvalidLanguage>
    + From<InvalidSlug>
    + From<InvalidUrl>
    + From<OutOfRange>
    + From<TooMany>
{
}

impl BookCodes for CreateBookErrorCode {}
impl BookCodes for UpdateBookErrorCode {}

impl BookChanges {
    /// Normalises and checks every field that needs no look at the database.
    ///
    /// # Errors
    /// Every refusal, in the order of the fields.
    pub fn check<C: BookCodes>(mut self) -> Result<CheckedChanges, Vec<Refusal<C>>> {
        let mut checks = Checks::default();
        checks.slug("slug", self.slug.as_ref());
        checks.line("title", &mut self.title, TITLE);
        checks.optional_line("subtitle", &mut self.subtitle, TITLE);
        checks.optional_block("description", &mut self.description, DESCRIPTION);
        let isbn = match &self.isbn {
            Some(Some(text)) if !text.trim().is_empty() => match text.parse::<Isbn>() {
                Ok(isbn) => Some(Some(isbn)),
                Err(_) => {
                    checks.refuse("isbn", InvalidIsbn);
                    None
                }
            },
            Some(_) => Some(None),
            None => None,
        };
        if let Some(code) = &mut self.language {
            match bcp47(code) {
                Some(tag) => *code = tag,
                None => checks.refuse("language", InvalidLanguage),
            }
        }
        let date = match &self.publication_date {
            Some(Some(text)) => match text.parse::<PublicationDate>() {
                Ok(date) => Some(Some(date)),
                Err(_) => {
                    checks.refuse("publicationDate", InvalidDate);
                    None
                }
            },
            Some(None) => Some(None),
            None => None,
        };
        if let Some(Some(pages)) = self.page_count
            && !(1..=100_000).contains(&pages)
        {
            checks.refuse("pageCount", OutOfRange);
        }
        self.check_lists(&mut checks);
        checks.url("sampleUrl", self.sample_url.as_ref());
        checks.finish(CheckedChanges {
            changes: self,
            isbn,
            date,
        })
    }

    fn check_lists<C: BookCodes>(&mut self, checks: &mut Checks<C>) {
        if let Some(contributors) = &self.contributors {
            list(checks, "contributors", contributors, CONTRIBUTORS);
        }
        if let Some(categories) = &self.categories {
            list(checks, "categoryIds", categories, CATEGORIES);
        }
        if let Some(Some(SeriesPlace {
            position: Some(position),
            ..
        })) = self.series
            && !(0.0..=10_000.0).contains(&position)
        {
            checks.refuse("series.position", OutOfRange);
        }
        if let Some(metadata) = &self.metadata {
            if !metadata.is_object() {
                checks.refuse("metadata", OutOfRange);
            } else if metadata.to_string().len() > METADATA {
                checks.beyond("metadata", TooLong, METADATA);
            }
        }
    }
}

fn list<T, C>(checks: &mut Checks<C>, path: &'static str, items: &[T], max: usize)
where
    T: Eq + Hash,
    C: From<TooMany> + From<Duplicate>,
{
    if items.len() > max {
        checks.beyond(path, TooMany, max);
    }
    let mut seen = HashSet::with_capacity(items.len());
    if !items.iter().all(|item| seen.insert(item)) {
        checks.refuse(path, Duplicate);
    }
}

/// Checks the categories of one book: not too many, none twice.
///
/// # Errors
/// Every refusal.
pub fn check_categories<C>(categories: &[Uuid]) -> Result<(), Vec<Refusal<C>>>
where
    C: From<TooMany> + From<Duplicate>,
{
    let mut checks = Checks::default();
    list(&mut checks, "categoryIds", categories, CATEGORIES);
    checks.finish(())
}

impl CheckedChanges {
    /// The contributors to set, if they change.
    pub fn contributors(&self) -> Option<&[Contribution]> {
        self.changes.contributors.as_deref()
    }

    /// The categories to set, if they change.
    pub fn categories(&self) -> Option<&[Uuid]> {
        self.changes.categories.as_deref()
    }

    /// The house to set, if it changes to one.
    pub fn publisher(&self) -> Option<Uuid> {
        self.changes.publisher.flatten()
    }

    /// The series to set, if it changes to one.
    pub fn series(&self) -> Option<Uuid> {
        self.changes.series.flatten().map(|place| place.series_id)
    }

    /// Whether the slug was chosen rather than made.
    pub fn slug(&self) -> Option<&str> {
        self.changes.slug.as_deref()
    }

    /// Whether the edit touches what only the shop's own people may touch.
    pub fn features(&self) -> bool {
        self.changes.is_featured.is_some()
    }

    /// Writes the changes into `book`.
    pub fn apply(self, book: &mut Book) {
        let BookChanges {
            slug,
            title,
            subtitle,
            description,
            language,
            page_count,
            format,
            publisher,
            series,
            is_free,
            is_featured,
            sample_url,
            metadata,
            ..
        } = self.changes;
        set(&mut book.title, title);
        set(&mut book.subtitle, subtitle);
        set(&mut book.description, description);
        set(&mut book.isbn, self.isbn);
        set(&mut book.language, language);
        if let Some(date) = self.date {
            book.publication_date = date.map(|date| date.date);
            book.publication_precision = date.map(|date| date.precision);
        }
        set(&mut book.page_count, page_count);
        set(&mut book.format, format);
        set(&mut book.publisher_id, publisher);
        if let Some(series) = series {
            book.series_id = series.map(|place| place.series_id);
            book.series_position = series.and_then(|place| place.position);
        }
        set(&mut book.is_free, is_free);
        set(&mut book.is_featured, is_featured);
        set(&mut book.sample_url, sample_url);
        set(&mut book.metadata, metadata);
        if let Some(slug) = slug.and_then(|slug| slug.parse().ok()) {
            book.slug = slug;
        }
    }
}

/// Checks the prices of one book: none negative, one per currency, none above zero when it is free.
///
/// # Errors
/// Every refusal, in the order of the prices.
pub fn check_prices<C>(prices: &[Money], is_free: bool) -> Result<(), Vec<Refusal<C>>>
where
    C: From<NegativePrice> + From<OutOfRange> + From<FreeWithPrice> + From<Duplicate>,
{
    let mut checks = Checks::default();
    for (index, price) in prices.iter().enumerate() {
        let path = format!("prices.{index}.amount");
        if price.amount < 0 {
            checks.refuse(path, NegativePrice);
        } else if price.amount > PRICE {
            checks.refuse(path, OutOfRange);
        } else if price.amount > 0 && is_free {
            checks.refuse(path, FreeWithPrice);
        }
        if prices[..index]
            .iter()
            .any(|earlier| earlier.currency == price.currency)
        {
            checks.refuse(format!("prices.{index}.currency"), Duplicate);
        }
    }
    checks.finish(())
}
