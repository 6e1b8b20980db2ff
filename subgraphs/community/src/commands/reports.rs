//! Reports: someone says that a content should not stand, and enough of them hide it until a moderator has looked.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::community::ContentReported;
use coko_core::graphql::{Failure, Outcome};
use coko_core::{outbox, text};
use diesel::QueryResult;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Community, club_of, participant, sees, sight, writer};
use crate::error::ReportContentErrorCode as Code;
use crate::model::moderation::NOTE;
use crate::model::{
    Case, CaseStatus, Club, ContentKind, ContentStatus, LogEntry, Post, Report, ReportReason,
    Review, Seen, Topic,
};
use crate::store;

/// A content that can be moderated, locked.
#[expect(
    clippy::large_enum_variant,
    reason = "a mutation holds one, and not for long"
)]
pub(super) enum Content {
    /// A post in its topic, which is locked first.
    Post(Topic, Post),
    /// A review.
    Review(Review),
}

impl Content {
    /// The content, locked until the transaction ends.
    pub(super) async fn lock(
        connection: &mut Connection,
        (kind, id): (ContentKind, Uuid),
    ) -> QueryResult<Option<Self>> {
        match kind {
            ContentKind::Review => Ok(store::reviews::lock(connection, id)
                .await?
                .map(Self::Review)),
            ContentKind::Post => {
                let Some(known) = store::posts::by_ids(connection, &[id]).await?.pop() else {
                    return Ok(None);
                };
                let topic = store::topics::lock(connection, known.topic_id).await?;
                let post = store::posts::lock(connection, id).await?;
                Ok(topic.zip(post).map(|(topic, post)| Self::Post(topic, post)))
            }
        }
    }

    pub(super) fn author(&self) -> Uuid {
        match self {
            Self::Post(_, post) => post.author_id,
            Self::Review(review) => review.user_id,
        }
    }

    pub(super) fn status(&self) -> ContentStatus {
        match self {
            Self::Post(_, post) => post.status,
            Self::Review(review) => review.status,
        }
    }

    /// Gives it, and the topic that it opens, another state.
    pub(super) async fn set_status(
        &mut self,
        connection: &mut Connection,
        status: ContentStatus,
    ) -> QueryResult<()> {
        match self {
            Self::Review(review) => {
                review.status = status;
                store::reviews::update(connection, review.id, review).await
            }
            Self::Post(topic, post) => {
                post.status = status;
                store::posts::update(connection, post).await?;
                if post.opens() && topic.status != ContentStatus::Deleted {
                    topic.status = status;
                    store::topics::update(connection, topic).await?;
                }
                Ok(())
            }
        }
    }

    async fn is_seen(
        &self,
        connection: &mut Connection,
        context: &CommandContext,
    ) -> QueryResult<bool> {
        match self {
            Self::Review(review) => {
                let authors = [review.user_id];
                let sight = sight(connection, &context.viewer, &authors, &[], &[]).await?;
                Ok(sight.of(review.written()) == Seen::Whole)
            }
            Self::Post(topic, post) => {
                let club = club_of(connection, topic).await?;
                let closed = club.as_ref().is_some_and(Club::is_closed);
                sees(connection, context, topic, &[post.written(topic, closed)]).await
            }
        }
    }
}

/// Reports a content. Reporting the same one again while its case is open changes nothing.
///
/// # Errors
/// Refusals of the input; `UNAUTHENTICATED`, `FORBIDDEN`, `RATE_LIMITED`.
pub(crate) async fn report(
    context: &CommandContext,
    community: &Community,
    what: (ContentKind, Uuid),
    reason: ReportReason,
    note: Option<String>,
) -> Outcome<(), Code> {
    let user = participant(context)?;
    community
        .throttle("reports", user, community.config.limits.reports)
        .await?;
    let note = note.filter(|note| !note.trim().is_empty());
    if note.is_none() && reason == ReportReason::Other {
        return Err(Failure::field(Code::NoteInvalid, "note"));
    }
    let note = note
        .map(|note| text::block(&note, NOTE))
        .transpose()
        .map_err(|_| Failure::field(Code::NoteInvalid, "note"))?;
    let hide_at = community.config.moderation.hide_at;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let not_found = || Failure::field(Code::NotFound, "contentId");
            let mut content = Content::lock(connection, what)
                .await?
                .ok_or_else(not_found)?;
            // Whether it is still there tells nothing to those who do not see it.
            if !content.is_seen(connection, context).await? {
                return Err(not_found());
            }
            if content.author() == user {
                return Err(Failure::whole(Code::Yours));
            }
            if ![ContentStatus::Published, ContentStatus::Hidden].contains(&content.status()) {
                return Err(not_found());
            }
            let (kind, id) = what;
            let open = store::cases::lock_open(connection, kind, id).await?;
            let mut case = match open {
                Some(case) => case,
                None => {
                    let case = Case::opened(context.id(), what, content.author(), context.now);
                    store::cases::insert(connection, &case).await?;
                    case
                }
            };
            let member = writer(connection, context, user).await?;
            let report = Report {
                id: context.id(),
                case_id: case.id,
                reporter_id: user,
                reason,
                note: note.clone(),
                weight: member.report_weight(context.now),
                created_at: context.now,
            };
            if !store::cases::report(connection, &report).await? {
                return Ok(());
            }
            let hidden = case.add(report.weight, hide_at)
                && case.status == CaseStatus::Open
                && content.status() == ContentStatus::Published;
            store::cases::update(connection, &case).await?;
            if hidden {
                content
                    .set_status(connection, ContentStatus::Hidden)
                    .await?;
                let entry = LogEntry {
                    id: context.id(),
                    at: context.now,
                    moderator_id: None,
                    action: "content.hidden".to_owned(),
                    subject_kind: kind.as_str().to_owned(),
                    subject_id: id,
                    case_id: Some(case.id),
                    reason: Some(reason),
                    note: None,
                    address: None,
                    request_id: context.request_id.clone(),
                };
                store::cases::log(connection, &entry).await?;
                metrics::counter!("community_hidden_total").increment(1);
            }
            let event = ContentReported {
                case_id: case.id,
                kind: kind.as_str().to_owned(),
                content_id: id,
                author_id: content.author(),
                reason: reason.as_str().to_owned(),
                hidden,
                at: context.now,
            };
            // Who reported is nobody's business but the moderators'.
            let anonymous = CommandContext {
                viewer: coko_core::identity::Viewer::system().into(),
                ..context.clone()
            };
            outbox::enqueue(connection, &anonymous, &event).await?;
            metrics::counter!("community_reports_total", "reason" => reason.as_str()).increment(1);
            Ok::<_, Failure<Code>>(())
        })
        .await
}
