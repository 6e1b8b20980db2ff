//! Root queries.

mod moderation;

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, MergedObject, Object};
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use coko_core::{Error, Result};
use time::OffsetDateTime;

use super::entity::EntityQuery;
use super::loader::{Clubs, Gatherings, Posts, Reviews, Topics};
use super::types::{
    BarrierType, ClubType, EventType, ForumType, PostType, ReviewType, TagType, TopicType,
    TrustType,
};
use super::{community, key, looker};
use crate::model::{BarrierKind, Member, tag};
use crate::store;
use crate::store::topics::Among;

/// Tags that are suggested at once.
const SUGGESTED_TAGS: i64 = 30;

/// Root queries of community.
#[derive(Default, MergedObject)]
pub(crate) struct Query(EntityQuery, ReadingQuery, moderation::ModerationQuery);

/// What readers ask.
#[derive(Default)]
struct ReadingQuery;

#[Object]
impl ReadingQuery {
    /// The forums that are open, in their order.
    async fn forums(&self, context: &Context<'_>) -> Result<Vec<ForumType>> {
        let mut connection = community(context).pool.get().await?;
        let forums = store::forums::open(&mut connection).await?;
        Ok(forums.into_iter().map(ForumType).collect())
    }

    /// The forum at this address.
    async fn forum(&self, context: &Context<'_>, slug: String) -> Result<Option<ForumType>> {
        let mut connection = community(context).pool.get().await?;
        let forum = store::forums::by_slug(&mut connection, &slug).await?;
        Ok(forum.map(ForumType))
    }

    /// Topics of a forum, of a club or with a tag (its slug), as far as the viewer sees them; the last answered first. In a forum
    /// `pinned` leaves those that are shown first.
    #[expect(
        clippy::too_many_arguments,
        reason = "the four Relay arguments are one in spirit"
    )]
    async fn topics(
        &self,
        context: &Context<'_>,
        forum_id: Option<ID>,
        club_id: Option<ID>,
        tag: Option<String>,
        #[graphql(default)] pinned: bool,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, TopicType, EmptyFields, EmptyFields>> {
        let list = store::topics::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let among = match (&forum_id, &club_id, &tag) {
            (Some(forum), None, None) => Among::Forum(key(forum), pinned),
            (None, Some(club), None) => Among::Club(key(club)),
            (None, None, Some(tag)) => Among::Tag(tag::folded(tag)),
            _ => {
                return Err(Error::validation(
                    "forumId",
                    "community-topics-of-one-place",
                ));
            }
        };
        if let Among::Club(club) = among {
            // Whoever does not see the club sees nothing in it.
            let loader = context.data_unchecked::<DataLoader<Clubs>>();
            if loader.load_one(club).await?.is_none() {
                let none = coko_core::paging::Slice::new(&page, Vec::new());
                return Ok(connection(
                    list,
                    none,
                    |topic: &crate::model::Topic| topic.last_post_id,
                    TopicType,
                ));
            }
        }
        let mut database = community(context).pool.get().await?;
        let slice = store::topics::list(&mut database, &page, looker(context), &among).await?;
        Ok(connection(
            list,
            slice,
            |topic| topic.last_post_id,
            TopicType,
        ))
    }

    /// A topic, when the viewer may see it.
    async fn topic(&self, context: &Context<'_>, id: ID) -> Result<Option<TopicType>> {
        let loader = context.data_unchecked::<DataLoader<Topics>>();
        Ok(loader.load_one(key(&id)).await?.map(TopicType))
    }

    /// A post, when the viewer may see it.
    async fn post(&self, context: &Context<'_>, id: ID) -> Result<Option<PostType>> {
        let loader = context.data_unchecked::<DataLoader<Posts>>();
        Ok(loader.load_one(key(&id)).await?.map(PostType::from))
    }

    /// A review, when the viewer may see it.
    async fn review(&self, context: &Context<'_>, id: ID) -> Result<Option<ReviewType>> {
        let loader = context.data_unchecked::<DataLoader<Reviews>>();
        Ok(loader.load_one(key(&id)).await?.map(ReviewType))
    }

    /// The thirty tags that most topics have, or the first that begin with `prefix`.
    async fn tags(&self, context: &Context<'_>, prefix: Option<String>) -> Result<Vec<TagType>> {
        let prefix = prefix.as_deref().map(tag::folded);
        let mut connection = community(context).pool.get().await?;
        let tags = store::forums::tags(&mut connection, prefix.as_deref(), SUGGESTED_TAGS).await?;
        Ok(tags.into_iter().map(TagType::from).collect())
    }

    /// Book clubs, or those that read a book; the newest first.
    async fn clubs(
        &self,
        context: &Context<'_>,
        book_id: Option<ID>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, ClubType, EmptyFields, EmptyFields>> {
        let list = store::clubs::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let book = book_id.as_ref().map(key);
        let mut database = community(context).pool.get().await?;
        let slice = store::clubs::list(&mut database, &page, looker(context), book).await?;
        Ok(connection(list, slice, |club| club.id, ClubType))
    }

    /// A book club, when the viewer may see it.
    async fn club(&self, context: &Context<'_>, id: ID) -> Result<Option<ClubType>> {
        let loader = context.data_unchecked::<DataLoader<Clubs>>();
        Ok(loader.load_one(key(&id)).await?.map(ClubType))
    }

    /// The clubs that the viewer belongs to or waits for, the last joined first.
    async fn my_clubs(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, MyClub, EmptyFields, EmptyFields>> {
        let user = context.viewer().require_user()?;
        let list = store::clubs::MINE;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let mut database = community(context).pool.get().await?;
        let slice = store::clubs::of_user(&mut database, &page, user).await?;
        Ok(connection(list, slice, |member| member.id, MyClub))
    }

    /// Community events from `from` (now, when nothing is said) on, those for everyone or those of a club; the soonest first.
    #[expect(
        clippy::too_many_arguments,
        reason = "the four Relay arguments are one in spirit"
    )]
    async fn community_events(
        &self,
        context: &Context<'_>,
        club_id: Option<ID>,
        from: Option<OffsetDateTime>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, EventType, EmptyFields, EmptyFields>> {
        let list = store::gatherings::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let club = club_id.as_ref().map(key);
        let from = from.unwrap_or(context.command().now);
        let (viewer, moderates) = looker(context);
        let mut database = community(context).pool.get().await?;
        if let Some(club) = club
            && !moderates
        {
            let user = viewer.unwrap_or_default();
            let roles = store::clubs::roles(&mut database, user, &[club]).await?;
            if !roles.iter().any(|member| member.role.belongs()) {
                let none = coko_core::paging::Slice::new(&page, Vec::new());
                return Ok(connection(list, none, store::gatherings::key, EventType));
            }
        }
        let looker = (viewer, moderates);
        let slice = store::gatherings::list(&mut database, &page, looker, club, from).await?;
        Ok(connection(list, slice, store::gatherings::key, EventType))
    }

    /// A community event, when the viewer may see it.
    async fn community_event(&self, context: &Context<'_>, id: ID) -> Result<Option<EventType>> {
        let loader = context.data_unchecked::<DataLoader<Gatherings>>();
        Ok(loader.load_one(key(&id)).await?.map(EventType))
    }

    /// How far the viewer's account is trusted, and what it may write.
    async fn my_trust(&self, context: &Context<'_>) -> Result<TrustType> {
        let user = context.viewer().require_user()?;
        let now = context.command().now;
        let mut connection = community(context).pool.get().await?;
        let known = store::members::by_ids(&mut connection, &[user]).await?;
        let member = known.into_iter().next();
        let member = member.unwrap_or_else(|| Member::new(user, now));
        Ok(member.trust(now).into())
    }

    /// Whom the viewer blocked, the newest first.
    async fn my_blocks(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, BarrierType, EmptyFields, EmptyFields>> {
        let arguments = PageArgs::new(first, after, last, before);
        barriers(context, BarrierKind::Block, &arguments).await
    }

    /// Whom the viewer muted, the newest first.
    async fn my_mutes(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, BarrierType, EmptyFields, EmptyFields>> {
        let arguments = PageArgs::new(first, after, last, before);
        barriers(context, BarrierKind::Mute, &arguments).await
    }
}

async fn barriers(
    context: &Context<'_>,
    kind: BarrierKind,
    arguments: &PageArgs,
) -> Result<Connection<String, BarrierType, EmptyFields, EmptyFields>> {
    let user = context.viewer().require_user()?;
    let list = store::relations::BARRIERS;
    let page = arguments.page(list)?;
    let mut database = community(context).pool.get().await?;
    let slice = store::relations::barriers(&mut database, &page, user, kind).await?;
    Ok(connection(
        list,
        slice,
        |barrier| barrier.id,
        BarrierType::from,
    ))
}

/// A club of the viewer's.
pub(crate) struct MyClub(crate::model::ClubMember);

/// A club that the viewer belongs to or waits for.
#[Object]
impl MyClub {
    /// The club; null where it is no longer to be seen.
    async fn club(&self, context: &Context<'_>) -> Result<Option<ClubType>> {
        let loader = context.data_unchecked::<DataLoader<Clubs>>();
        Ok(loader.load_one(self.0.club_id).await?.map(ClubType))
    }

    /// What the viewer is in it.
    async fn role(&self) -> crate::model::ClubRole {
        self.0.role
    }
}
