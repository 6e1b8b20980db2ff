//! Inputs, and what the model makes of them.

use async_graphql::{ID, InputObject, Json, MaybeUndefined};
use coko_core::Error;
use coko_core::money::{Currency, Money};
use time::{Date, Month};

use super::people::keys;
use crate::graphql::key;
use crate::model::{
    AuthorChanges, BookChanges, CategoryChanges, Contribution, ContributorRole, Format,
    PublisherChanges, SeriesChanges, SeriesPlace, Status, bcp47,
};
use crate::search::{PriceBand, SearchRequest};
use crate::store::shelf::ShelfFilter;

/// Left out is left alone, null empties.
fn patch<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// Most values of one list in a filter.
const VALUES: usize = 50;

fn bounded<T>(field: &'static str, list: Option<Vec<T>>) -> Result<Vec<T>, Error> {
    let list = list.unwrap_or_default();
    if list.len() > VALUES {
        return Err(Error::validation(field, "catalog-too-many"));
    }
    Ok(list)
}

fn languages(list: Option<Vec<String>>) -> Result<Vec<String>, Error> {
    bounded("languages", list)?
        .iter()
        .map(|code| {
            bcp47(code).ok_or_else(|| Error::validation("languages", "catalog-invalid-language"))
        })
        .collect()
}

/// An amount of money.
#[derive(Clone, Copy, InputObject)]
pub(crate) struct MoneyInput {
    /// The amount in the currency's minor unit: francs for XOF, cents for EUR and USD.
    amount: i64,
    /// The currency.
    currency: Currency,
}

/// The amounts as the model has them.
pub(crate) fn prices(inputs: &[MoneyInput]) -> Vec<Money> {
    inputs
        .iter()
        .map(|input| Money::new(input.amount, input.currency))
        .collect()
}

/// What a list of books is narrowed by; what is left out does not narrow.
#[derive(Default, InputObject)]
pub(crate) struct BookFilter {
    /// On this shelf or below it.
    category_id: Option<ID>,
    /// With this contributor.
    author_id: Option<ID>,
    /// The contributor's part.
    role: Option<ContributorRole>,
    /// Of this house.
    publisher_id: Option<ID>,
    /// Of this series.
    series_id: Option<ID>,
    /// In any of these languages.
    languages: Option<Vec<String>>,
    /// In any of these formats.
    formats: Option<Vec<Format>>,
    /// Free, or not.
    is_free: Option<bool>,
    /// On the front page, or not.
    is_featured: Option<bool>,
    /// At most this much, free books included.
    max_price: Option<MoneyInput>,
    /// Works from this year on.
    year_from: Option<i32>,
    /// Works up to this year.
    year_to: Option<i32>,
    /// Drafts and withdrawn books are for those who edit them. PUBLISHED when nothing is said.
    status: Option<Status>,
}

impl BookFilter {
    /// The filter as the store has it.
    pub(crate) fn checked(self) -> Result<ShelfFilter, Error> {
        let january = |field: &'static str, year: i32| {
            Date::from_calendar_date(year, Month::January, 1)
                .map_err(|_| Error::validation(field, "catalog-out-of-range"))
        };
        let next_year = |year: i32| january("yearTo", year.saturating_add(1));
        Ok(ShelfFilter {
            status: self.status,
            category: self.category_id.as_ref().map(key),
            author: self.author_id.as_ref().map(|id| (key(id), self.role)),
            publisher: self.publisher_id.as_ref().map(key),
            series: self.series_id.as_ref().map(key),
            languages: languages(self.languages)?,
            formats: bounded("formats", self.formats)?,
            is_free: self.is_free,
            is_featured: self.is_featured,
            price_at_most: self
                .max_price
                .map(|price| (price.currency.code().to_owned(), price.amount)),
            published_from: self
                .year_from
                .map(|year| january("yearFrom", year))
                .transpose()?,
            published_before: self.year_to.map(next_year).transpose()?,
        })
    }
}

/// What a search is narrowed by. Values of one list are alternatives, lists are conditions.
#[derive(Default, InputObject)]
pub(crate) struct SearchFilter {
    /// Languages.
    languages: Option<Vec<String>>,
    /// Formats.
    formats: Option<Vec<Format>>,
    /// Categories; each stands for everything below it too.
    category_ids: Option<Vec<ID>>,
    /// Contributors.
    author_ids: Option<Vec<ID>>,
    /// Price bands.
    price_bands: Option<Vec<PriceBand>>,
    /// Of this house.
    publisher_id: Option<ID>,
    /// Of this series.
    series_id: Option<ID>,
    /// Works from this year on.
    year_from: Option<i32>,
    /// Works up to this year.
    year_to: Option<i32>,
}

impl SearchFilter {
    /// The filter with a query as engines have it.
    pub(crate) fn checked(self, query: String) -> Result<SearchRequest, Error> {
        Ok(SearchRequest {
            query,
            languages: languages(self.languages)?,
            formats: bounded("formats", self.formats)?,
            categories: keys(&bounded("categoryIds", self.category_ids)?),
            authors: keys(&bounded("authorIds", self.author_ids)?),
            price_bands: bounded("priceBands", self.price_bands)?,
            publisher: self.publisher_id.as_ref().map(key),
            series: self.series_id.as_ref().map(key),
            year_from: self.year_from,
            year_to: self.year_to,
        })
    }
}

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

/// A new author.
#[derive(InputObject)]
pub(crate) struct CreateAuthorInput {
    /// The name as on the cover.
    name: String,
    /// The name as on a shelf; made from the name when left out.
    sort_name: Option<String>,
    /// Life and work, in French.
    biography_fr: Option<String>,
    /// Life and work, in English.
    biography_en: Option<String>,
    /// Year of birth; negative before the common era.
    born: Option<i32>,
    /// Year of death.
    died: Option<i32>,
    /// ISO 3166-1 alpha-2 country.
    country: Option<String>,
    /// The https address of a portrait.
    photo_url: Option<String>,
}

impl From<CreateAuthorInput> for AuthorChanges {
    fn from(input: CreateAuthorInput) -> Self {
        Self {
            name: Some(input.name),
            sort_name: input.sort_name,
            biography_fr: Some(input.biography_fr),
            biography_en: Some(input.biography_en),
            born: Some(input.born),
            died: Some(input.died),
            country: Some(input.country),
            photo_url: Some(input.photo_url),
        }
    }
}

/// Changes to an author; what is left out stays, null empties.
#[derive(InputObject)]
pub(crate) struct UpdateAuthorInput {
    /// The author.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
    /// The name as on the cover.
    name: Option<String>,
    /// The name as on a shelf.
    sort_name: Option<String>,
    /// Life and work, in French.
    biography_fr: MaybeUndefined<String>,
    /// Life and work, in English.
    biography_en: MaybeUndefined<String>,
    /// Year of birth.
    born: MaybeUndefined<i32>,
    /// Year of death.
    died: MaybeUndefined<i32>,
    /// ISO 3166-1 alpha-2 country.
    country: MaybeUndefined<String>,
    /// The https address of a portrait.
    photo_url: MaybeUndefined<String>,
}

impl From<UpdateAuthorInput> for AuthorChanges {
    fn from(input: UpdateAuthorInput) -> Self {
        Self {
            name: input.name,
            sort_name: input.sort_name,
            biography_fr: patch(input.biography_fr),
            biography_en: patch(input.biography_en),
            born: patch(input.born),
            died: patch(input.died),
            country: patch(input.country),
            photo_url: patch(input.photo_url),
        }
    }
}

/// A new category.
#[derive(InputObject)]
pub(crate) struct CreateCategoryInput {
    /// Its name in French.
    name_fr: String,
    /// Its name in English.
    name_en: String,
    /// A slug; made from the French name when left out.
    slug: Option<String>,
    /// The category it is part of.
    parent_id: Option<ID>,
    /// Thema subject code.
    thema: Option<String>,
    /// What stands there, in French.
    description_fr: Option<String>,
    /// What stands there, in English.
    description_en: Option<String>,
    /// Order among siblings.
    #[graphql(default)]
    position: i32,
}

impl From<CreateCategoryInput> for CategoryChanges {
    fn from(input: CreateCategoryInput) -> Self {
        Self {
            slug: input.slug,
            parent: Some(input.parent_id.as_ref().map(key)),
            thema: Some(input.thema),
            name_fr: Some(input.name_fr),
            name_en: Some(input.name_en),
            description_fr: Some(input.description_fr),
            description_en: Some(input.description_en),
            position: Some(input.position),
        }
    }
}

/// Changes to a category; what is left out stays, null empties.
#[derive(InputObject)]
pub(crate) struct UpdateCategoryInput {
    /// The category.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
    /// A slug.
    slug: Option<String>,
    /// The category it becomes part of; null makes it a root. Everything below moves with it.
    parent_id: MaybeUndefined<ID>,
    /// Thema subject code.
    thema: MaybeUndefined<String>,
    /// Its name in French.
    name_fr: Option<String>,
    /// Its name in English.
    name_en: Option<String>,
    /// What stands there, in French.
    description_fr: MaybeUndefined<String>,
    /// What stands there, in English.
    description_en: MaybeUndefined<String>,
    /// Order among siblings.
    position: Option<i32>,
}

impl From<UpdateCategoryInput> for CategoryChanges {
    fn from(input: UpdateCategoryInput) -> Self {
        Self {
            slug: input.slug,
            parent: patch(input.parent_id).map(|id| id.as_ref().map(key)),
            thema: patch(input.thema),
            name_fr: input.name_fr,
            name_en: input.name_en,
            description_fr: patch(input.description_fr),
            description_en: patch(input.description_en),
            position: input.position,
        }
    }
}

/// A new publishing house.
#[derive(InputObject)]
pub(crate) struct CreatePublisherInput {
    /// The name.
    name: String,
    /// What the house does.
    description: Option<String>,
    /// The https address of its public site.
    website: Option<String>,
    /// ISO 3166-1 alpha-2 country.
    country: Option<String>,
    /// The account that answers for it; for operators, others own what they enter.
    owner_id: Option<ID>,
}

impl From<CreatePublisherInput> for PublisherChanges {
    fn from(input: CreatePublisherInput) -> Self {
        Self {
            name: Some(input.name),
            description: Some(input.description),
            website: Some(input.website),
            country: Some(input.country),
            owner_user_id: input.owner_id.as_ref().map(key).map(Some),
        }
    }
}

/// Changes to a publishing house; what is left out stays, null empties.
#[derive(InputObject)]
pub(crate) struct UpdatePublisherInput {
    /// The house.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
    /// The name.
    name: Option<String>,
    /// What the house does.
    description: MaybeUndefined<String>,
    /// The https address of its public site.
    website: MaybeUndefined<String>,
    /// ISO 3166-1 alpha-2 country.
    country: MaybeUndefined<String>,
    /// The account that answers for it; for operators.
    owner_id: MaybeUndefined<ID>,
    /// The accounts that belong to it beside its owner; replaces those that do.
    pub(crate) member_ids: Option<Vec<ID>>,
}

impl From<UpdatePublisherInput> for PublisherChanges {
    fn from(input: UpdatePublisherInput) -> Self {
        Self {
            name: input.name,
            description: patch(input.description),
            website: patch(input.website),
            country: patch(input.country),
            owner_user_id: patch(input.owner_id).map(|id| id.as_ref().map(key)),
        }
    }
}

/// A new series.
#[derive(InputObject)]
pub(crate) struct CreateSeriesInput {
    /// The name.
    name: String,
    /// What holds it together.
    description: Option<String>,
    /// The house it belongs to; one of the viewer's own.
    publisher_id: Option<ID>,
}

impl From<CreateSeriesInput> for SeriesChanges {
    fn from(input: CreateSeriesInput) -> Self {
        Self {
            name: Some(input.name),
            description: Some(input.description),
            publisher: Some(input.publisher_id.as_ref().map(key)),
        }
    }
}

/// Changes to a series; what is left out stays, null empties.
#[derive(InputObject)]
pub(crate) struct UpdateSeriesInput {
    /// The series.
    pub(crate) id: ID,
    /// The version that the edit started from.
    pub(crate) version: i64,
    /// The name.
    name: Option<String>,
    /// What holds it together.
    description: MaybeUndefined<String>,
    /// The house it belongs to; one of the viewer's own.
    publisher_id: MaybeUndefined<ID>,
}

impl From<UpdateSeriesInput> for SeriesChanges {
    fn from(input: UpdateSeriesInput) -> Self {
        Self {
            name: input.name,
            description: patch(input.description),
            publisher: patch(input.publisher_id).map(|id| id.as_ref().map(key)),
        }
    }
}
