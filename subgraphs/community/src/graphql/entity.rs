//! Entities that other subgraphs refer to; each goes through a loader, and what is not there or not to be seen is null.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;

use super::key;
use super::loader::{Cases, Clubs, Gatherings, Posts, Reviews, Topics};
use super::types::{
    BookType, CaseType, ClubType, EventType, PostType, ReviewType, TopicType, UserType,
};

/// Entity resolvers.
#[derive(Default)]
pub(super) struct EntityQuery;

#[Object]
impl EntityQuery {
    // What a book is, is catalog's to say; its fields here load by themselves.
    #[graphql(entity)]
    async fn book_entity(&self, id: ID) -> BookType {
        BookType { id }
    }

    #[graphql(entity)]
    async fn user_entity(&self, id: ID) -> UserType {
        UserType { id }
    }

    #[graphql(entity)]
    async fn review_entity(&self, context: &Context<'_>, id: ID) -> Result<Option<ReviewType>> {
        let loader = context.data_unchecked::<DataLoader<Reviews>>();
        Ok(loader.load_one(key(&id)).await?.map(ReviewType))
    }

    #[graphql(entity)]
    async fn topic_entity(&self, context: &Context<'_>, id: ID) -> Result<Option<TopicType>> {
        let loader = context.data_unchecked::<DataLoader<Topics>>();
        Ok(loader.load_one(key(&id)).await?.map(TopicType))
    }

    #[graphql(entity)]
    async fn post_entity(&self, context: &Context<'_>, id: ID) -> Result<Option<PostType>> {
        let loader = context.data_unchecked::<DataLoader<Posts>>();
        Ok(loader.load_one(key(&id)).await?.map(PostType::from))
    }

    #[graphql(entity)]
    async fn moderation_case_entity(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<CaseType>> {
        let loader = context.data_unchecked::<DataLoader<Cases>>();
        Ok(loader.load_one(key(&id)).await?.map(CaseType))
    }

    #[graphql(entity)]
    async fn club_entity(&self, context: &Context<'_>, id: ID) -> Result<Option<ClubType>> {
        let loader = context.data_unchecked::<DataLoader<Clubs>>();
        Ok(loader.load_one(key(&id)).await?.map(ClubType))
    }

    #[graphql(entity)]
    async fn community_event_entity(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<EventType>> {
        let loader = context.data_unchecked::<DataLoader<Gatherings>>();
        Ok(loader.load_one(key(&id)).await?.map(EventType))
    }
}
