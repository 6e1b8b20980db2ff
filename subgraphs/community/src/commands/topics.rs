//! Topics: opened, renamed, closed and pinned.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome, Refusal, Refusals};
use coko_core::idempotency::{self, Claim};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use serde::Serialize;
use time::Duration;
use uuid::Uuid;

use super::posts::announce;
use super::{Community, allowance, club_of, may_write_in, moderator, participant, sees, writer};
use crate::error::{CreateTopicErrorCode as Code, text_refused};
use crate::model::sight::Written;
use crate::model::topic::{POST, TITLE, is_share, path};
use crate::model::{ContentStatus, LogEntry, Post, Topic, tag};
use crate::store;

/// A topic to open.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Opening {
    pub(crate) forum: Option<Uuid>,
    pub(crate) club: Option<Uuid>,
    pub(crate) book: Option<Uuid>,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) tags: Vec<String>,
    pub(crate) spoils_after: Option<f64>,
}

/// Names and addresses of tags, or why they are none.
fn tags(names: &[String]) -> Result<Vec<(String, String)>, Refusal<Code>> {
    // A list that is far too long is not looked at.
    if names.len() > 4 * tag::TAGS {
        return Err(Refusal::beyond(Code::TooManyTags, "tags", tag::TAGS));
    }
    tag::named(names).map_err(|error| match error {
        tag::Unnamed::TooMany => Refusal::beyond(Code::TooManyTags, "tags", tag::TAGS),
        tag::Unnamed::Invalid(position) => {
            Refusal::field(Code::TagInvalid, format!("tags.{position}"))
        }
    })
}

/// Opens a topic with its first post. A call that is repeated under its key returns the same topic.
///
/// # Errors
/// Refusals of the input; `UNAUTHENTICATED`, `FORBIDDEN`, `RATE_LIMITED`, `IDEMPOTENCY_MISMATCH`.
pub(crate) async fn open(
    context: &CommandContext,
    community: &Community,
    opening: Opening,
    key: &str,
) -> Outcome<Uuid, Code> {
    let user = participant(context)?;
    community
        .throttle("posts", user, community.config.limits.posts)
        .await?;
    let mut connection = community.pool.get().await?;
    let allowance = allowance(&mut connection, context, user).await?;
    let mut refusals = Refusals::default();
    let title = refusals.check(
        text::line(&opening.title, TITLE),
        Code::TitleInvalid,
        "title",
    );
    let prose = match community.prose(&opening.text, POST, allowance) {
        Ok(prose) => Some(prose),
        Err(error) => {
            refusals.push(text_refused(error, "text"));
            None
        }
    };
    let tags = match tags(&opening.tags) {
        Ok(tags) => tags,
        Err(refusal) => {
            refusals.push(refusal);
            Vec::new()
        }
    };
    if opening.spoils_after.is_some_and(|after| !is_share(after)) {
        refusals.add(Code::PositionInvalid, "spoilsAfter");
    }
    if opening.forum.is_some() == opening.club.is_some() {
        refusals.add(Code::PlaceAmbiguous, "forumId");
    }
    refusals.finish(())?;
    let (Some(title), Some(prose)) = (title, prose) else {
        return Err(Failure::whole(Code::TextInvalid));
    };
    connection
        .transaction(async |connection| {
            let id = context.id();
            let owner = context.viewer.key();
            let call = ("createTopic", &opening);
            match idempotency::claim(connection, &owner, key, call, id, context.now).await? {
                Claim::Seen(topic) => return Ok(topic),
                Claim::Fresh => {}
            }
            let book = place(connection, context, user, &opening).await?;
            let spoils_after = opening.spoils_after.unwrap_or(0.0);
            if spoils_after > 0.0 && book.is_none() {
                return Err(Failure::field(Code::PositionInvalid, "spoilsAfter"));
            }
            let post = Post {
                id: context.id(),
                topic_id: id,
                parent_id: None,
                author_id: user,
                path: path(None, 0),
                body: prose.source.clone(),
                body_html: prose.html.clone(),
                spoils_after,
                status: ContentStatus::Published,
                reply_count: 0,
                edited_at: None,
                created_at: context.now,
            };
            let topic = Topic {
                id,
                forum_id: opening.forum,
                club_id: opening.club,
                book_id: book,
                author_id: user,
                title: title.clone(),
                spoils_after,
                status: ContentStatus::Published,
                locked: false,
                pinned: false,
                post_count: 1,
                last_post_id: post.id,
                last_post_at: context.now,
                created_at: context.now,
            };
            store::topics::insert(connection, &topic).await?;
            store::posts::insert(connection, &post).await?;
            store::forums::set_tags(connection, id, &tags).await?;
            announce(connection, context, &topic, &post, None).await?;
            let mut member = writer(connection, context, user).await?;
            // Counted while the member is locked, so that two calls at once do not both fit. This one is among them.
            let most = member.trust(context.now).allowance().topics_a_day;
            let since = context.now - Duration::days(1);
            if store::topics::opened_since(connection, user, since, most + 1).await? > most {
                let refusal = Refusal {
                    code: Code::TooManyTopics,
                    field: None,
                    max: Some(most),
                };
                return Err(vec![refusal].into());
            }
            member.contribute(context.now);
            store::members::update(connection, &member).await?;
            metrics::counter!("community_posts_total", "kind" => "topic").increment(1);
            Ok::<_, Failure<Code>>(id)
        })
        .await
}

/// Checks that the viewer may open a topic in its forum or club; returns the book that it is about.
async fn place(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
    opening: &Opening,
) -> Outcome<Option<Uuid>, Code> {
    if let Some(forum) = opening.forum {
        let forums = store::forums::by_ids(connection, &[forum]).await?;
        if !forums.iter().any(|forum| !forum.archived) {
            return Err(Failure::field(Code::NotFound, "forumId"));
        }
        return Ok(opening.book);
    }
    let not_found = || Failure::field(Code::NotFound, "clubId");
    let club = opening.club.unwrap_or_default();
    let club = store::clubs::by_ids(connection, &[club]).await?.pop();
    let club = club.ok_or_else(not_found)?;
    if !may_write_in(connection, user, Some(&club)).await?
        || !super::reaches(connection, context, club.owner_id).await?
    {
        return Err(not_found());
    }
    Ok(opening.book.or(club.book_id))
}

/// Gives a topic of the viewer's, or with `community:moderate` anyone's, another title or other tags.
///
/// # Errors
/// Refusals of the input.
pub(crate) async fn edit(
    context: &CommandContext,
    community: &Community,
    topic: Uuid,
    title: Option<String>,
    names: Option<Vec<String>>,
) -> Outcome<Uuid, Code> {
    let user = participant(context)?;
    let moderates = super::moderates(&context.viewer);
    let mut refusals = Refusals::default();
    let title =
        title.map(|title| refusals.check(text::line(&title, TITLE), Code::TitleInvalid, "title"));
    let tags = names.map(|names| tags(&names)).transpose();
    let tags = tags.unwrap_or_else(|refusal| {
        refusals.push(refusal);
        None
    });
    refusals.finish(())?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let found = store::topics::lock(connection, topic).await?;
            let mine = |topic: &Topic| {
                topic.status == ContentStatus::Published
                    && (moderates || (topic.author_id == user && !topic.locked))
            };
            let mut found = found
                .filter(mine)
                .ok_or_else(|| Failure::field(Code::NotFound, "topicId"))?;
            if let Some(title) = title.clone().flatten() {
                found.title = title;
                store::topics::update(connection, &found).await?;
            }
            if let Some(tags) = &tags {
                store::forums::set_tags(connection, found.id, tags).await?;
            }
            if found.author_id != user {
                log(connection, context, user, "topic.edited", found.id).await?;
            }
            writer(connection, context, user).await?;
            Ok::<_, Failure<Code>>(found.id)
        })
        .await
}

/// Closes or opens, pins or unpins a topic. Needs `community:moderate`.
///
/// # Errors
/// A refusal for a topic that does not exist.
pub(crate) async fn keep(
    context: &CommandContext,
    community: &Community,
    topic: Uuid,
    (locked, pinned): (Option<bool>, Option<bool>),
) -> Outcome<Uuid, Code> {
    let user = moderator(context)?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut topic = store::topics::lock(connection, topic)
                .await?
                .ok_or_else(|| Failure::field(Code::NotFound, "topicId"))?;
            topic.locked = locked.unwrap_or(topic.locked);
            topic.pinned = pinned.unwrap_or(topic.pinned);
            store::topics::update(connection, &topic).await?;
            let action = match (topic.locked, topic.pinned) {
                (true, true) => "topic.locked-and-pinned",
                (true, false) => "topic.locked",
                (false, true) => "topic.pinned",
                (false, false) => "topic.released",
            };
            log(connection, context, user, action, topic.id).await?;
            Ok::<_, Failure<Code>>(topic.id)
        })
        .await
}

async fn log(
    connection: &mut Connection,
    context: &CommandContext,
    moderator: Uuid,
    action: &str,
    topic: Uuid,
) -> diesel::QueryResult<()> {
    let entry = LogEntry {
        id: context.id(),
        at: context.now,
        moderator_id: Some(moderator),
        action: action.to_owned(),
        subject_kind: "TOPIC".to_owned(),
        subject_id: topic,
        case_id: None,
        reason: None,
        note: None,
        address: context.address.map(|address| address.to_string()),
        request_id: context.request_id.clone(),
    };
    store::cases::log(connection, &entry).await
}

/// The topic, locked, with whether its club is closed, when the viewer sees it and what else was written there.
pub(super) async fn lock_seen(
    connection: &mut Connection,
    context: &CommandContext,
    topic: Uuid,
    also: impl Fn(&Topic, bool) -> Vec<Written>,
) -> diesel::QueryResult<Option<(Topic, Option<crate::model::Club>)>> {
    let Some(topic) = store::topics::lock(connection, topic).await? else {
        return Ok(None);
    };
    let club = club_of(connection, &topic).await?;
    let closed = club.as_ref().is_some_and(crate::model::Club::is_closed);
    let mut written = vec![topic.written(closed)];
    written.extend(also(&topic, closed));
    let seen = sees(connection, context, &topic, &written).await?;
    Ok(seen.then_some((topic, club)))
}
