//! `Annotation`.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::RequestExt as _;
use time::OffsetDateTime;

use super::{BookType, UserType};
use crate::graphql::loader::Books;
use crate::model::annotation::quotable;
use crate::model::{Annotation, AnnotationKind, Book, Colour, Locator, Privacy};

/// A highlight, a note or a bookmark.
#[derive(Clone)]
pub(crate) struct AnnotationType(pub(crate) Annotation);

/// A highlight, a note or a bookmark. Its owner sees it; others see what is shared.
#[Object(name = "Annotation")]
impl AnnotationType {
    /// Identifies the annotation; made by the device that made it.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The book.
    async fn book(&self) -> BookType {
        BookType::reference(self.0.book_id)
    }

    /// Whose it is.
    async fn user(&self) -> UserType {
        UserType {
            id: self.0.user_id.into(),
        }
    }

    /// What it is.
    async fn kind(&self) -> AnnotationKind {
        self.0.kind
    }

    /// Where it is. Null when it was deleted, and until the change that placed it has come.
    async fn locator(&self) -> Option<&Locator> {
        self.0.locator.as_ref().filter(|_| !self.0.deleted)
    }

    /// The share of the book that comes before it: 0 to 1.
    async fn progression(&self) -> f64 {
        self.0.progression
    }

    /// The passage that it marks. To others than its owner only the beginning of a long one.
    async fn quote(&self, context: &Context<'_>) -> Result<Option<String>> {
        let Some(quote) = self.0.quote.as_deref().filter(|_| !self.0.deleted) else {
            return Ok(None);
        };
        if context.viewer().user_id() == Some(self.0.user_id) {
            return Ok(Some(quote.to_owned()));
        }
        let loader = context.data_unchecked::<DataLoader<Books>>();
        let book = loader.load_one(self.0.book_id).await?;
        let is_protected = book.as_ref().is_none_or(Book::is_protected);
        Ok(Some(quotable(quote, is_protected)))
    }

    /// What the reader says to it.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref().filter(|_| !self.0.deleted)
    }

    /// The colour of the mark.
    async fn colour(&self) -> Option<Colour> {
        self.0.colour
    }

    /// Who sees it.
    async fn privacy(&self) -> Privacy {
        self.0.privacy
    }

    /// Whether it was deleted; devices hear of it by this.
    async fn deleted(&self) -> bool {
        self.0.deleted
    }

    /// When it was made, by the device's clock, never later than it was heard of.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// When it was changed last, in the same way.
    async fn updated_at(&self) -> OffsetDateTime {
        self.0.updated_at
    }
}
