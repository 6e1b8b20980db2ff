//! Topics and posts.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use coko_core::paging::Slice;
use time::OffsetDateTime;

use super::{BookType, ClubType, ForumType, TagType, UserType};
use crate::graphql::loader::{Clubs, Forums, PageOf, Posts, TopicPosts, TopicTags, Topics};
use crate::graphql::looker;
use crate::model::sight::Written;
use crate::model::{ContentStatus, Post, Seen, Sight, Topic};
use crate::store::posts::LIST;

/// A conversation.
#[derive(Clone)]
pub(crate) struct TopicType(pub(crate) Topic);

/// A conversation in a forum or a club.
#[Object(name = "Topic")]
impl TopicType {
    /// Identifies the topic.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is about; empty where it was deleted.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Who opened it.
    async fn author(&self) -> UserType {
        UserType::reference(self.0.author_id)
    }

    /// The forum; null for the topics of a club.
    async fn forum(&self, context: &Context<'_>) -> Result<Option<ForumType>> {
        let Some(forum) = self.0.forum_id else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Forums>>();
        Ok(loader.load_one(forum).await?.map(ForumType))
    }

    /// The club; null for the topics of a forum.
    async fn club(&self, context: &Context<'_>) -> Result<Option<ClubType>> {
        let Some(club) = self.0.club_id else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Clubs>>();
        Ok(loader.load_one(club).await?.map(ClubType))
    }

    /// The book that is talked of.
    async fn book(&self) -> Option<BookType> {
        self.0.book_id.map(BookType::reference)
    }

    /// How far in the book one must be to see it, 0 to 1.
    async fn spoils_after(&self) -> f64 {
        self.0.spoils_after
    }

    /// Its tags.
    async fn tags(&self, context: &Context<'_>) -> Result<Vec<TagType>> {
        let loader = context.data_unchecked::<DataLoader<TopicTags>>();
        let tags = loader.load_one(self.0.id).await?.unwrap_or_default();
        Ok(tags.into_iter().map(TagType::from).collect())
    }

    /// Who may read it.
    async fn status(&self) -> ContentStatus {
        self.0.status
    }

    /// Whether nobody answers any more.
    async fn locked(&self) -> bool {
        self.0.locked
    }

    /// Whether it is shown first.
    async fn pinned(&self) -> bool {
        self.0.pinned
    }

    /// How many posts were ever written in it.
    async fn post_count(&self) -> i32 {
        self.0.post_count
    }

    /// When it was last answered.
    async fn last_post_at(&self) -> OffsetDateTime {
        self.0.last_post_at
    }

    /// When it was opened.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// Its posts as the tree that they are, depth first, answers in the order in which they came. What spoils the viewer's book,
    /// or was written by people who are kept apart from the viewer, is left out; what was deleted or is hidden keeps its place
    /// where others answered it.
    async fn posts(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, PostType, EmptyFields, EmptyFields>> {
        let page = PageArgs::new(first, after, last, before).page(LIST)?;
        let loader = context.data_unchecked::<DataLoader<TopicPosts>>();
        let wanted = PageOf {
            owner: self.0.id,
            which: (),
            page: page.clone(),
        };
        let slice = loader.load_one(wanted).await?;
        let slice = slice.unwrap_or_else(|| Slice::new(&page, Vec::new()));
        let (viewer, moderates) = looker(context);
        let sight = Sight {
            viewer,
            moderates,
            ..Sight::default()
        };
        // What stands in the viewer's way was left out already; what is left to tell is whether it still stands.
        let seen = |post: &Post| {
            sight.of(Written {
                author: post.author_id,
                status: post.status,
                spoils: None,
                closed_club: None,
            })
        };
        Ok(connection(
            LIST,
            slice,
            |post| post.path.clone(),
            |post| {
                let seen = seen(&post);
                PostType { post, seen }
            },
        ))
    }
}

/// One contribution to a topic, as far as the viewer sees it.
#[derive(Clone)]
pub(crate) struct PostType {
    post: Post,
    seen: Seen,
}

impl From<(Post, Seen)> for PostType {
    fn from((post, seen): (Post, Seen)) -> Self {
        Self { post, seen }
    }
}

impl PostType {
    fn is_whole(&self) -> bool {
        self.seen == Seen::Whole
    }
}

/// One contribution to a topic. Of what was deleted, or is hidden from the viewer, only the place in the tree is left.
#[Object(name = "Post")]
impl PostType {
    /// Identifies the post.
    async fn id(&self) -> ID {
        self.post.id.into()
    }

    /// Its topic.
    async fn topic(&self, context: &Context<'_>) -> Result<Option<TopicType>> {
        let loader = context.data_unchecked::<DataLoader<Topics>>();
        Ok(loader.load_one(self.post.topic_id).await?.map(TopicType))
    }

    /// The post that it answers; null for the opening post, and where that is not for the viewer.
    async fn parent(&self, context: &Context<'_>) -> Result<Option<PostType>> {
        let Some(parent) = self.post.parent_id else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Posts>>();
        Ok(loader.load_one(parent).await?.map(PostType::from))
    }

    /// The id of the post that it answers.
    async fn parent_id(&self) -> Option<ID> {
        self.post.parent_id.map(ID::from)
    }

    /// Steps from the opening post.
    async fn depth(&self) -> usize {
        self.post.depth()
    }

    /// Who wrote it.
    async fn author(&self) -> Option<UserType> {
        self.is_whole()
            .then(|| UserType::reference(self.post.author_id))
    }

    /// The text as HTML that is safe to show: text and its structure, links, `https` pictures.
    async fn html(&self) -> Option<&str> {
        self.is_whole().then_some(self.post.body_html.as_str())
    }

    /// The text as it was written, in Markdown; for its author, to edit.
    async fn source(&self, context: &Context<'_>) -> Option<&str> {
        let own = context.viewer().user_id() == Some(self.post.author_id);
        (own && self.is_whole()).then_some(self.post.body.as_str())
    }

    /// How far in the book one must be to see it, 0 to 1.
    async fn spoils_after(&self) -> f64 {
        self.post.spoils_after
    }

    /// Who may read it.
    async fn status(&self) -> ContentStatus {
        self.post.status
    }

    /// How many answers it ever had.
    async fn reply_count(&self) -> i32 {
        self.post.reply_count
    }

    /// When it was last changed; null where it never was.
    async fn edited_at(&self) -> Option<OffsetDateTime> {
        self.post.edited_at
    }

    /// When it was written.
    async fn created_at(&self) -> OffsetDateTime {
        self.post.created_at
    }
}
