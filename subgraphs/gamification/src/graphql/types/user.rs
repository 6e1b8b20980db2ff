//! What gamification adds to `User`: what readers reached, as far as they let others see it.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;

use super::badge::AwardedBadgeType;
use super::stats::LevelType;
use crate::graphql::key;
use crate::graphql::loader::{Awarded, Badges, Levels, Players};
use crate::model::Level;

/// A reader.
pub(crate) struct UserType {
    pub(crate) id: ID,
}

/// A reader; what they reached is null where they let the viewer not see it.
#[Object(name = "User")]
impl UserType {
    /// Identifies the account.
    async fn id(&self) -> &ID {
        &self.id
    }

    /// The level that the reader reached.
    async fn level(&self, context: &Context<'_>) -> Result<Option<LevelType>> {
        let players = context.data_unchecked::<DataLoader<Players>>();
        let Some(player) = players.load_one(key(&self.id)).await? else {
            return Ok(None);
        };
        level(context, player.level).await
    }

    /// The reader's badges, the newest first.
    async fn badges(&self, context: &Context<'_>) -> Result<Option<Vec<AwardedBadgeType>>> {
        let user = key(&self.id);
        let players = context.data_unchecked::<DataLoader<Players>>();
        if players.load_one(user).await?.is_none() {
            return Ok(None);
        }
        let awarded = context.data_unchecked::<DataLoader<Awarded>>();
        let awarded = awarded.load_one(user).await?.unwrap_or_default();
        let badges = context.data_unchecked::<DataLoader<Badges>>();
        let badges = badges.load_one(()).await?.unwrap_or_default();
        let known = awarded.into_iter().filter_map(|award| {
            let badge = badges.iter().find(|badge| badge.code == award.subject)?;
            Some(AwardedBadgeType {
                badge: badge.clone(),
                at: award.at,
            })
        });
        Ok(Some(known.collect()))
    }
}

/// The level with this number.
pub(super) async fn level(context: &Context<'_>, number: i32) -> Result<Option<LevelType>> {
    let loader = context.data_unchecked::<DataLoader<Levels>>();
    let levels = loader.load_one(()).await?.unwrap_or_default();
    let is = |level: &&Level| level.number == number;
    Ok(levels.iter().find(is).cloned().map(LevelType))
}
