//! Books as far as recommending needs them.

use coko_core::events::catalog::BookState;
use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::engine::content::Description;
use super::engine::shelf::Card;
use crate::tables::books;

/// A book of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = books)]
pub(crate) struct Book {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) language: String,
    pub(crate) category_ids: Vec<Uuid>,
    pub(crate) contributor_ids: Vec<Uuid>,
    pub(crate) series_id: Option<Uuid>,
    pub(crate) published_at: Option<OffsetDateTime>,
    pub(crate) is_available: bool,
    pub(crate) changed_at: OffsetDateTime,
}

impl Book {
    /// A book that readers can find, as catalog tells it; it is heard of at `at`.
    pub(crate) fn told(book: BookState, at: OffsetDateTime) -> Self {
        Self {
            id: book.book_id,
            version: book.version,
            title: book.title,
            description: book.description.unwrap_or_default(),
            language: book.language,
            category_ids: book.category_ids,
            contributor_ids: book.contributor_ids,
            series_id: book.series_id,
            published_at: book.published_at,
            is_available: true,
            changed_at: at,
        }
    }

    /// A book of which only its withdrawal was heard.
    pub(crate) fn withdrawn(id: Uuid, version: i64, at: OffsetDateTime) -> Self {
        Self {
            id,
            version,
            title: String::new(),
            description: String::new(),
            language: "und".to_owned(),
            category_ids: Vec::new(),
            contributor_ids: Vec::new(),
            series_id: None,
            published_at: None,
            is_available: false,
            changed_at: at,
        }
    }

    /// What the recommender needs of it.
    pub(crate) fn described(self) -> (Card, Description) {
        let published = self.published_at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let card = Card {
            id: self.id,
            version: self.version,
            title: self.title.clone(),
            language: self.language,
            categories: self.category_ids.clone(),
            published: published.unix_timestamp(),
            is_available: self.is_available,
        };
        let description = Description {
            title: self.title,
            text: self.description,
            categories: self.category_ids,
            people: self.contributor_ids,
            series: self.series_id,
        };
        (card, description)
    }
}
