//! What catalog says: books that appear, change and go.
//!
//! Each event carries the whole public state of the book, so that a read model needs no call back; a consumer keeps the
//! newest `version` it has seen and drops older ones.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::Payload;
use crate::money::{Currency, Money};

const SAMPLE_BOOK: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8101");

/// A book as other domains need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookState {
    /// The book.
    pub book_id: Uuid,
    /// Rises by one with every change.
    pub version: i64,
    /// The title, without the subtitle.
    pub title: String,
    /// What it is about, in plain words; told by versions of catalog that know this field.
    #[serde(default)]
    pub description: Option<String>,
    /// BCP 47 language of the text.
    pub language: String,
    /// ISBN-13, if it has one.
    pub isbn: Option<String>,
    /// Its authors' names, in order; translators and others are left out.
    pub authors: Vec<String>,
    /// Everyone who contributed, as author ids.
    pub contributor_ids: Vec<Uuid>,
    /// Its categories, without their ancestors.
    pub category_ids: Vec<Uuid>,
    /// Who publishes it.
    pub publisher_id: Option<Uuid>,
    /// The series it belongs to.
    pub series_id: Option<Uuid>,
    /// Pages of the printed edition, where known.
    pub page_count: Option<i32>,
    /// At most one price per currency; empty when it is not sold.
    pub prices: Vec<Money>,
    /// Read without paying.
    pub is_free: bool,
    /// When readers could first find it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub published_at: Option<OffsetDateTime>,
}

impl BookState {
    fn sample() -> Self {
        Self {
            book_id: SAMPLE_BOOK,
            version: 3,
            title: "L'Enfant noir".to_owned(),
            description: Some("Une enfance en Haute-Guinée.".to_owned()),
            language: "fr".to_owned(),
            isbn: None,
            authors: vec!["Camara Laye".to_owned()],
            contributor_ids: vec![uuid!("01890a5d-ac96-774b-bcce-b302099a8102")],
            category_ids: vec![uuid!("01890a5d-ac96-774b-bcce-b302099a8103")],
            publisher_id: Some(uuid!("01890a5d-ac96-774b-bcce-b302099a8104")),
            series_id: None,
            page_count: Some(221),
            prices: vec![
                Money::new(2500, Currency::Xof),
                Money::new(399, Currency::Eur),
            ],
            is_free: false,
            published_at: Some(datetime!(2026-01-15 08:30 UTC)),
        }
    }
}

/// Readers can find the book from now on: `book.published`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookPublished {
    /// The book as it is now.
    #[serde(flatten)]
    pub book: BookState,
}

impl Payload for BookPublished {
    const DOMAIN: &'static str = "catalog";
    const TYPE: &'static str = "book.published";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.book.book_id.to_string()
    }

    fn sample() -> Self {
        Self {
            book: BookState::sample(),
        }
    }
}

/// A published book changed: `book.updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookUpdated {
    /// The book as it is now.
    #[serde(flatten)]
    pub book: BookState,
}

impl Payload for BookUpdated {
    const DOMAIN: &'static str = "catalog";
    const TYPE: &'static str = "book.updated";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.book.book_id.to_string()
    }

    fn sample() -> Self {
        let mut book = BookState::sample();
        book.version = 4;
        Self { book }
    }
}

/// Readers can no longer find or buy the book: `book.withdrawn`; those entitled to it keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookWithdrawn {
    /// The book.
    pub book_id: Uuid,
    /// The version in which it was withdrawn.
    pub version: i64,
    /// It was deleted, not only taken off the shelf.
    pub deleted: bool,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub withdrawn_at: OffsetDateTime,
}

impl Payload for BookWithdrawn {
    const DOMAIN: &'static str = "catalog";
    const TYPE: &'static str = "book.withdrawn";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.book_id.to_string()
    }

    fn sample() -> Self {
        Self {
            book_id: SAMPLE_BOOK,
            version: 5,
            deleted: false,
            withdrawn_at: datetime!(2026-03-01 10:00 UTC),
        }
    }
}
