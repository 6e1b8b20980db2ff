//! Reviews.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use super::read_back;
use crate::commands::reviews::{self, Said};
use crate::error::{DeleteReviewError, SaveReviewError};
use crate::graphql::loader::Reviews;
use crate::graphql::types::ReviewType;
use crate::graphql::{community, key};

/// A review to write.
#[derive(InputObject)]
struct SaveReviewInput {
    /// The book.
    book_id: ID,
    /// Half stars, 1 to 10.
    half_stars: Option<i32>,
    /// At most 10,000 characters of Markdown.
    text: Option<String>,
    /// Whether it gives away what happens.
    #[graphql(default)]
    spoiler: bool,
}

/// A review to delete.
#[derive(InputObject)]
struct DeleteReviewInput {
    /// The book.
    book_id: ID,
}

/// What `saveReview` did.
#[derive(SimpleObject)]
struct SaveReviewPayload {
    /// The review; null when refused.
    review: Option<ReviewType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<SaveReviewError>,
}

/// What `deleteReview` did.
#[derive(SimpleObject)]
struct DeleteReviewPayload {
    /// The review that is gone; null when refused.
    deleted_id: Option<ID>,
    /// Why it was refused; empty when it was not.
    errors: Vec<DeleteReviewError>,
}

#[derive(Default)]
pub(super) struct ReviewMutation;

#[Object]
impl ReviewMutation {
    /// Writes the viewer's review of a book, a rating, a text or both; the one that is there is replaced. Needs `reviews:write`.
    async fn save_review(
        &self,
        context: &Context<'_>,
        input: SaveReviewInput,
    ) -> Result<SaveReviewPayload> {
        let said = Said {
            book: key(&input.book_id),
            half_stars: input.half_stars,
            text: input.text,
            spoiler: input.spoiler,
        };
        let outcome = reviews::save(context.command(), community(context), said).await;
        let (review, errors) = settle(context, outcome, SaveReviewError::new)?;
        let review = read_back!(context, Reviews, review).map(ReviewType);
        Ok(SaveReviewPayload { review, errors })
    }

    /// Deletes the viewer's review of a book. Needs `reviews:write`.
    async fn delete_review(
        &self,
        context: &Context<'_>,
        input: DeleteReviewInput,
    ) -> Result<DeleteReviewPayload> {
        let book = key(&input.book_id);
        let outcome = reviews::delete(context.command(), community(context), book).await;
        let (deleted, errors) = settle(context, outcome, DeleteReviewError::new)?;
        Ok(DeleteReviewPayload {
            deleted_id: deleted.map(ID::from),
            errors,
        })
    }
}
