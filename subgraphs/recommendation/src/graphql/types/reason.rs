//! `RecommendationReason`: why a book is recommended.

use async_graphql::{Context, Enum, Object};
use coko_core::graphql::{FluentValue, RequestExt as _};
use uuid::Uuid;

use super::{BookType, CategoryType};
use crate::graphql::advisor;
use crate::model::Because;

/// What speaks for a book.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "RecommendationReasonKind")]
pub(crate) enum ReasonKind {
    /// The viewer took to the book of the reason.
    BecauseYouRead,
    /// Readers who share the viewer's taste took to it.
    ReadersLikeYou,
    /// The viewer said to like the category of the reason.
    YourInterest,
    /// It is read much now.
    Trending,
    /// It is new.
    New,
    /// It is like the book of the reason.
    SimilarBook,
}

/// Why a book is recommended.
pub(crate) struct ReasonType(pub(crate) Because);

/// Why a book is recommended.
#[Object(name = "RecommendationReason")]
impl ReasonType {
    /// What speaks for the book most.
    async fn kind(&self) -> ReasonKind {
        match self.0 {
            Because::Read(_) => ReasonKind::BecauseYouRead,
            Because::Readers => ReasonKind::ReadersLikeYou,
            Because::Interest(_) => ReasonKind::YourInterest,
            Because::Trending => ReasonKind::Trending,
            Because::New => ReasonKind::New,
            Because::Similar(_) => ReasonKind::SimilarBook,
        }
    }

    /// The book that it is like; null for the other kinds.
    async fn book(&self) -> Option<BookType> {
        self.like().map(BookType::reference)
    }

    /// The category that the viewer said to like; null for the other kinds.
    async fn category(&self) -> Option<CategoryType> {
        match self.0 {
            Because::Interest(category) => Some(CategoryType::reference(category)),
            _ => None,
        }
    }

    /// The reason in words, in the viewer's language.
    async fn text(&self, context: &Context<'_>) -> String {
        let title = self.like().and_then(|book| advisor(context).title(book));
        let key = match (self.0, &title) {
            (Because::Read(_), Some(_)) => "recommendation-because-read",
            (Because::Similar(_), Some(_)) => "recommendation-because-similar",
            (Because::Read(_) | Because::Similar(_), None) | (Because::Readers, _) => {
                "recommendation-because-readers"
            }
            (Because::Interest(_), _) => "recommendation-because-interest",
            (Because::Trending, _) => "recommendation-because-trending",
            (Because::New, _) => "recommendation-because-new",
        };
        let arguments = title.map(|title| ("title", FluentValue::from(title)));
        let (translations, locale) = (context.translations(), context.locale());
        translations.text(locale, key, arguments.as_slice())
    }
}

impl ReasonType {
    fn like(&self) -> Option<Uuid> {
        match self.0 {
            Because::Read(book) | Because::Similar(book) => Some(book),
            _ => None,
        }
    }
}
