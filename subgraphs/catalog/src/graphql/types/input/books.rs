//! Inputs of mutations of books.

use async_graphql::{ID, InputObject, Json, MaybeUndefined};
use coko_core::money::Money;

use super::{MoneyInput, patch, prices};
use crate::graphql::key;
use crate::graphql::types::people::keys;
use crate::model::{BookChanges, Contribution, ContributorRole, Format, SeriesPlace};

/// Someone's part in a book.
#[derive(InputObject)]
pub(crate) struct ContributorInput {
    /// Who.
    author_id: ID,
    /// What they did.
    #[graphql(default_with = "ContributorRole::Author")]
    role: ContributorRole,
}

fn contributions(inputs: Option<Vec<ContributorInput>>) -> Option<Vec<Contribution>> {
    let contribution = |input: ContributorInput| Contribution {
        author_id: key(&input.author_id),
        role: input.role,
    };
    inputs.map(|inputs| inputs.into_iter().map(contribution).collect())
}

/// A place in a series.
#[derive(InputObject)]
pub(crate) struct SeriesPlaceInput {
    /// The series.
    series_id: ID,
    /// The position; 0 and halves are possible.
    position: Option<f64>,
}

impl From<SeriesPlaceInput> for SeriesPlace {
    fn from(input: SeriesPlaceInput) -> Self {
        Self {
            series_id: key(&input.series_id),
            position: input.position,
        }
    }
}

/// A new book; it begins as a draft.
#[derive(InputObject)]
pub(crate) struct CreateBookInput {
    /// The title, 1 to 300 characters.
    title: String,
    /// BCP 47 or ISO 639-2 language of the text.
    language: String,
    /// A slug; made from the title when left out.
    slug: Option<String>,
    /// What follows the title.
    subtitle: Option<String>,
    /// What it is about, plain text, at most 10,000 characters.
    description: Option<String>,
    /// ISBN-10 or ISBN-13, hyphens permitted.
    isbn: Option<String>,
    /// `1953`, `1953-10` or `1953-10-01`.
    publication_date: Option<String>,
    /// Pages of the printed edition.
    page_count: Option<i32>,
    /// What it is read with.
    #[graphql(default_with = "Format::Epub")]
    format: Format,
    /// Everyone who contributed, in order.
    contributors: Option<Vec<ContributorInput>>,
    /// Its categories, the main one first.
    category_ids: Option<Vec<ID>>,
    /// Who publishes it; one of the viewer's own houses.
    publisher_id: Option<ID>,
    /// The series it belongs to.
    series: Option<SeriesPlaceInput>,
    /// Its prices, at most one per currency.
    prices: Option<Vec<MoneyInput>>,
    /// Read without paying.
    #[graphql(default)]
    is_free: bool,
    /// Shown on the front page; for operators.
    is_featured: Option<bool>,
    /// The https address of a public extract.
    sample_url: Option<String>,
    /// Anything else, a JSON object of at most 16 KB.
    metadata: Option<Json<serde_json::Value>>,
}

impl CreateBookInput {
    /// What the model makes of it.
    pub(crate) fn into_changes(self) -> (BookChanges, Vec<Money>) {
        let changes = BookChanges {
            slug: self.slug,
            title: Some(self.title),
            subtitle: Some(self.subtitle),
            description: Some(self.description),
            isbn: Some(self.isbn),
            language: Some(self.language),
            publication_date: Some(self.publication_date),
            page_count: Some(self.page_count),
            format: Some(self.format),
            contributors: contributions(self.contributors),
            categories: self.category_ids.as_deref().map(keys),
            publisher: Some(self.publisher_id.as_ref().map(key)),
            series: Some(self.series.map(SeriesPlace::from)),
            is_free: Some(self.is_free),
            is_featured: self.is_featured,
            sample_url: Some(self.sample_url),
            metadata: self.metadata.map(|metadata| metadata.0),
        };
        (changes, prices(&self.prices.unwrap_or_default()))
    }
}

/// Changes to a book; what is left out stays, null empties.
#[derive(InputObject)]
pub(crate) struct UpdateBookInput {
    /// The book.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
    /// A slug.
    slug: Option<String>,
    /// The title, 1 to 300 characters.
    title: Option<String>,
    /// What follows the title.
    subtitle: MaybeUndefined<String>,
    /// What it is about.
    description: MaybeUndefined<String>,
    /// ISBN-10 or ISBN-13.
    isbn: MaybeUndefined<String>,
    /// BCP 47 or ISO 639-2 language.
    language: Option<String>,
    /// `1953`, `1953-10` or `1953-10-01`.
    publication_date: MaybeUndefined<String>,
    /// Pages of the printed edition.
    page_count: MaybeUndefined<i32>,
    /// What it is read with.
    format: Option<Format>,
    /// Everyone who contributed, in order; replaces who is there.
    contributors: Option<Vec<ContributorInput>>,
    /// Its categories, the main one first; replaces those that are there.
    category_ids: Option<Vec<ID>>,
    /// Who publishes it; one of the viewer's own houses.
    publisher_id: MaybeUndefined<ID>,
    /// The series it belongs to.
    series: MaybeUndefined<SeriesPlaceInput>,
    /// Read without paying.
    is_free: Option<bool>,
    /// Shown on the front page; for operators.
    is_featured: Option<bool>,
    /// The https address of a public extract.
    sample_url: MaybeUndefined<String>,
    /// Anything else, a JSON object of at most 16 KB.
    metadata: Option<Json<serde_json::Value>>,
}

impl From<UpdateBookInput> for BookChanges {
    fn from(input: UpdateBookInput) -> Self {
        Self {
            slug: input.slug,
            title: input.title,
            subtitle: patch(input.subtitle),
            description: patch(input.description),
            isbn: patch(input.isbn),
            language: input.language,
            publication_date: patch(input.publication_date),
            page_count: patch(input.page_count),
            format: input.format,
            contributors: contributions(input.contributors),
            categories: input.category_ids.as_deref().map(keys),
            publisher: patch(input.publisher_id).map(|id| id.as_ref().map(key)),
            series: patch(input.series).map(|place| place.map(SeriesPlace::from)),
            is_free: input.is_free,
            is_featured: input.is_featured,
            sample_url: patch(input.sample_url),
            metadata: input.metadata.map(|metadata| metadata.0),
        }
    }
}

/// A book to put on the shelf.
#[derive(InputObject)]
pub(crate) struct PublishBookInput {
    /// The book.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
}

/// A book to take off the shelf.
#[derive(InputObject)]
pub(crate) struct WithdrawBookInput {
    /// The book.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
}

/// A book to delete.
#[derive(InputObject)]
pub(crate) struct DeleteBookInput {
    /// The book.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
}

/// The prices of a book.
#[derive(InputObject)]
pub(crate) struct SetBookPricesInput {
    /// The book.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
    /// At most one per currency, replacing those that are there; none means that it is not sold.
    pub(crate) prices: Vec<MoneyInput>,
}

/// The categories of a book.
#[derive(InputObject)]
pub(crate) struct SetBookCategoriesInput {
    /// The book.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
    /// The main one first; replaces those that are there.
    pub(crate) category_ids: Vec<ID>,
}
