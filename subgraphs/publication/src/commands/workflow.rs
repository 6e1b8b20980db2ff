//! The steps of manuscripts on their way to readers.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::publication::{ManuscriptSubmitted, PublicationWithdrawn};
use coko_core::graphql::{Failure, Outcome, Refusal};
use coko_core::text::{self, TextError};
use coko_core::{Error, Result, outbox};
use diesel::QueryResult;
use diesel_async::AsyncConnection as _;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Publishing, is_staff, reviews, schedule};
use crate::error::ManuscriptStepErrorCode as Code;
use crate::model::manuscript::can_be_scheduled;
use crate::model::note::MAX_BODY;
use crate::model::workflow::Actor;
use crate::model::{FileStatus, Manuscript, MemberRole, Note, Step, Version};
use crate::store;

/// A step that somebody wants to take.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) manuscript: Uuid,
    pub(crate) step: Step,
    pub(crate) comment: Option<String>,
    /// When to publish, of a schedule; at once when there is none.
    pub(crate) publish_at: Option<OffsetDateTime>,
}

/// Takes a step; returns the manuscript as it is then.
///
/// # Errors
/// Refusals of the state and the input; `FORBIDDEN` for whoever sees the manuscript and may not take this step.
pub(crate) async fn take(
    context: &CommandContext,
    publishing: &Publishing,
    wanted: Wanted,
) -> Outcome<Uuid, Code> {
    let user = context.viewer.require_user()?;
    let step = wanted.step;
    let comment = checked_comment(step, wanted.comment.as_deref())?;
    let publish_at = match step {
        Step::Schedule => {
            let at = wanted.publish_at.unwrap_or(context.now);
            if !can_be_scheduled(at, context.now) {
                return Err(Failure::field(Code::InvalidDate, "publishAt"));
            }
            Some(at)
        }
        _ => None,
    };
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let found = store::manuscripts::lock(connection, wanted.manuscript).await?;
            let mut manuscript =
                found.ok_or_else(|| Failure::field(Code::NotFound, "manuscriptId"))?;
            authorize(connection, context, user, &manuscript, step).await?;
            if !manuscript.permits(step) {
                return Err(Failure::field(Code::IllegalTransition, "manuscriptId"));
            }
            if step == Step::Submit {
                let version = submittable(connection, &manuscript).await?;
                submitted(connection, context, user, &manuscript, &version).await?;
            }
            manuscript.take(step, publish_at, context.now);
            if step == Step::Withdraw {
                withdrawn(connection, context, &manuscript, comment.clone()).await?;
            }
            let note = Note {
                id: context.id(),
                manuscript_id: manuscript.id,
                author_id: Some(user),
                status: Some(manuscript.status),
                body: comment,
                at: context.now,
            };
            store::notes::insert(connection, &note).await?;
            if publish_at.is_some_and(|at| at <= context.now) {
                schedule::publish(connection, context, &mut manuscript).await?;
            } else {
                store::manuscripts::update(connection, &manuscript).await?;
            }
            metrics::counter!("publication_steps_total", "status" => manuscript.status.as_str())
                .increment(1);
            Ok(manuscript.id)
        })
        .await
}

fn checked_comment(step: Step, comment: Option<&str>) -> Result<Option<String>, Failure<Code>> {
    let comment = match comment.map(|comment| text::block(comment, MAX_BODY)) {
        None | Some(Err(TextError::Empty)) => None,
        Some(Ok(comment)) => Some(comment),
        Some(Err(TextError::TooLong { max })) => {
            let refusal = Refusal::beyond(Code::TooLong, "comment", max);
            return Err(Failure::Refused(vec![refusal]));
        }
        Some(Err(TextError::Control)) => {
            return Err(Failure::field(Code::ControlCharacters, "comment"));
        }
    };
    if comment.is_none() && step.needs_comment() {
        return Err(Failure::field(Code::CommentRequired, "comment"));
    }
    Ok(comment)
}

/// Whether whoever asks may take the step; what they may not see does not exist for them.
async fn authorize(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
    manuscript: &Manuscript,
    step: Step,
) -> Result<(), Failure<Code>> {
    let viewer = &context.viewer;
    let member = store::organizations::role(connection, manuscript.organization_id, user).await?;
    let role = member.filter(|_| viewer.can("books", "publish"));
    let reviews = reviews(viewer) && manuscript.status.is_reviewable();
    if role.is_none() && !reviews {
        return Err(Failure::field(Code::NotFound, "manuscriptId"));
    }
    let writes = role.is_some_and(MemberRole::writes);
    let permitted = match step.actor() {
        Actor::Member => writes,
        Actor::MemberOrStaff => writes || is_staff(viewer),
        Actor::Reviewer if reviews => {
            if is_own(connection, user, member, manuscript).await? {
                return Err(Failure::field(Code::OwnWork, "manuscriptId"));
            }
            true
        }
        Actor::Reviewer | Actor::Clock => false,
    };
    if permitted {
        Ok(())
    } else {
        Err(Error::forbidden().into())
    }
}

/// Whether somebody has a part in a manuscript: as a member, as who began it and left since, or by a contract with them or an
/// organisation of theirs.
async fn is_own(
    connection: &mut Connection,
    user: Uuid,
    member: Option<MemberRole>,
    manuscript: &Manuscript,
) -> QueryResult<bool> {
    if member.is_some() || manuscript.created_by == user {
        return Ok(true);
    }
    let contracts = store::contracts::of_manuscripts(connection, &[manuscript.id]).await?;
    let ids: Vec<Uuid> = contracts.iter().map(|contract| contract.id).collect();
    let parties = store::contracts::parties(connection, &ids).await?;
    let payees: Vec<Uuid> = parties.iter().map(|party| party.payee_id).collect();
    let theirs = store::organizations::roles(connection, &payees, user).await?;
    Ok(payees.contains(&user) || !theirs.is_empty())
}

/// The newest version of a manuscript that can be submitted.
async fn submittable(
    connection: &mut Connection,
    manuscript: &Manuscript,
) -> Result<Version, Failure<Code>> {
    let missing = manuscript.details().missing();
    if !missing.is_empty() {
        let missing = missing.into_iter();
        let refusals = missing.map(|field| Refusal::field(Code::Incomplete, field));
        return Err(Failure::Refused(refusals.collect()));
    }
    let newest = store::versions::latest(connection, &[manuscript.id]).await?;
    let version = newest.into_iter().next();
    let version = version.ok_or_else(|| Failure::field(Code::NoVersion, "manuscriptId"))?;
    let files = store::files::by_ids(connection, &[version.file_id]).await?;
    match files.first() {
        Some(file) if file.status == FileStatus::Ready && !file.has_errors() => Ok(version),
        Some(file) if file.status == FileStatus::Ready => {
            Err(Failure::field(Code::FileHasErrors, "manuscriptId"))
        }
        _ => Err(Failure::field(Code::FileRejected, "manuscriptId")),
    }
}

async fn submitted(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
    manuscript: &Manuscript,
    version: &Version,
) -> Result<()> {
    let event = ManuscriptSubmitted {
        manuscript_id: manuscript.id,
        organization_id: manuscript.organization_id,
        submitted_by: user,
        title: manuscript.title.clone(),
        version: version.number,
        submitted_at: context.now,
    };
    outbox::enqueue(connection, context, &event).await?;
    Ok(())
}

async fn withdrawn(
    connection: &mut Connection,
    context: &CommandContext,
    manuscript: &Manuscript,
    reason: Option<String>,
) -> Result<()> {
    let event = PublicationWithdrawn {
        publication_id: manuscript.id,
        book_id: manuscript.book_id,
        revision: manuscript.revision,
        reason,
        withdrawn_at: context.now,
    };
    outbox::enqueue(connection, context, &event).await?;
    Ok(())
}
