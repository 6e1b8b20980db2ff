//! Posts: written, changed, deleted.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::community::PostCreated;
use coko_core::graphql::{Failure, Outcome};
use coko_core::idempotency::{self, Claim};
use coko_core::{Result, outbox};
use diesel_async::AsyncConnection as _;
use serde::Serialize;
use uuid::Uuid;

use super::topics::lock_seen;
use super::{Community, allowance, may_write_in, participant, writer};
use crate::error::{CreatePostErrorCode, EditPostErrorCode, text_refused};
use crate::model::topic::{POST, is_share, path, spoils_after};
use crate::model::{ContentStatus, Post, Topic};
use crate::store;

/// An answer to write.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Answer {
    pub(crate) topic: Uuid,
    /// The post that is answered; the opening post when none is named.
    pub(crate) parent: Option<Uuid>,
    pub(crate) text: String,
    pub(crate) spoils_after: Option<f64>,
}

/// Says that a post was written.
pub(super) async fn announce(
    connection: &mut Connection,
    context: &CommandContext,
    topic: &Topic,
    post: &Post,
    parent: Option<&Post>,
) -> Result<()> {
    let event = PostCreated {
        post_id: post.id,
        topic_id: topic.id,
        forum_id: topic.forum_id,
        club_id: topic.club_id,
        author_id: post.author_id,
        parent_id: post.parent_id,
        parent_author_id: parent.map(|parent| parent.author_id),
        created_at: post.created_at,
    };
    outbox::enqueue(connection, context, &event).await?;
    Ok(())
}

/// Writes an answer in a topic. A call that is repeated under its key returns the same post.
///
/// # Errors
/// Refusals of the input; `UNAUTHENTICATED`, `FORBIDDEN`, `RATE_LIMITED`, `IDEMPOTENCY_MISMATCH`.
pub(crate) async fn create(
    context: &CommandContext,
    community: &Community,
    answer: Answer,
    key: &str,
) -> Outcome<Uuid, CreatePostErrorCode> {
    let user = participant(context)?;
    community
        .throttle("posts", user, community.config.limits.posts)
        .await?;
    let mut connection = community.pool.get().await?;
    let allowance = allowance(&mut connection, context, user).await?;
    let prose = community
        .prose(&answer.text, POST, allowance)
        .map_err(|error| Failure::from(vec![text_refused(error, "text")]))?;
    if answer.spoils_after.is_some_and(|after| !is_share(after)) {
        return Err(Failure::field(
            CreatePostErrorCode::PositionInvalid,
            "spoilsAfter",
        ));
    }
    connection
        .transaction(async |connection| {
            let id = context.id();
            let owner = context.viewer.key();
            let call = ("createPost", &answer);
            match idempotency::claim(connection, &owner, key, call, id, context.now).await? {
                Claim::Seen(post) => return Ok(post),
                Claim::Fresh => {}
            }
            let parent = match answer.parent {
                Some(parent) => store::posts::by_ids(connection, &[parent]).await?.pop(),
                None => store::posts::openings(connection, &[answer.topic])
                    .await?
                    .pop(),
            };
            let parent = parent
                .filter(|parent| parent.topic_id == answer.topic)
                .ok_or_else(|| Failure::field(CreatePostErrorCode::NotFound, "parentId"))?;
            let seen = lock_seen(connection, context, answer.topic, |topic, closed| {
                vec![parent.written(topic, closed)]
            });
            let (mut topic, club) = seen
                .await?
                .ok_or_else(|| Failure::field(CreatePostErrorCode::NotFound, "topicId"))?;
            if !may_write_in(connection, user, club.as_ref()).await? {
                return Err(Failure::field(CreatePostErrorCode::NotFound, "topicId"));
            }
            if topic.locked && !super::moderates(&context.viewer) {
                return Err(Failure::field(CreatePostErrorCode::Locked, "topicId"));
            }
            if answer.spoils_after.is_some_and(|after| after > 0.0) && topic.book_id.is_none() {
                return Err(Failure::field(
                    CreatePostErrorCode::PositionInvalid,
                    "spoilsAfter",
                ));
            }
            let post = Post {
                id,
                topic_id: topic.id,
                parent_id: Some(parent.id),
                author_id: user,
                path: path(Some(&parent.path), topic.post_count),
                body: prose.source.clone(),
                body_html: prose.html.clone(),
                spoils_after: spoils_after(answer.spoils_after, parent.spoils_after),
                status: ContentStatus::Published,
                reply_count: 0,
                edited_at: None,
                created_at: context.now,
            };
            store::posts::insert(connection, &post).await?;
            store::topics::bump(connection, &mut topic, &post).await?;
            announce(connection, context, &topic, &post, Some(&parent)).await?;
            let mut member = writer(connection, context, user).await?;
            member.contribute(context.now);
            store::members::update(connection, &member).await?;
            metrics::counter!("community_posts_total", "kind" => "answer").increment(1);
            Ok::<_, Failure<CreatePostErrorCode>>(id)
        })
        .await
}

/// Changes a post of the viewer's.
///
/// # Errors
/// Refusals of the input.
pub(crate) async fn edit(
    context: &CommandContext,
    community: &Community,
    post: Uuid,
    text: &str,
) -> Outcome<Uuid, EditPostErrorCode> {
    let user = participant(context)?;
    community
        .throttle("posts", user, community.config.limits.posts)
        .await?;
    let mut connection = community.pool.get().await?;
    let allowance = allowance(&mut connection, context, user).await?;
    let prose = community
        .prose(text, POST, allowance)
        .map_err(|error| Failure::from(vec![text_refused(error, "text")]))?;
    connection
        .transaction(async |connection| {
            let mut post = own(connection, user, post).await?;
            let editable = [ContentStatus::Published, ContentStatus::Hidden];
            if !editable.contains(&post.status) {
                return Err(Failure::field(EditPostErrorCode::NotFound, "postId"));
            }
            post.body = prose.source.clone();
            post.body_html = prose.html.clone();
            post.edited_at = Some(context.now);
            store::posts::update(connection, &post).await?;
            writer(connection, context, user).await?;
            Ok::<_, Failure<EditPostErrorCode>>(post.id)
        })
        .await
}

/// Deletes a post of the viewer's; answers to it stay. An opening post that nobody answered takes its topic with it.
///
/// # Errors
/// A refusal for a post that is not the viewer's.
pub(crate) async fn delete(
    context: &CommandContext,
    community: &Community,
    post: Uuid,
) -> Outcome<Uuid, EditPostErrorCode> {
    let user = participant(context)?;
    let mut connection = community.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut post = own(connection, user, post).await?;
            if post.opens()
                && let Some(mut topic) = store::topics::lock(connection, post.topic_id).await?
                && topic.post_count == 1
            {
                close_empty(connection, &mut topic).await?;
            }
            post.delete(context.now);
            store::posts::update(connection, &post).await?;
            Ok::<_, Failure<EditPostErrorCode>>(post.id)
        })
        .await
}

/// Deletes a locked topic that holds nothing but its opening post, which its author deletes.
pub(super) async fn close_empty(
    connection: &mut Connection,
    topic: &mut Topic,
) -> diesel::QueryResult<()> {
    topic.status = ContentStatus::Deleted;
    topic.title.clear();
    store::topics::update(connection, topic).await?;
    store::forums::set_tags(connection, topic.id, &[]).await
}

/// A post of someone's, locked, with its topic, which is locked first and open.
async fn own(
    connection: &mut Connection,
    user: Uuid,
    post: Uuid,
) -> Outcome<Post, EditPostErrorCode> {
    let not_found = || Failure::field(EditPostErrorCode::NotFound, "postId");
    let known = store::posts::by_ids(connection, &[post]).await?.pop();
    let known = known
        .filter(|known| known.author_id == user)
        .ok_or_else(not_found)?;
    let topic = store::topics::lock(connection, known.topic_id).await?;
    if topic.is_none_or(|topic| topic.locked) {
        return Err(Failure::field(EditPostErrorCode::Locked, "postId"));
    }
    let post = store::posts::lock(connection, post).await?;
    post.filter(|post| post.status != ContentStatus::Deleted)
        .ok_or_else(not_found)
}
