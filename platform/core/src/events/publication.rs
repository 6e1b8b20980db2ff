//! What publication says: works that are submitted, reach readers and leave them, and what is owed for them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::Payload;
use super::file::ImageVariant;
use crate::money::{Currency, Money};

const SAMPLE_PUBLICATION: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8401");
const SAMPLE_ORGANIZATION: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8402");
const SAMPLE_BOOK: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8403");
const SAMPLE_AUTHOR: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8057");

/// A manuscript that was never published is gone for good, as nobody is left whose it would be: `manuscript.discarded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManuscriptDiscarded {
    /// The manuscript.
    pub manuscript_id: Uuid,
    /// The book that it would have become, for which its files were uploaded.
    pub book_id: Uuid,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub discarded_at: OffsetDateTime,
}

impl Payload for ManuscriptDiscarded {
    const DOMAIN: &'static str = "publication";
    const TYPE: &'static str = "manuscript.discarded";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.manuscript_id.to_string()
    }

    fn sample() -> Self {
        Self {
            manuscript_id: SAMPLE_PUBLICATION,
            book_id: SAMPLE_BOOK,
            discarded_at: datetime!(2026-02-14 03:00 UTC),
        }
    }
}

/// A manuscript waits for its review: `manuscript.submitted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManuscriptSubmitted {
    /// The manuscript.
    pub manuscript_id: Uuid,
    /// Whose it is.
    pub organization_id: Uuid,
    /// The account that submitted it.
    pub submitted_by: Uuid,
    /// The title.
    pub title: String,
    /// The number of the version that was submitted, from 1.
    pub version: i32,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub submitted_at: OffsetDateTime,
}

impl Payload for ManuscriptSubmitted {
    const DOMAIN: &'static str = "publication";
    const TYPE: &'static str = "manuscript.submitted";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.manuscript_id.to_string()
    }

    fn sample() -> Self {
        Self {
            manuscript_id: SAMPLE_PUBLICATION,
            organization_id: SAMPLE_ORGANIZATION,
            submitted_by: SAMPLE_AUTHOR,
            title: "Les Pluies de Ziguinchor".to_owned(),
            version: 2,
            submitted_at: datetime!(2026-01-20 09:00 UTC),
        }
    }
}

/// An author's or publisher's work passed review and is to be sold: `publication.published`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationPublished {
    /// The publication; catalog makes one book of it.
    pub publication_id: Uuid,
    /// The id that this book has to have; catalog chooses one when there is none.
    #[serde(default)]
    pub book_id: Option<Uuid>,
    /// Rises with whatever is said of the publication, its withdrawal included: what is older than what is known is passed over.
    #[serde(default)]
    pub revision: i64,
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
    /// The file of the text that was reviewed: of all texts of the book, readers get this one.
    #[serde(default)]
    pub file_id: Option<Uuid>,
    /// What it is read with: `EPUB` or `PDF`.
    #[serde(default)]
    pub format: Option<String>,
    /// Pages of a PDF, or synthetic pages (1024 characters) of an EPUB.
    #[serde(default)]
    pub page_count: Option<i32>,
    /// Public sizes of its cover, the smallest first; empty for the generated one.
    #[serde(default)]
    pub cover: Vec<ImageVariant>,
    /// Absolute public URL of an extract.
    #[serde(default)]
    pub sample_url: Option<String>,
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
            publication_id: SAMPLE_PUBLICATION,
            book_id: Some(SAMPLE_BOOK),
            revision: 1,
            owner_user_id: SAMPLE_AUTHOR,
            title: "Les Pluies de Ziguinchor".to_owned(),
            subtitle: None,
            description: "Trois générations d'une famille de pêcheurs.".to_owned(),
            language: "fr".to_owned(),
            isbn: None,
            authors: vec!["Awa Ndiaye".to_owned()],
            publisher: None,
            categories: vec!["romans".to_owned()],
            prices: vec![Money::new(2000, Currency::Xof)],
            file_id: Some(uuid!("01890a5d-ac96-774b-bcce-b302099a8301")),
            format: Some("EPUB".to_owned()),
            page_count: Some(212),
            cover: Vec::new(),
            sample_url: None,
            published_at: datetime!(2026-02-01 09:00 UTC),
        }
    }
}

/// A work is no longer to be sold; those who have it keep it: `publication.withdrawn`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationWithdrawn {
    /// The publication.
    pub publication_id: Uuid,
    /// The book that catalog made of it.
    pub book_id: Uuid,
    /// As in [`PublicationPublished`].
    pub revision: i64,
    /// Why, in the words of whoever withdrew it.
    pub reason: Option<String>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub withdrawn_at: OffsetDateTime,
}

impl Payload for PublicationWithdrawn {
    const DOMAIN: &'static str = "publication";
    const TYPE: &'static str = "publication.withdrawn";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.publication_id.to_string()
    }

    fn sample() -> Self {
        Self {
            publication_id: SAMPLE_PUBLICATION,
            book_id: SAMPLE_BOOK,
            revision: 2,
            reason: Some("Une nouvelle édition se prépare.".to_owned()),
            withdrawn_at: datetime!(2026-06-01 12:00 UTC),
        }
    }
}

/// A sale or a month's reading earned somebody something: `royalty.accrued`. It is held for a while before it can be paid out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoyaltyAccrued {
    /// The accrual.
    pub accrual_id: Uuid,
    /// `SALE` or `READING`.
    pub source: String,
    /// The manuscript.
    pub manuscript_id: Uuid,
    /// The book.
    pub book_id: Uuid,
    /// The order, of a sale.
    pub order_id: Option<Uuid>,
    /// The account that earned it, when a person did.
    pub user_id: Option<Uuid>,
    /// The organisation that earned it, when no single person did.
    pub organization_id: Option<Uuid>,
    /// How much.
    pub amount: Money,
    /// When it can be paid out.
    #[serde(with = "time::serde::rfc3339")]
    pub payable_at: OffsetDateTime,
    /// When it was earned.
    #[serde(with = "time::serde::rfc3339")]
    pub accrued_at: OffsetDateTime,
}

impl Payload for RoyaltyAccrued {
    const DOMAIN: &'static str = "publication";
    const TYPE: &'static str = "royalty.accrued";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.accrual_id.to_string()
    }

    fn sample() -> Self {
        Self {
            accrual_id: uuid!("01890a5d-ac96-774b-bcce-b302099a8404"),
            source: "SALE".to_owned(),
            manuscript_id: SAMPLE_PUBLICATION,
            book_id: SAMPLE_BOOK,
            order_id: Some(uuid!("01890a5d-ac96-774b-bcce-b302099a8501")),
            user_id: Some(SAMPLE_AUTHOR),
            organization_id: None,
            amount: Money::new(1400, Currency::Xof),
            payable_at: datetime!(2026-02-16 09:01 UTC),
            accrued_at: datetime!(2026-02-02 09:01 UTC),
        }
    }
}
