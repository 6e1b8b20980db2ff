//! Entities that other subgraphs refer to; each goes through a loader, and what is not there or not to be seen is null.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;

use super::key;
use super::loader::Notifications;
use super::types::NotificationType;

/// Entity resolvers.
#[derive(Default)]
pub(super) struct EntityQuery;

#[Object]
impl EntityQuery {
    #[graphql(entity)]
    async fn notification_entity(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<NotificationType>> {
        let loader = context.data_unchecked::<DataLoader<Notifications>>();
        Ok(loader.load_one(key(&id)).await?.map(NotificationType))
    }
}
