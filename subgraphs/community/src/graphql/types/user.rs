//! What community adds to `User`: whom they follow and are followed by, and how the viewer stands to them.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{PageArgs, connection};
use coko_core::paging::Slice;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::graphql::key;
use crate::graphql::loader::{Follows, PageOf, Standing, Standings};
use crate::model::{Barrier, Follow, TrustLevel};
use crate::store::relations::{End, FOLLOWERS, FOLLOWING};

/// A person.
pub(crate) struct UserType {
    pub(crate) id: ID,
}

impl UserType {
    /// The account with this id.
    pub(crate) fn reference(id: Uuid) -> Self {
        Self { id: id.into() }
    }

    async fn stands(&self, context: &Context<'_>) -> Result<Standing> {
        let loader = context.data_unchecked::<DataLoader<Standings>>();
        Ok(loader.load_one(key(&self.id)).await?.unwrap_or_default())
    }

    async fn follows(
        &self,
        context: &Context<'_>,
        end: End,
        arguments: PageArgs,
    ) -> Result<Option<Connection<String, FollowType, EmptyFields, EmptyFields>>> {
        let list = match end {
            End::Followers => FOLLOWERS,
            End::Following => FOLLOWING,
        };
        let page = arguments.page(list)?;
        if !self.stands(context).await?.lists_open {
            return Ok(None);
        }
        let loader = context.data_unchecked::<DataLoader<Follows>>();
        let wanted = PageOf {
            owner: key(&self.id),
            which: end,
            page: page.clone(),
        };
        let slice = loader.load_one(wanted).await?;
        let slice = slice.unwrap_or_else(|| Slice::new(&page, Vec::new()));
        Ok(Some(connection(
            list,
            slice,
            |follow| follow.id,
            |follow| FollowType::new(follow, end),
        )))
    }
}

/// A person among others.
#[Object(name = "User")]
impl UserType {
    /// Identifies the account.
    async fn id(&self) -> &ID {
        &self.id
    }

    /// Who follows them, the newest first; null where their privacy keeps it from the viewer.
    async fn followers(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<Connection<String, FollowType, EmptyFields, EmptyFields>>> {
        let arguments = PageArgs::new(first, after, last, before);
        self.follows(context, End::Followers, arguments).await
    }

    /// Whom they follow, the newest first; null where their privacy keeps it from the viewer.
    async fn following(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<Connection<String, FollowType, EmptyFields, EmptyFields>>> {
        let arguments = PageArgs::new(first, after, last, before);
        self.follows(context, End::Following, arguments).await
    }

    /// How the viewer stands to them.
    async fn standing(&self, context: &Context<'_>) -> Result<StandingType> {
        Ok(self.stands(context).await?.into())
    }
}

/// How the viewer stands to someone.
#[derive(SimpleObject)]
#[graphql(name = "Standing")]
pub(crate) struct StandingType {
    /// Whether the viewer follows them.
    followed: bool,
    /// Whether the viewer blocked them.
    blocked: bool,
    /// Whether the viewer muted them.
    muted: bool,
}

impl From<Standing> for StandingType {
    fn from(standing: Standing) -> Self {
        Self {
            followed: standing.followed,
            blocked: standing.blocked,
            muted: standing.muted,
        }
    }
}

/// Someone at the other end of a follow.
#[derive(SimpleObject)]
#[graphql(name = "Follow")]
pub(crate) struct FollowType {
    /// Who.
    user: UserType,
    /// Since when.
    since: OffsetDateTime,
}

impl FollowType {
    fn new(follow: Follow, end: End) -> Self {
        let user = match end {
            End::Followers => follow.follower_id,
            End::Following => follow.user_id,
        };
        Self {
            user: UserType::reference(user),
            since: follow.created_at,
        }
    }
}

/// Someone whom the viewer blocked or muted.
#[derive(SimpleObject)]
#[graphql(name = "Barrier")]
pub(crate) struct BarrierType {
    /// Who.
    user: UserType,
    /// Since when.
    since: OffsetDateTime,
}

impl From<Barrier> for BarrierType {
    fn from(barrier: Barrier) -> Self {
        Self {
            user: UserType::reference(barrier.other_id),
            since: barrier.created_at,
        }
    }
}

/// How far the viewer's account is trusted, and what it may write.
#[derive(SimpleObject)]
#[graphql(name = "Trust")]
pub(crate) struct TrustType {
    /// The level.
    level: TrustLevel,
    /// Most links in a text.
    links: i32,
    /// Most pictures in a text.
    images: i32,
    /// Most topics opened in a day.
    topics_a_day: i32,
}

impl From<TrustLevel> for TrustType {
    fn from(level: TrustLevel) -> Self {
        let allowance = level.allowance();
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        Self {
            level,
            links: number(allowance.links),
            images: number(allowance.images),
            topics_a_day: number(allowance.topics_a_day),
        }
    }
}
