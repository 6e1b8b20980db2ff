//! What publication says: works that reach readers.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::Payload;
use crate::money::{Currency, Money};

/// An author's or publisher's work passed review and is to be sold: `publication.published`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationPublished {
    /// The publication; catalog makes one book of it.
    pub publication_id: Uuid,
    /// The account that submitted it, which may edit the book.
    pub owner_user_id: Uuid,
    /// The title.
    pub title: String,
    /// The subtitle.
    pub subtitle: Option<String>,
    /// What it is about, for readers.
    pub description: String,
    /// BCP 47 language.
    pub language: String,
    /// ISBN-10 or ISBN-13, if it has one.
    pub isbn: Option<String>,
    /// The authors' names, in order.
    pub authors: Vec<String>,
    /// The publishing organisation's name, if not self-published.
    pub publisher: Option<String>,
    /// Slugs of catalog's categories.
    pub categories: Vec<String>,
    /// At most one price per currency.
    pub prices: Vec<Money>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub published_at: OffsetDateTime,
}

impl Payload for PublicationPublished {
    const DOMAIN: &'static str = "publication";
    const TYPE: &'static str = "publication.published";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.publication_id.to_string()
    }

    fn sample() -> Self {
        Self {
            publication_id: uuid!("01890a5d-ac96-774b-bcce-b302099a8401"),
            owner_user_id: uuid!("01890a5d-ac96-774b-bcce-b302099a8057"),
            title: "Les Pluies de Ziguinchor".to_owned(),
            subtitle: None,
            description: "Trois générations d'une famille de pêcheurs.".to_owned(),
            language: "fr".to_owned(),
            isbn: None,
            authors: vec!["Awa Ndiaye".to_owned()],
            publisher: None,
            categories: vec!["romans".to_owned()],
            prices: vec![Money::new(2000, Currency::Xof)],
            published_at: datetime!(2026-02-01 09:00 UTC),
        }
    }
}
