//! The book, and how its status changes.

mod changes;

use coko_core::money::Money;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

pub use changes::{BookChanges, CheckedChanges, check_categories, check_prices};

use super::checks::Checks;
use super::reason::{IllegalStatus, Incomplete};
use super::{Isbn, Precision, PublicationDate, Refusal, Slug};
use crate::error::{PublishBookErrorCode, WithdrawBookErrorCode};
use crate::tables::{book_stats, books};

/// Most characters of a title or subtitle.
pub(crate) const TITLE: usize = 300;
/// Most characters of a description.
pub(crate) const DESCRIPTION: usize = 10_000;

coko_core::text_enum! {
    /// Whether readers find a book.
    #[graphql(name = "BookStatus")]
    pub Status {
        /// Being prepared; only its editors see it.
        Draft = "DRAFT",
        /// On the shelf.
        Published = "PUBLISHED",
        /// Taken off the shelf; those entitled to it keep it.
        Withdrawn = "WITHDRAWN",
    }
}

coko_core::text_enum! {
    /// What a book is read with.
    #[graphql(name = "BookFormat")]
    pub Format {
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

coko_core::text_enum! {
    /// What someone did for a book.
    pub ContributorRole {
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
    pub(crate) fn publish(
        &mut self,
        contributors: usize,
        now: OffsetDateTime,
    ) -> Result<(), Vec<Refusal<PublishBookErrorCode>>> {
        let mut checks = Checks::default();
        if self.status == Status::Published {
            checks.refuse("status", IllegalStatus);
        } else if contributors == 0 {
            checks.refuse("contributors", Incomplete);
        }
        checks.finish(())?;
        self.status = Status::Published;
        self.published_at.get_or_insert(now);
        Ok(())
    }

    /// Takes it off the shelf.
    ///
    /// # Errors
    /// When it is not on it.
    pub(crate) fn withdraw(&mut self) -> Result<(), Vec<Refusal<WithdrawBookErrorCode>>> {
        let mut checks = Checks::default();
        if self.status != Status::Published {
            checks.refuse("status", IllegalStatus);
        }
        checks.finish(())?;
        self.status = Status::Withdrawn;
        Ok(())
    }

    /// Whether it may have these prices: a free book has none above zero.
    pub fn accepts(&self, prices: &[Money]) -> bool {
        !self.is_free || prices.iter().all(|price| price.amount <= 0)
    }

    /// Whether readers find it now.
    pub fn is_on_shelf(&self) -> bool {
        self.status == Status::Published && self.deleted_at.is_none()
    }
}
