//! Root queries.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, MergedObject, Object};
use coko_core::graphql::{PageArgs, RequestExt as _, connection};
use coko_core::{Error, Result};

use super::entity::EntityQuery;
use super::loader::{Badges, ChallengeKey, Challenges};
use super::types::{AchievementType, BadgeType, ChallengeType, EntryType, StatsType};
use super::{game, key};
use crate::commands::{boards, reader};
use crate::model::board::Ranked;
use crate::model::{Board, Period, Player};
use crate::store;

/// Root queries of gamification.
#[derive(Default, MergedObject)]
pub(crate) struct Query(GamificationQuery, EntityQuery);

#[derive(Default)]
struct GamificationQuery;

#[Object]
impl GamificationQuery {
    /// What the viewer did and reached.
    async fn my_stats(&self, context: &Context<'_>) -> Result<StatsType> {
        let user = reader(context.viewer())?;
        let mut connection = game(context).pool.get().await?;
        let found = store::players::by_ids(&mut connection, &[user]).await?;
        let player = found.into_iter().next();
        Ok(StatsType(player.unwrap_or_else(|| Player::new(user))))
    }

    /// Every badge that can be earned.
    async fn badges(&self, context: &Context<'_>) -> Result<Vec<BadgeType>> {
        let loader = context.data_unchecked::<DataLoader<Badges>>();
        let badges = loader.load_one(()).await?.unwrap_or_default();
        let earnable = badges.iter().filter(|badge| !badge.retired);
        Ok(earnable.cloned().map(BadgeType).collect())
    }

    /// What the viewer reached, the newest first.
    async fn achievements(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, AchievementType, EmptyFields, EmptyFields>> {
        let user = reader(context.viewer())?;
        let list = store::achievements::LIST;
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let mut database = game(context).pool.get().await?;
        let slice = store::achievements::list(&mut database, &page, user).await?;
        let node = AchievementType;
        Ok(connection(list, slice, store::achievements::key, node))
    }

    /// Who has the most points in the period that runs: of everyone who lets everyone see it, of those in one `country` (ISO
    /// 3166-1 alpha-2), or of the viewer and those whom the viewer follows (`friends`).
    #[expect(
        clippy::too_many_arguments,
        reason = "each is an argument of the field, four of them those of every connection"
    )]
    async fn leaderboard(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "Period::Week")] period: Period,
        country: Option<String>,
        #[graphql(default)] friends: bool,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, EntryType, EmptyFields, EmptyFields>> {
        let is_country = |country: &String| {
            country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase())
        };
        if country
            .as_ref()
            .is_some_and(|given| friends || !is_country(given))
        {
            return Err(Error::validation("country", "gamification-board-invalid"));
        }
        let scope = if friends {
            "friends"
        } else {
            country.as_deref().unwrap_or("all")
        };
        let list = format!("leaderboard:{}:{scope}", period.as_str());
        let page = PageArgs::new(first, after, last, before).page(&list)?;
        let board = Board {
            period,
            starts: period.start(context.command().now),
            country,
        };
        let slice = if friends {
            let viewer = reader(context.viewer())?;
            boards::page_of_friends(game(context), &board, viewer, &page).await?
        } else {
            boards::page(game(context), &board, &page).await?
        };
        let place = |row: &Ranked| (row.standing.points, row.standing.user_id);
        Ok(connection(&list, slice, place, EntryType))
    }

    /// Challenges that are not over and that the viewer may join, what ends first before the rest; or those that the viewer
    /// takes part in (`joined`), over or not, what ends last before the rest.
    async fn challenges(
        &self,
        context: &Context<'_>,
        #[graphql(default)] joined: bool,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, ChallengeType, EmptyFields, EmptyFields>> {
        let list = if joined {
            store::challenges::JOINED
        } else {
            store::challenges::OPEN
        };
        let page = PageArgs::new(first, after, last, before).page(list)?;
        let mut database = game(context).pool.get().await?;
        let slice = if joined {
            let user = reader(context.viewer())?;
            store::challenges::joined(&mut database, &page, user).await?
        } else {
            let viewer = context.viewer().user_id();
            let now = context.command().now;
            store::challenges::open(&mut database, &page, viewer, now).await?
        };
        let node = ChallengeType;
        Ok(connection(list, slice, store::challenges::key, node))
    }

    /// A challenge that the viewer may see; a private one with its `invitation`.
    async fn challenge(
        &self,
        context: &Context<'_>,
        id: ID,
        invitation: Option<String>,
    ) -> Result<Option<ChallengeType>> {
        let loader = context.data_unchecked::<DataLoader<Challenges>>();
        let wanted = ChallengeKey {
            id: key(&id),
            invitation,
        };
        Ok(loader.load_one(wanted).await?.map(ChallengeType))
    }
}
