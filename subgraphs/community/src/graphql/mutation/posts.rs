//! Topics and posts.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{Outcome, RequestExt as _, settle};
use uuid::Uuid;

use super::read_back;
use crate::commands::posts::{self, Answer};
use crate::commands::topics::{self, Opening};
use crate::error::{
    CreatePostError, CreateTopicError, CreateTopicErrorCode, EditPostError, EditPostErrorCode,
};
use crate::graphql::loader::{Posts, Topics};
use crate::graphql::types::{PostType, TopicType};
use crate::graphql::{community, key};

/// A topic to open, in a forum or in a club of the viewer's.
#[derive(InputObject)]
struct CreateTopicInput {
    /// The forum.
    forum_id: Option<ID>,
    /// The club.
    club_id: Option<ID>,
    /// The book that it is about; in a club, the one that is read now when none is named.
    book_id: Option<ID>,
    /// One line of at most 150 characters.
    title: String,
    /// The first post: at most 10,000 characters of Markdown.
    text: String,
    /// At most five tags of at most 30 characters.
    #[graphql(default)]
    tags: Vec<String>,
    /// How far in the book one must be to see it, 0 to 1.
    spoils_after: Option<f64>,
    /// 1 to 100 characters; a call that is repeated under its key does nothing again.
    idempotency_key: String,
}

/// What to change about a topic; what is left out stays.
#[derive(InputObject)]
struct EditTopicInput {
    /// The topic.
    topic_id: ID,
    /// Another title.
    title: Option<String>,
    /// Other tags.
    tags: Option<Vec<String>>,
}

/// How a topic is kept; what is left out stays.
#[derive(InputObject)]
struct KeepTopicInput {
    /// The topic.
    topic_id: ID,
    /// Whether nobody answers any more.
    locked: Option<bool>,
    /// Whether it is shown first.
    pinned: Option<bool>,
}

/// An answer to write.
#[derive(InputObject)]
struct CreatePostInput {
    /// The topic.
    topic_id: ID,
    /// The post that is answered; the opening post when none is named.
    parent_id: Option<ID>,
    /// At most 10,000 characters of Markdown.
    text: String,
    /// How far in the book one must be to see it, 0 to 1; at least as far as for what is answered.
    spoils_after: Option<f64>,
    /// 1 to 100 characters; a call that is repeated under its key does nothing again.
    idempotency_key: String,
}

/// A post to change.
#[derive(InputObject)]
struct EditPostInput {
    /// The post.
    post_id: ID,
    /// At most 10,000 characters of Markdown.
    text: String,
}

/// A post to delete.
#[derive(InputObject)]
struct DeletePostInput {
    /// The post.
    post_id: ID,
}

/// What became of a topic.
#[derive(SimpleObject)]
struct TopicPayload {
    /// The topic; null when refused.
    topic: Option<TopicType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CreateTopicError>,
}

/// What `createPost` did.
#[derive(SimpleObject)]
struct CreatePostPayload {
    /// The post; null when refused.
    post: Option<PostType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CreatePostError>,
}

/// What became of a post.
#[derive(SimpleObject)]
struct EditPostPayload {
    /// The post; null when refused.
    post: Option<PostType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<EditPostError>,
}

async fn topic_payload(
    context: &Context<'_>,
    outcome: Outcome<Uuid, CreateTopicErrorCode>,
) -> Result<TopicPayload> {
    let (topic, errors) = settle(context, outcome, CreateTopicError::new)?;
    let topic = read_back!(context, Topics, topic).map(TopicType);
    Ok(TopicPayload { topic, errors })
}

async fn post_payload(
    context: &Context<'_>,
    outcome: Outcome<Uuid, EditPostErrorCode>,
) -> Result<EditPostPayload> {
    let (post, errors) = settle(context, outcome, EditPostError::new)?;
    let post = read_back!(context, Posts, post).map(PostType::from);
    Ok(EditPostPayload { post, errors })
}

#[derive(Default)]
pub(super) struct PostMutation;

#[Object]
impl PostMutation {
    /// Opens a topic. Needs `community:participate`.
    async fn create_topic(
        &self,
        context: &Context<'_>,
        input: CreateTopicInput,
    ) -> Result<TopicPayload> {
        let opening = Opening {
            forum: input.forum_id.as_ref().map(key),
            club: input.club_id.as_ref().map(key),
            book: input.book_id.as_ref().map(key),
            title: input.title,
            text: input.text,
            tags: input.tags,
            spoils_after: input.spoils_after,
        };
        let (command, community) = (context.command(), community(context));
        let outcome = topics::open(command, community, opening, &input.idempotency_key).await;
        topic_payload(context, outcome).await
    }

    /// Gives a topic of the viewer's another title or other tags; a moderator changes anyone's.
    async fn edit_topic(
        &self,
        context: &Context<'_>,
        input: EditTopicInput,
    ) -> Result<TopicPayload> {
        let (command, community) = (context.command(), community(context));
        let topic = key(&input.topic_id);
        let outcome = topics::edit(command, community, topic, input.title, input.tags).await;
        topic_payload(context, outcome).await
    }

    /// Closes, opens, pins or unpins a topic. Needs `community:moderate`.
    async fn keep_topic(
        &self,
        context: &Context<'_>,
        input: KeepTopicInput,
    ) -> Result<TopicPayload> {
        let (command, community) = (context.command(), community(context));
        let kept = (input.locked, input.pinned);
        let outcome = topics::keep(command, community, key(&input.topic_id), kept).await;
        topic_payload(context, outcome).await
    }

    /// Answers in a topic. Needs `community:participate`.
    async fn create_post(
        &self,
        context: &Context<'_>,
        input: CreatePostInput,
    ) -> Result<CreatePostPayload> {
        let answer = Answer {
            topic: key(&input.topic_id),
            parent: input.parent_id.as_ref().map(key),
            text: input.text,
            spoils_after: input.spoils_after,
        };
        let (command, community) = (context.command(), community(context));
        let outcome = posts::create(command, community, answer, &input.idempotency_key).await;
        let (post, errors) = settle(context, outcome, CreatePostError::new)?;
        let post = read_back!(context, Posts, post).map(PostType::from);
        Ok(CreatePostPayload { post, errors })
    }

    /// Changes a post of the viewer's.
    async fn edit_post(
        &self,
        context: &Context<'_>,
        input: EditPostInput,
    ) -> Result<EditPostPayload> {
        let (command, community) = (context.command(), community(context));
        let outcome = posts::edit(command, community, key(&input.post_id), &input.text).await;
        post_payload(context, outcome).await
    }

    /// Deletes a post of the viewer's; answers to it stay.
    async fn delete_post(
        &self,
        context: &Context<'_>,
        input: DeletePostInput,
    ) -> Result<EditPostPayload> {
        let (command, community) = (context.command(), community(context));
        let outcome = posts::delete(command, community, key(&input.post_id)).await;
        post_payload(context, outcome).await
    }
}
