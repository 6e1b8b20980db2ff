//! The book: what it says of itself, and how its status changes.

use std::collections::HashSet;

use coko_core::money::Money;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::editing::Checks;
use super::stored::text_enum;
use super::{Isbn, Precision, PublicationDate, Refusal, RefusalCode, Slug, bcp47};
use crate::tables::{book_stats, books};

/// Most characters of a title or subtitle.
pub(crate) const TITLE: usize = 300;
/// Most characters of a description.
pub(crate) const DESCRIPTION: usize = 10_000;
/// Most contributors of one book.
const CONTRIBUTORS: usize = 100;
/// Most categories of one book.
const CATEGORIES: usize = 20;
/// Most bytes of the free metadata, as JSON.
const METADATA: usize = 16_384;
/// The largest price in minor units; anything above is a slip of the keyboard.
const PRICE: i64 = 100_000_000;

text_enum! {
    /// Whether readers find a book.
    #[graphql(name = "BookStatus")]
    Status {
        /// Being prepared; only its editors see it.
        Draft = "DRAFT",
        /// On the shelf.
        Published = "PUBLISHED",
        /// Taken off the shelf; those entitled to it keep it.
        Withdrawn = "WITHDRAWN",
    }
}

text_enum! {
    /// What a book is read with.
    #[graphql(name = "BookFormat")]
    Format {
        /// Reflowable text.
        Epub = "EPUB",
        /// Fixed pages.
        Pdf = "PDF",
        /// Listened to.
        Audiobook = "AUDIOBOOK",
        /// Drawn pages.
        Comic = "COMIC",
    }
}

text_enum! {
    /// What someone did for a book.
    ContributorRole {
        /// Wrote it.
        Author = "AUTHOR",
        /// Put it into another language.
        Translator = "TRANSLATOR",
        /// Drew for it.
        Illustrator = "ILLUSTRATOR",
        /// Edited or collected it.
        Editor = "EDITOR",
        /// Wrote what stands before it.
        Preface = "PREFACE",
        /// Reads it aloud.
        Narrator = "NARRATOR",
        /// Photographed for it.
        Photographer = "PHOTOGRAPHER",
        /// Anything else.
        Other = "OTHER",
    }
}

/// A book as the database keeps it; contributors, categories and prices are rows of their own.
#[derive(
    Clone, Debug, PartialEq, Serialize, Deserialize, Queryable, Selectable, Insertable, AsChangeset,
)]
#[diesel(table_name = books, treat_none_as_null = true)]
pub struct Book {
    /// UUIDv7.
    #[diesel(skip_update)]
    pub id: Uuid,
    /// Unique, readable part of its address.
    pub slug: Slug,
    /// Without the subtitle.
    pub title: String,
    /// What follows the title.
    pub subtitle: Option<String>,
    /// What it is about, plain text.
    pub description: Option<String>,
    /// ISBN-13, unique among books that are not deleted.
    pub isbn: Option<Isbn>,
    /// BCP 47.
    pub language: String,
    /// When it appeared; its precision says how much of it is known.
    pub publication_date: Option<Date>,
    /// How much of the date is known; present when the date is.
    pub publication_precision: Option<Precision>,
    /// Pages of the printed edition.
    pub page_count: Option<i32>,
    /// What it is read with.
    pub format: Format,
    /// Who publishes it.
    pub publisher_id: Option<Uuid>,
    /// The series it belongs to.
    pub series_id: Option<Uuid>,
    /// Its place in the series, 0 and halves included.
    pub series_position: Option<f64>,
    /// Read without paying.
    pub is_free: bool,
    /// Shown on the front page.
    pub is_featured: bool,
    /// Whether readers find it.
    pub status: Status,
    /// Public links made by the file service, `{"160": url, …}`; none means the generated cover.
    #[diesel(skip_update)]
    pub cover: Option<serde_json::Value>,
    /// A public extract.
    pub sample_url: Option<String>,
    /// Anything else that is known of it, a JSON object.
    pub metadata: serde_json::Value,
    /// How much it is used, logarithmic.
    #[diesel(skip_update)]
    pub popularity: f64,
    /// The account that made it.
    #[diesel(skip_update)]
    pub created_by: Option<Uuid>,
    /// Rises by one with every edit.
    pub version: i64,
    /// When readers could first find it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub published_at: Option<OffsetDateTime>,
    /// When it was deleted.
    #[serde(with = "time::serde::rfc3339::option")]
    pub deleted_at: Option<OffsetDateTime>,
    /// When it was made.
    #[diesel(skip_update)]
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last edited.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// Someone's part in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Contribution {
    /// Who.
    pub author_id: Uuid,
    /// What they did.
    pub role: ContributorRole,
}

/// A place in a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesPlace {
    /// The series.
    pub series_id: Uuid,
    /// The position, if it has one.
    pub position: Option<f64>,
}

/// What readers did with a book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = book_stats)]
pub struct Stats {
    /// The book.
    pub book_id: Uuid,
    /// Times it was fetched.
    pub downloads: i64,
    /// Sum of all ratings, in half stars.
    pub rating_sum: i64,
    /// Ratings.
    pub rating_count: i64,
    /// Reviews with text.
    pub review_count: i64,
}

impl Stats {
    /// The mean rating, 0.5 to 5 stars; none without ratings.
    pub fn rating(&self) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "sums of half stars stay far below 2^53"
        )]
        let mean = self.rating_sum as f64 / 2.0 / self.rating_count as f64;
        (self.rating_count > 0).then_some(mean)
    }
}

/// What an edit asks for; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct BookChanges {
    /// A slug to replace the one made from the title.
    pub slug: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The subtitle.
    pub subtitle: Option<Option<String>>,
    /// The description.
    pub description: Option<Option<String>>,
    /// ISBN-10 or ISBN-13.
    pub isbn: Option<Option<String>>,
    /// BCP 47 or ISO 639-2.
    pub language: Option<String>,
    /// A date with its precision, `1953`.
    pub publication_date: Option<Option<String>>,
    /// Pages.
    pub page_count: Option<Option<i32>>,
    /// What it is read with.
    pub format: Option<Format>,
    /// Everyone who contributed, in order.
    pub contributors: Option<Vec<Contribution>>,
    /// Its categories, the main one first.
    pub categories: Option<Vec<Uuid>>,
    /// Who publishes it.
    pub publisher: Option<Option<Uuid>>,
    /// The series it belongs to.
    pub series: Option<Option<SeriesPlace>>,
    /// Read without paying.
    pub is_free: Option<bool>,
    /// Shown on the front page.
    pub is_featured: Option<bool>,
    /// A public extract.
    pub sample_url: Option<Option<String>>,
    /// Anything else, a JSON object.
    pub metadata: Option<serde_json::Value>,
}

/// The typed values of changes that passed every check.
#[derive(Clone, Debug)]
pub struct CheckedChanges {
    changes: BookChanges,
    isbn: Option<Option<Isbn>>,
    date: Option<Option<PublicationDate>>,
}

impl BookChanges {
    /// Normalises and checks every field that needs no look at the database.
    ///
    /// # Errors
    /// Every refusal, in the order of the fields.
    pub fn check(mut self) -> Result<CheckedChanges, Vec<Refusal>> {
        let mut checks = Checks::default();
        checks.slug("slug", self.slug.as_ref());
        checks.line("title", &mut self.title, TITLE);
        checks.optional_line("subtitle", &mut self.subtitle, TITLE);
        checks.optional_block("description", &mut self.description, DESCRIPTION);
        let isbn = match &self.isbn {
            Some(Some(text)) if !text.trim().is_empty() => match text.parse::<Isbn>() {
                Ok(isbn) => Some(Some(isbn)),
                Err(_) => {
                    checks.refuse(Refusal::of("isbn", RefusalCode::InvalidIsbn));
                    None
                }
            },
            Some(_) => Some(None),
            None => None,
        };
        if let Some(code) = &mut self.language {
            match bcp47(code) {
                Some(tag) => *code = tag,
                None => checks.refuse(Refusal::of("language", RefusalCode::InvalidLanguage)),
            }
        }
        let date = match &self.publication_date {
            Some(Some(text)) => match text.parse::<PublicationDate>() {
                Ok(date) => Some(Some(date)),
                Err(_) => {
                    checks.refuse(Refusal::of("publicationDate", RefusalCode::InvalidDate));
                    None
                }
            },
            Some(None) => Some(None),
            None => None,
        };
        if let Some(Some(pages)) = self.page_count
            && !(1..=100_000).contains(&pages)
        {
            checks.refuse(Refusal::of("pageCount", RefusalCode::OutOfRange));
        }
        self.check_lists(&mut checks);
        checks.url("sampleUrl", self.sample_url.as_ref());
        checks.finish(CheckedChanges {
            changes: self,
            isbn,
            date,
        })
    }

    fn check_lists(&mut self, checks: &mut Checks) {
        if let Some(contributors) = &self.contributors {
            if contributors.len() > CONTRIBUTORS {
                checks.refuse(Refusal::beyond(
                    "contributors",
                    RefusalCode::TooMany,
                    CONTRIBUTORS,
                ));
            }
            if !all_distinct(contributors) {
                checks.refuse(Refusal::of("contributors", RefusalCode::Duplicate));
            }
        }
        if let Some(categories) = &self.categories {
            if categories.len() > CATEGORIES {
                checks.refuse(Refusal::beyond(
                    "categories",
                    RefusalCode::TooMany,
                    CATEGORIES,
                ));
            }
            if !all_distinct(categories) {
                checks.refuse(Refusal::of("categories", RefusalCode::Duplicate));
            }
        }
        if let Some(Some(SeriesPlace {
            position: Some(position),
            ..
        })) = self.series
            && !(0.0..=10_000.0).contains(&position)
        {
            checks.refuse(Refusal::of("series.position", RefusalCode::OutOfRange));
        }
        if let Some(metadata) = &self.metadata {
            if !metadata.is_object() {
                checks.refuse(Refusal::of("metadata", RefusalCode::OutOfRange));
            } else if metadata.to_string().len() > METADATA {
                checks.refuse(Refusal::beyond("metadata", RefusalCode::TooLong, METADATA));
            }
        }
    }
}

fn all_distinct<T: Eq + std::hash::Hash>(items: &[T]) -> bool {
    let mut seen = HashSet::with_capacity(items.len());
    items.iter().all(|item| seen.insert(item))
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

/// Overwrites `slot` when there is something to overwrite it with.
pub(super) fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

/// Checks the prices of one book: none negative, one per currency, none above zero when it is free.
///
/// # Errors
/// Every refusal, in the order of the prices.
pub fn check_prices(prices: &[Money], is_free: bool) -> Result<(), Vec<Refusal>> {
    let mut checks = Checks::default();
    for (index, price) in prices.iter().enumerate() {
        let path = format!("prices.{index}.amount");
        if price.amount < 0 {
            checks.refuse(Refusal::of(path, RefusalCode::NegativePrice));
        } else if price.amount > PRICE {
            checks.refuse(Refusal::of(path, RefusalCode::OutOfRange));
        } else if price.amount > 0 && is_free {
            checks.refuse(Refusal::of(path, RefusalCode::FreeWithPrice));
        }
        if prices[..index]
            .iter()
            .any(|earlier| earlier.currency == price.currency)
        {
            checks.refuse(Refusal::of(
                format!("prices.{index}.currency"),
                RefusalCode::Duplicate,
            ));
        }
    }
    checks.finish(())
}

impl Book {
    /// An empty draft, to be filled by [`CheckedChanges::apply`].
    pub fn draft(id: Uuid, slug: Slug, created_by: Option<Uuid>, now: OffsetDateTime) -> Self {
        Self {
            id,
            slug,
            title: String::new(),
            subtitle: None,
            description: None,
            isbn: None,
            language: "fr".to_owned(),
            publication_date: None,
            publication_precision: None,
            page_count: None,
            format: Format::Epub,
            publisher_id: None,
            series_id: None,
            series_position: None,
            is_free: false,
            is_featured: false,
            status: Status::Draft,
            cover: None,
            sample_url: None,
            metadata: serde_json::json!({}),
            popularity: 0.0,
            created_by,
            version: 1,
            published_at: None,
            deleted_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The date of publication with its precision.
    pub fn publication(&self) -> Option<PublicationDate> {
        Some(PublicationDate {
            date: self.publication_date?,
            precision: self.publication_precision?,
        })
    }

    /// Puts it on the shelf; a book that was there before keeps its first date.
    ///
    /// # Errors
    /// When it is there already, or nobody contributed to it.
    pub fn publish(&mut self, contributors: usize, now: OffsetDateTime) -> Result<(), Refusal> {
        if self.status == Status::Published {
            return Err(Refusal::of("status", RefusalCode::IllegalStatus));
        }
        if contributors == 0 {
            return Err(Refusal::of("contributors", RefusalCode::Incomplete));
        }
        self.status = Status::Published;
        self.published_at.get_or_insert(now);
        Ok(())
    }

    /// Takes it off the shelf.
    ///
    /// # Errors
    /// When it is not on it.
    pub fn withdraw(&mut self) -> Result<(), Refusal> {
        if self.status != Status::Published {
            return Err(Refusal::of("status", RefusalCode::IllegalStatus));
        }
        self.status = Status::Withdrawn;
        Ok(())
    }

    /// Whether readers find it now.
    pub fn is_on_shelf(&self) -> bool {
        self.status == Status::Published && self.deleted_at.is_none()
    }
}
