//! What reading says: who is entitled to which book.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::Payload;

const SAMPLE_ORDER: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8501");
const SAMPLE_USER: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8001");
const SAMPLE_BOOK: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8101");

/// A reader may read a book from now on: `entitlement.granted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntitlementGranted {
    /// The reader.
    pub user_id: Uuid,
    /// The book.
    pub book_id: Uuid,
    /// The order that paid for it, when one did.
    pub order_id: Option<Uuid>,
    /// `PURCHASED`, `SUBSCRIPTION`, `FREE` or `GIFTED`.
    pub source: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub granted_at: OffsetDateTime,
}

impl Payload for EntitlementGranted {
    const DOMAIN: &'static str = "reading";
    const TYPE: &'static str = "entitlement.granted";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            book_id: SAMPLE_BOOK,
            order_id: Some(SAMPLE_ORDER),
            source: "PURCHASED".to_owned(),
            granted_at: datetime!(2026-02-01 09:02 UTC),
        }
    }
}

/// A purchase can never be granted, and is to be paid back: `entitlement.refused`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntitlementRefused {
    /// The reader.
    pub user_id: Uuid,
    /// The book.
    pub book_id: Uuid,
    /// The order that paid for it.
    pub order_id: Uuid,
    /// Why, in a word: `BOOK_GONE`, `ACCOUNT_GONE`, …
    pub reason: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub refused_at: OffsetDateTime,
}

impl Payload for EntitlementRefused {
    const DOMAIN: &'static str = "reading";
    const TYPE: &'static str = "entitlement.refused";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            book_id: SAMPLE_BOOK,
            order_id: SAMPLE_ORDER,
            reason: "BOOK_GONE".to_owned(),
            refused_at: datetime!(2026-02-01 09:02 UTC),
        }
    }
}

/// A reader may no longer read a book: `entitlement.revoked`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntitlementRevoked {
    /// The reader.
    pub user_id: Uuid,
    /// The book.
    pub book_id: Uuid,
    /// The order that paid for it, when one did.
    pub order_id: Option<Uuid>,
    /// `REFUNDED`, `SUBSCRIPTION_ENDED`, `WITHDRAWN`, …
    pub reason: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub revoked_at: OffsetDateTime,
}

impl Payload for EntitlementRevoked {
    const DOMAIN: &'static str = "reading";
    const TYPE: &'static str = "entitlement.revoked";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            book_id: SAMPLE_BOOK,
            order_id: Some(SAMPLE_ORDER),
            reason: "REFUNDED".to_owned(),
            revoked_at: datetime!(2026-02-03 14:00 UTC),
        }
    }
}

/// How far a reader is in a book: `reading.progressed`, said at most every few minutes for each reader and book, the last
/// place included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadingProgressed {
    /// The reader.
    pub user_id: Uuid,
    /// The book.
    pub book_id: Uuid,
    /// The right it is read by: `PURCHASED`, `SUBSCRIPTION`, `FREE` or `GIFTED`.
    pub source: String,
    /// Where the reader is, as a share of the whole book: 0 to 1.
    pub progression: f64,
    /// The furthest place, as a share of the whole book: 0 to 1.
    pub furthest: f64,
    /// Seconds of plausible reading in this book since the beginning; it only grows, so that what was missed or heard twice
    /// does no harm.
    pub seconds_read: i64,
    /// When it was said.
    #[serde(with = "time::serde::rfc3339")]
    pub progressed_at: OffsetDateTime,
}

impl Payload for ReadingProgressed {
    const DOMAIN: &'static str = "reading";
    const TYPE: &'static str = "reading.progressed";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            book_id: SAMPLE_BOOK,
            source: "PURCHASED".to_owned(),
            progression: 0.25,
            furthest: 0.5,
            seconds_read: 1860,
            progressed_at: datetime!(2026-02-01 20:31 UTC),
        }
    }
}
