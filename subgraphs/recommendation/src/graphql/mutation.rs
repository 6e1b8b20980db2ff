//! Root mutations. Each answers with the new state, or with the reasons for which it refused.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use uuid::Uuid;

use super::types::CategoryType;
use super::{advisor, key};
use crate::commands::feedback;
use crate::error::{RecordFeedbackError, SetInterestsError};
use crate::model::Signal;

/// What is said of one book.
#[derive(InputObject)]
struct FeedbackInput {
    /// The book.
    book_id: ID,
    /// What is said of it.
    kind: Signal,
}

/// What the viewer says of recommendations.
#[derive(InputObject)]
struct RecordFeedbackInput {
    /// 1 to 100 signals, in their order.
    signals: Vec<FeedbackInput>,
}

/// What the viewer likes.
#[derive(InputObject)]
struct SetInterestsInput {
    /// At most 50 categories, which replace those before.
    category_ids: Vec<ID>,
}

/// What `recordFeedback` did.
#[derive(SimpleObject)]
struct RecordFeedbackPayload {
    /// How many signals were taken in; 0 when refused.
    recorded: i32,
    /// Why it was refused; empty when it was not.
    errors: Vec<RecordFeedbackError>,
}

/// What `setInterests` did.
#[derive(SimpleObject)]
struct SetInterestsPayload {
    /// The new state; null when refused.
    interests: Option<Vec<CategoryType>>,
    /// Why it was refused; empty when it was not.
    errors: Vec<SetInterestsError>,
}

/// Root mutations of recommendation.
pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Says what the viewer thinks of recommended books, or that they were shown. It shows in the next answer; sent again, it
    /// changes nothing.
    async fn record_feedback(
        &self,
        context: &Context<'_>,
        input: RecordFeedbackInput,
    ) -> Result<RecordFeedbackPayload> {
        let signals: Vec<(Uuid, Signal)> = input
            .signals
            .iter()
            .map(|signal| (key(&signal.book_id), signal.kind))
            .collect();
        let outcome = feedback::record(context.command(), advisor(context), &signals).await;
        let (recorded, errors) = settle(context, outcome, RecordFeedbackError::new)?;
        Ok(RecordFeedbackPayload {
            recorded: i32::try_from(recorded.unwrap_or_default()).unwrap_or(i32::MAX),
            errors,
        })
    }

    /// Says which categories the viewer likes, so that the first recommendations fit.
    async fn set_interests(
        &self,
        context: &Context<'_>,
        input: SetInterestsInput,
    ) -> Result<SetInterestsPayload> {
        let categories = input.category_ids.iter().map(|id| id.parse().ok());
        let categories: Vec<Option<Uuid>> = categories.collect();
        let outcome =
            feedback::set_interests(context.command(), advisor(context), categories).await;
        let (interests, errors) = settle(context, outcome, SetInterestsError::new)?;
        Ok(SetInterestsPayload {
            interests: interests.map(|ids| ids.into_iter().map(CategoryType::reference).collect()),
            errors,
        })
    }
}
