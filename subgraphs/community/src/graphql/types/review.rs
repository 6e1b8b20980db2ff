//! Reviews.

use async_graphql::{Context, ID, Object};
use coko_core::graphql::RequestExt as _;
use time::OffsetDateTime;

use super::{BookType, UserType};
use crate::model::{ContentStatus, Review};

/// A reader's verdict on a book.
#[derive(Clone)]
pub(crate) struct ReviewType(pub(crate) Review);

/// A reader's verdict on a book: half stars, a text, or both.
#[Object(name = "Review")]
impl ReviewType {
    /// Identifies the review.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The book.
    async fn book(&self) -> BookType {
        BookType::reference(self.0.book_id)
    }

    /// Who wrote it.
    async fn author(&self) -> UserType {
        UserType::reference(self.0.user_id)
    }

    /// Half stars, 1 to 10; null where only text was written.
    async fn half_stars(&self) -> Option<i16> {
        self.0.half_stars
    }

    /// The text as HTML that is safe to show: text and its structure, links, `https` pictures.
    async fn html(&self) -> Option<&str> {
        self.0.body_html.as_deref()
    }

    /// The text as it was written, in Markdown; for its author, to edit.
    async fn source(&self, context: &Context<'_>) -> Option<&str> {
        let own = context.viewer().user_id() == Some(self.0.user_id);
        self.0.body.as_deref().filter(|_| own)
    }

    /// Whether it gives away what happens: show it only when it is asked for.
    async fn spoiler(&self) -> bool {
        self.0.spoiler
    }

    /// Who may read it.
    async fn status(&self) -> ContentStatus {
        self.0.status
    }

    /// When it was first written.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// When it was last changed; null where it never was.
    async fn edited_at(&self) -> Option<OffsetDateTime> {
        (self.0.edits > 0).then_some(self.0.updated_at)
    }
}
