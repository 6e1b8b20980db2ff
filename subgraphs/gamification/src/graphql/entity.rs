//! Entities that other subgraphs refer to; each goes through a loader, and what is not there or not to be seen is null.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;

use super::key;
use super::loader::{Achievements, ChallengeKey, Challenges};
use super::types::{AchievementType, ChallengeType, UserType};

/// Entity resolvers.
#[derive(Default)]
pub(super) struct EntityQuery;

#[Object]
impl EntityQuery {
    // Who somebody is, is auth's to say; the fields here load by themselves.
    #[graphql(entity)]
    async fn user_entity(&self, id: ID) -> UserType {
        UserType { id }
    }

    #[graphql(entity)]
    async fn achievement_entity(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<AchievementType>> {
        let loader = context.data_unchecked::<DataLoader<Achievements>>();
        Ok(loader.load_one(key(&id)).await?.map(AchievementType))
    }

    #[graphql(entity)]
    async fn challenge_entity(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<ChallengeType>> {
        let loader = context.data_unchecked::<DataLoader<Challenges>>();
        let wanted = ChallengeKey {
            id: key(&id),
            invitation: None,
        };
        Ok(loader.load_one(wanted).await?.map(ChallengeType))
    }
}
