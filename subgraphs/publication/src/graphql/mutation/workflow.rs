//! The steps of manuscripts on their way to readers.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use time::OffsetDateTime;

use super::read_back;
use crate::commands::workflow::{self, Wanted};
use crate::error::ManuscriptStepError;
use crate::graphql::types::ManuscriptType;
use crate::graphql::{key, publishing};
use crate::model::{ManuscriptStatus, Step};

/// A step to take.
#[derive(InputObject)]
struct ManuscriptStepInput {
    /// The manuscript.
    manuscript_id: ID,
    /// What is to be said with it, at most 5,000 characters.
    comment: Option<String>,
}

/// A publication to schedule.
#[derive(InputObject)]
struct SchedulePublicationInput {
    /// The manuscript.
    manuscript_id: ID,
    /// When, at most two years ahead; at once when it is left out.
    publish_at: Option<OffsetDateTime>,
    /// What is to be said with it, at most 5,000 characters.
    comment: Option<String>,
}

/// What a step did.
#[derive(SimpleObject)]
struct ManuscriptStepPayload {
    /// The manuscript as it is now, also when the step was refused; null where the viewer may not see it.
    manuscript: Option<ManuscriptType>,
    /// The states that may come next.
    allowed: Vec<ManuscriptStatus>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ManuscriptStepError>,
}

/// Takes a step and reads the manuscript back.
async fn take(
    context: &Context<'_>,
    step: Step,
    manuscript: &ID,
    comment: Option<String>,
    publish_at: Option<OffsetDateTime>,
) -> Result<ManuscriptStepPayload> {
    let manuscript = key(manuscript);
    let wanted = Wanted {
        manuscript,
        step,
        comment,
        publish_at,
    };
    let outcome = workflow::take(context.command(), publishing(context), wanted).await;
    let (_, errors) = settle(context, outcome, ManuscriptStepError::new)?;
    let manuscript = read_back(context, Some(manuscript)).await?;
    let allowed = manuscript.as_ref().map(|found| found.0.status.allowed());
    Ok(ManuscriptStepPayload {
        allowed: allowed.unwrap_or_default(),
        manuscript,
        errors,
    })
}

#[derive(Default)]
pub(super) struct WorkflowMutation;

#[Object]
impl WorkflowMutation {
    /// Has a draft, or a manuscript that was changed as requested, reviewed. It needs a description, authors, a price and a version
    /// whose file has no errors. Needs `books:publish`.
    async fn submit_manuscript(
        &self,
        context: &Context<'_>,
        input: ManuscriptStepInput,
    ) -> Result<ManuscriptStepPayload> {
        let id = &input.manuscript_id;
        take(context, Step::Submit, id, input.comment, None).await
    }

    /// Takes a submitted manuscript back before anyone reviews it. Needs `books:publish`.
    async fn recall_manuscript(
        &self,
        context: &Context<'_>,
        input: ManuscriptStepInput,
    ) -> Result<ManuscriptStepPayload> {
        let id = &input.manuscript_id;
        take(context, Step::Recall, id, input.comment, None).await
    }

    /// Begins to review a submitted manuscript of somebody else's. Needs `books:update`.
    async fn start_manuscript_review(
        &self,
        context: &Context<'_>,
        input: ManuscriptStepInput,
    ) -> Result<ManuscriptStepPayload> {
        let id = &input.manuscript_id;
        take(context, Step::StartReview, id, input.comment, None).await
    }

    /// Asks for changes of a manuscript in review; the comment says which. Needs `books:update`.
    async fn request_manuscript_changes(
        &self,
        context: &Context<'_>,
        input: ManuscriptStepInput,
    ) -> Result<ManuscriptStepPayload> {
        let id = &input.manuscript_id;
        take(context, Step::RequestChanges, id, input.comment, None).await
    }

    /// Permits a manuscript in review to be published. Needs `books:update`.
    async fn approve_manuscript(
        &self,
        context: &Context<'_>,
        input: ManuscriptStepInput,
    ) -> Result<ManuscriptStepPayload> {
        let id = &input.manuscript_id;
        take(context, Step::Approve, id, input.comment, None).await
    }

    /// Has an approved manuscript published at a moment, or at once. Needs `books:publish`.
    async fn schedule_publication(
        &self,
        context: &Context<'_>,
        input: SchedulePublicationInput,
    ) -> Result<ManuscriptStepPayload> {
        let id = &input.manuscript_id;
        take(context, Step::Schedule, id, input.comment, input.publish_at).await
    }

    /// Calls a scheduled publication off; the manuscript stays approved. Needs `books:publish`.
    async fn unschedule_publication(
        &self,
        context: &Context<'_>,
        input: ManuscriptStepInput,
    ) -> Result<ManuscriptStepPayload> {
        let id = &input.manuscript_id;
        take(context, Step::Unschedule, id, input.comment, None).await
    }

    /// Takes a published work off the shelf; those who have it keep it. Needs `books:publish`, or `books:manage` for any.
    async fn withdraw_publication(
        &self,
        context: &Context<'_>,
        input: ManuscriptStepInput,
    ) -> Result<ManuscriptStepPayload> {
        let id = &input.manuscript_id;
        take(context, Step::Withdraw, id, input.comment, None).await
    }

    /// Makes a withdrawn work a draft again, for another edition of the same book. Needs `books:publish`.
    async fn reopen_manuscript(
        &self,
        context: &Context<'_>,
        input: ManuscriptStepInput,
    ) -> Result<ManuscriptStepPayload> {
        let id = &input.manuscript_id;
        take(context, Step::Reopen, id, input.comment, None).await
    }
}
