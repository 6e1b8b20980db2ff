//! `LibraryItem`.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Object};
use coko_core::Result;
use time::OffsetDateTime;

use super::BookType;
use super::progress::BookProgressType;
use crate::graphql::loader::{Places, Rights};
use crate::model::{Entitlement, Item, ReadingStatus, Source};

/// A book in a library.
#[derive(Clone)]
pub(crate) struct LibraryItemType(pub(crate) Item);

/// A book in a reader's library. Only the reader sees it.
#[Object(name = "LibraryItem")]
impl LibraryItemType {
    /// The book.
    async fn book(&self) -> BookType {
        BookType::reference(self.0.book_id)
    }

    /// What the book is to the reader: as they said last, or as they went on reading since.
    async fn status(&self) -> ReadingStatus {
        self.0.status
    }

    /// Whether it was taken out of the library; devices hear of it by this.
    async fn removed(&self) -> bool {
        !self.0.listed
    }

    /// When it came into the library.
    async fn added_at(&self) -> OffsetDateTime {
        self.0.added_at
    }

    /// When it was first opened.
    async fn started_at(&self) -> Option<OffsetDateTime> {
        self.0.started_at
    }

    /// When its end was last reached.
    async fn finished_at(&self) -> Option<OffsetDateTime> {
        self.0.finished_at
    }

    /// Minutes spent reading it, as far as they count.
    async fn minutes_read(&self) -> i64 {
        self.0.seconds_read / 60
    }

    /// The rights to read it that hold, the strongest first.
    async fn entitlements(&self, context: &Context<'_>) -> Result<Vec<EntitlementType>> {
        let loader = context.data_unchecked::<DataLoader<Rights>>();
        let mut rights = loader.load_one(self.0.book_id).await?.unwrap_or_default();
        rights.retain(Entitlement::holds);
        rights.sort_by_key(|right| (right.source, right.granted_at));
        Ok(rights.into_iter().map(EntitlementType).collect())
    }

    /// Whether the reader may read it now.
    async fn is_readable(&self, context: &Context<'_>) -> Result<bool> {
        let loader = context.data_unchecked::<DataLoader<Rights>>();
        let rights = loader.load_one(self.0.book_id).await?.unwrap_or_default();
        Ok(rights.iter().any(Entitlement::holds))
    }

    /// How far the reader is.
    async fn progress(&self, context: &Context<'_>) -> Result<Option<BookProgressType>> {
        let loader = context.data_unchecked::<DataLoader<Places>>();
        Ok(loader.load_one(self.0.book_id).await?.map(BookProgressType))
    }
}

/// One right.
pub(crate) struct EntitlementType(Entitlement);

/// A right to read a book.
#[Object(name = "Entitlement")]
impl EntitlementType {
    /// What it comes from.
    async fn source(&self) -> Source {
        self.0.source
    }

    /// Since when it holds.
    async fn granted_at(&self) -> Option<OffsetDateTime> {
        self.0.granted_at
    }
}
