//! What lists and searches are narrowed by.

use async_graphql::{ID, InputObject};
use coko_core::Error;
use time::{Date, Month};

use super::MoneyInput;
use crate::graphql::key;
use crate::graphql::types::people::keys;
use crate::model::{ContributorRole, Format, Status, bcp47};
use crate::search::{PriceBand, SearchRequest};
use crate::store::shelf::ShelfFilter;

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
