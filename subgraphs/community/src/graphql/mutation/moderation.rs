//! Reports, decisions, appeals.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{Outcome, RequestExt as _, settle};
use uuid::Uuid;

use super::read_back;
use crate::commands::{moderation, reports};
use crate::error::{ModerationError, ModerationErrorCode, ReportContentError};
use crate::graphql::loader::Cases;
use crate::graphql::types::CaseType;
use crate::graphql::{community, key};
use crate::model::moderation::Verdict;
use crate::model::{ContentKind, ReportReason};

/// A report.
#[derive(InputObject)]
struct ReportContentInput {
    /// What kind of content.
    kind: ContentKind,
    /// Which one; the opening post stands for its topic.
    content_id: ID,
    /// Why.
    reason: ReportReason,
    /// At most 2,000 characters; needed where the reason is `OTHER`.
    note: Option<String>,
}

/// A decision.
#[derive(InputObject)]
struct DecideCaseInput {
    /// The case.
    case_id: ID,
    /// What becomes of the content.
    verdict: Verdict,
    /// Why it is removed.
    reason: Option<ReportReason>,
    /// What the author is told, at most 2,000 characters.
    note: Option<String>,
}

/// An appeal.
#[derive(InputObject)]
struct AppealCaseInput {
    /// The case.
    case_id: ID,
    /// What speaks against the decision, at most 2,000 characters.
    text: String,
}

/// The decision of an appeal.
#[derive(InputObject)]
struct DecideAppealInput {
    /// The case.
    case_id: ID,
    /// Whether the removal stands; the content comes back when it does not.
    uphold: bool,
    /// For the log, at most 2,000 characters.
    note: Option<String>,
}

/// What `reportContent` did.
#[derive(SimpleObject)]
struct ReportContentPayload {
    /// Whether the report was taken.
    reported: bool,
    /// Why it was refused; empty when it was not.
    errors: Vec<ReportContentError>,
}

/// What became of a case.
#[derive(SimpleObject)]
struct ModerationPayload {
    /// The case; null when refused.
    case: Option<CaseType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ModerationError>,
}

async fn payload(
    context: &Context<'_>,
    outcome: Outcome<Uuid, ModerationErrorCode>,
) -> Result<ModerationPayload> {
    let (case, errors) = settle(context, outcome, ModerationError::new)?;
    let case = read_back!(context, Cases, case).map(CaseType);
    Ok(ModerationPayload { case, errors })
}

#[derive(Default)]
pub(super) struct ModerationMutation;

#[Object]
impl ModerationMutation {
    /// Reports a content to the moderators. Needs `community:participate`.
    async fn report_content(
        &self,
        context: &Context<'_>,
        input: ReportContentInput,
    ) -> Result<ReportContentPayload> {
        let what = (input.kind, key(&input.content_id));
        let (command, community) = (context.command(), community(context));
        let outcome = reports::report(command, community, what, input.reason, input.note).await;
        let (reported, errors) = settle(context, outcome, ReportContentError::new)?;
        Ok(ReportContentPayload {
            reported: reported.is_some(),
            errors,
        })
    }

    /// Decides a case. Needs `community:moderate`.
    async fn decide_case(
        &self,
        context: &Context<'_>,
        input: DecideCaseInput,
    ) -> Result<ModerationPayload> {
        let (command, community) = (context.command(), community(context));
        let (case, note) = (key(&input.case_id), input.note.as_deref());
        let outcome =
            moderation::decide(command, community, case, input.verdict, input.reason, note).await;
        payload(context, outcome).await
    }

    /// Appeals against the removal of something that the viewer wrote, once and within thirty days.
    async fn appeal_case(
        &self,
        context: &Context<'_>,
        input: AppealCaseInput,
    ) -> Result<ModerationPayload> {
        let (command, community) = (context.command(), community(context));
        let case = key(&input.case_id);
        let outcome = moderation::appeal(command, community, case, &input.text).await;
        payload(context, outcome).await
    }

    /// Decides an appeal against another moderator's decision. Needs `community:moderate`.
    async fn decide_appeal(
        &self,
        context: &Context<'_>,
        input: DecideAppealInput,
    ) -> Result<ModerationPayload> {
        let (command, community) = (context.command(), community(context));
        let (case, note) = (key(&input.case_id), input.note.as_deref());
        let outcome = moderation::decide_appeal(command, community, case, input.uphold, note).await;
        payload(context, outcome).await
    }
}
