//! Entities that other subgraphs refer to.

use async_graphql::{ID, Object};

use super::types::UserType;

/// Entity resolvers.
#[derive(Default)]
pub(super) struct EntityQuery;

#[Object]
impl EntityQuery {
    // Who a user is, is auth's to say; its fields here load by themselves.
    #[graphql(entity)]
    async fn user_entity(&self, id: ID) -> UserType {
        UserType { id }
    }
}
