//! `Badge`, with how far the viewer is, and `AwardedBadge`, which a reader has.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Object};
use coko_core::Result;
use coko_core::graphql::RequestExt as _;
use time::OffsetDateTime;

use crate::commands::reader;
use crate::graphql::loader::{Awarded, Players};
use crate::graphql::spoken;
use crate::model::Badge;

/// A badge.
pub(crate) struct BadgeType(pub(crate) Badge);

/// Something to be earned, once.
#[Object(name = "Badge")]
impl BadgeType {
    /// Identifies the badge: `first-book`.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// The version of its rule.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// Its name in the viewer's language.
    async fn name(&self, context: &Context<'_>) -> &str {
        spoken(context.locale(), &self.0.name_fr, &self.0.name_en)
    }

    /// What is to be done for it, in the viewer's language.
    async fn description(&self, context: &Context<'_>) -> &str {
        let badge = &self.0;
        spoken(
            context.locale(),
            &badge.description_fr,
            &badge.description_en,
        )
    }

    /// When the viewer got it; null for who has not.
    async fn awarded_at(&self, context: &Context<'_>) -> Result<Option<OffsetDateTime>> {
        let Ok(user) = reader(context.viewer()) else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Awarded>>();
        let awarded = loader.load_one(user).await?.unwrap_or_default();
        let found = awarded.iter().find(|award| award.subject == self.0.code);
        Ok(found.map(|award| award.at))
    }

    /// How much of it the viewer has done: 0 to 1; null for who is not signed in.
    async fn progress(&self, context: &Context<'_>) -> Result<Option<f64>> {
        let Ok(user) = reader(context.viewer()) else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Players>>();
        let player = loader.load_one(user).await?;
        Ok(match (self.0.rule(), player) {
            (Some(rule), Some(player)) => Some(rule.progress(&player)),
            _ => Some(0.0),
        })
    }
}

/// A badge that somebody has.
pub(crate) struct AwardedBadgeType {
    pub(crate) badge: Badge,
    pub(crate) at: OffsetDateTime,
}

/// A badge that a reader has.
#[Object(name = "AwardedBadge")]
impl AwardedBadgeType {
    /// The badge.
    async fn badge(&self) -> BadgeType {
        BadgeType(self.badge.clone())
    }

    /// When the reader got it.
    async fn awarded_at(&self) -> OffsetDateTime {
        self.at
    }
}
