//! `Achievement`, which only the reader sees.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use time::OffsetDateTime;

use super::badge::BadgeType;
use super::challenge::ChallengeType;
use super::stats::LevelType;
use super::user::level;
use crate::graphql::loader::{Badges, ChallengeKey, Challenges};
use crate::model::{Achievement, AchievementKind};

/// Something that was reached.
pub(crate) struct AchievementType(pub(crate) Achievement);

/// Something that the viewer reached. Only they see it.
#[Object(name = "Achievement")]
impl AchievementType {
    /// Identifies it.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What kind of thing it is: that field is there, the others are null.
    async fn kind(&self) -> AchievementKind {
        self.0.kind
    }

    /// When it was reached.
    async fn unlocked_at(&self) -> OffsetDateTime {
        self.0.at
    }

    /// The badge.
    async fn badge(&self, context: &Context<'_>) -> Result<Option<BadgeType>> {
        if self.0.kind != AchievementKind::Badge {
            return Ok(None);
        }
        let loader = context.data_unchecked::<DataLoader<Badges>>();
        let badges = loader.load_one(()).await?.unwrap_or_default();
        let found = badges.iter().find(|badge| badge.code == self.0.subject);
        Ok(found.cloned().map(BadgeType))
    }

    /// The level.
    async fn level(&self, context: &Context<'_>) -> Result<Option<LevelType>> {
        match (self.0.kind, self.0.subject.parse()) {
            (AchievementKind::Level, Ok(number)) => level(context, number).await,
            _ => Ok(None),
        }
    }

    /// The challenge; null once the viewer may not see it any more.
    async fn challenge(&self, context: &Context<'_>) -> Result<Option<ChallengeType>> {
        let (AchievementKind::Challenge, Ok(id)) = (self.0.kind, self.0.subject.parse()) else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Challenges>>();
        let invitation = None;
        let found = loader.load_one(ChallengeKey { id, invitation }).await?;
        Ok(found.map(ChallengeType))
    }
}
