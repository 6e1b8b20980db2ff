//! Cases decided, decisions appealed, appeals decided. Every decision is logged with who made it.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::community::{ContentAppealed, ContentModerated};
use coko_core::graphql::{Failure, Outcome};
use coko_core::{Error, Result, outbox, text};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::reports::Content;
use super::{Community, moderator, reviews};
use crate::error::ModerationErrorCode as Code;
use crate::model::moderation::{NOTE, Unfit, Verdict};
use crate::model::review::Counted;
use crate::model::{Case, CaseStatus, ContentStatus, LogEntry, ReportReason};
use crate::store;

fn unfit(unfit: Unfit) -> Failure<Code> {
    Failure::whole(match unfit {
        Unfit::NotOpen => Code::NotOpen,
        Unfit::Own => Code::Own,
        Unfit::OwnDecision => Code::OwnDecision,
    })
}

fn noted(note: Option<&str>) -> Outcome<Option<String>, Code> {
    note.filter(|note| !note.trim().is_empty())
        .map(|note| text::block(note, NOTE))
        .transpose()
        .map_err(|_| Failure::field(Code::NoteInvalid, "note"))
}

/// The case with its content, both locked: the content first.
async fn lock(connection: &mut Connection, case: Uuid) -> Outcome<(Case, Content), Code> {
    let not_found = || Failure::field(Code::NotFound, "caseId");
    let known = store::cases::by_ids(connection, &[case]).await?.pop();
    let known = known.ok_or_else(not_found)?;
    let content = Content::lock(connection, (known.kind, known.content_id)).await?;
    let case = store::cases::lock(connection, case).await?;
    case.zip(content).ok_or_else(not_found)
}

/// Decides an open case. Needs `community:moderate`.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED`, `FORBIDDEN`.
pub(crate) async fn decide(
    context: &CommandContext,
    community: &Community,
    case: Uuid,
    verdict: Verdict,
    reason: Option<ReportReason>,
    note: Option<&str>,
) -> Outcome<Uuid, Code> {
    let user = moderator(context)?;
    let note = noted(note)?;
    if verdict == Verdict::Remove && reason.is_none() {
        return Err(Failure::field(Code::ReasonMissing, "reason"));
    }
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let (mut case, mut content) = lock(connection, case).await?;
            case.decidable(user).map_err(unfit)?;
            store::cases::lock_people(connection, case.id, case.author_id).await?;
            let reason = reason.filter(|_| verdict == Verdict::Remove);
            case.status = match verdict {
                Verdict::Keep => CaseStatus::Kept,
                Verdict::Remove => CaseStatus::Removed,
            };
            case.moderator_id = Some(user);
            case.decided_at = Some(context.now);
            case.reason = reason;
            case.note.clone_from(&note);
            store::cases::update(connection, &case).await?;
            match verdict {
                Verdict::Keep => {
                    if content.status() == ContentStatus::Hidden {
                        content
                            .set_status(connection, ContentStatus::Published)
                            .await?;
                    }
                    store::cases::credit_reporters(connection, case.id, 0, 1).await?;
                }
                Verdict::Remove => {
                    remove(connection, context, &mut content).await?;
                    store::cases::credit_reporters(connection, case.id, 1, 0).await?;
                    store::cases::charge_author(connection, case.author_id, 1).await?;
                }
            }
            tell(
                connection,
                context,
                (user, "case.decided"),
                &case,
                note.clone(),
            )
            .await?;
            Ok::<_, Failure<Code>>(case.id)
        })
        .await
}

/// Appeals, as the author, against a removal.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED`, `RATE_LIMITED`.
pub(crate) async fn appeal(
    context: &CommandContext,
    community: &Community,
    case: Uuid,
    why: &str,
) -> Outcome<Uuid, Code> {
    let user = context.viewer.require_user()?;
    context.viewer.require("community", "participate")?;
    community
        .throttle("reports", user, community.config.limits.reports)
        .await?;
    let why = text::block(why, NOTE).map_err(|_| Failure::field(Code::NoteInvalid, "text"))?;
    let days = community.config.moderation.appeal_days;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let (mut case, content) = lock(connection, case).await?;
            if case.author_id != user {
                return Err(Failure::field(Code::NotFound, "caseId"));
            }
            let gone = content.status() != ContentStatus::Removed;
            if gone || !case.appealable(context.now, days) {
                return Err(Failure::whole(Code::NotAppealable));
            }
            case.status = CaseStatus::Appealed;
            case.appeal = Some(why.clone());
            case.appealed_at = Some(context.now);
            store::cases::update(connection, &case).await?;
            let event = ContentAppealed {
                case_id: case.id,
                kind: case.kind.as_str().to_owned(),
                content_id: case.content_id,
                author_id: case.author_id,
                at: context.now,
            };
            outbox::enqueue(connection, context, &event).await?;
            metrics::counter!("community_appeals_total").increment(1);
            Ok::<_, Failure<Code>>(case.id)
        })
        .await
}

/// Decides an appeal: `uphold` leaves the removal as it is. Needs `community:moderate`, and another moderator than the first.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED`, `FORBIDDEN`.
pub(crate) async fn decide_appeal(
    context: &CommandContext,
    community: &Community,
    case: Uuid,
    uphold: bool,
    note: Option<&str>,
) -> Outcome<Uuid, Code> {
    let user = moderator(context)?;
    let note = noted(note)?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let (mut case, mut content) = lock(connection, case).await?;
            case.appeal_decidable(user).map_err(unfit)?;
            store::cases::lock_people(connection, case.id, case.author_id).await?;
            case.status = if uphold {
                CaseStatus::Upheld
            } else {
                CaseStatus::Overturned
            };
            case.appeal_moderator_id = Some(user);
            case.appeal_decided_at = Some(context.now);
            if !uphold {
                restore(connection, context, &mut case, &mut content).await?;
                store::cases::credit_reporters(connection, case.id, -1, 1).await?;
                store::cases::charge_author(connection, case.author_id, -1).await?;
            }
            store::cases::update(connection, &case).await?;
            tell(
                connection,
                context,
                (user, "appeal.decided"),
                &case,
                note.clone(),
            )
            .await?;
            Ok::<_, Failure<Code>>(case.id)
        })
        .await
}

/// Takes a content out of everyone's sight, unless its author did already.
async fn remove(
    connection: &mut Connection,
    context: &CommandContext,
    content: &mut Content,
) -> Result<()> {
    if content.status() == ContentStatus::Deleted {
        return Ok(());
    }
    let before = counted(content);
    content
        .set_status(connection, ContentStatus::Removed)
        .await?;
    if let Content::Review(review) = content {
        let changes = before.difference(review.counted());
        store::reviews::count(connection, review.book_id, &changes).await?;
        reviews::announce_removed(connection, context, review).await?;
    }
    Ok(())
}

/// Brings a removed content back, unless its author deleted it meanwhile.
async fn restore(
    connection: &mut Connection,
    context: &CommandContext,
    case: &mut Case,
    content: &mut Content,
) -> Result<()> {
    if content.status() != ContentStatus::Removed {
        return Ok(());
    }
    let before = counted(content);
    let Content::Review(review) = content else {
        content
            .set_status(connection, ContentStatus::Published)
            .await?;
        return Ok(());
    };
    // A removal is final for whoever heard of it, so that what comes late does no harm: what comes back is another review.
    let gone = review.id;
    review.id = context.id();
    review.status = ContentStatus::Published;
    review.updated_at = context.now;
    store::reviews::update(connection, gone, review).await?;
    case.content_id = review.id;
    let changes = before.difference(review.counted());
    store::reviews::count(connection, review.book_id, &changes).await?;
    reviews::announce_posted(connection, context, review).await
}

fn counted(content: &Content) -> Counted {
    match content {
        Content::Review(review) => review.counted(),
        Content::Post(..) => Counted::default(),
    }
}

/// Logs a decision, and tells it to other domains.
async fn tell(
    connection: &mut Connection,
    context: &CommandContext,
    (moderator, action): (Uuid, &str),
    case: &Case,
    note: Option<String>,
) -> Result<(), Error> {
    let entry = LogEntry {
        id: context.id(),
        at: context.now,
        moderator_id: Some(moderator),
        action: format!("{action}.{}", case.status.as_str().to_ascii_lowercase()),
        subject_kind: case.kind.as_str().to_owned(),
        subject_id: case.content_id,
        case_id: Some(case.id),
        reason: case.reason,
        note,
        address: context.address.map(|address| address.to_string()),
        request_id: context.request_id.clone(),
    };
    store::cases::log(connection, &entry).await?;
    let event = ContentModerated {
        case_id: case.id,
        kind: case.kind.as_str().to_owned(),
        content_id: case.content_id,
        author_id: case.author_id,
        decision: case.status.as_str().to_owned(),
        reason: case.reason.map(|reason| reason.as_str().to_owned()),
        at: context.now,
    };
    outbox::enqueue(connection, context, &event).await?;
    metrics::counter!("community_decisions_total", "decision" => case.status.as_str()).increment(1);
    Ok(())
}
