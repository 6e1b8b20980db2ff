//! Entities that other subgraphs refer to; each goes through a loader, and what is not there or not to be seen is null.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;

use super::key;
use super::loader::{Annotations, PlacesById};
use super::types::{AnnotationType, BookType, ProgressType, UserType};

/// Entity resolvers.
#[derive(Default)]
pub(super) struct EntityQuery;

#[Object]
impl EntityQuery {
    // What a book is, is catalog's to say; its fields here load by themselves.
    #[graphql(entity)]
    async fn book_entity(&self, #[graphql(key)] id: ID, page_count: Option<i32>) -> BookType {
        BookType { id, page_count }
    }

    #[graphql(entity)]
    async fn user_entity(&self, id: ID) -> UserType {
        UserType { id }
    }

    #[graphql(entity)]
    async fn annotation_entity(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<AnnotationType>> {
        let loader = context.data_unchecked::<DataLoader<Annotations>>();
        Ok(loader.load_one(key(&id)).await?.map(AnnotationType))
    }

    #[graphql(entity)]
    async fn reading_progress_entity(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<ProgressType>> {
        let loader = context.data_unchecked::<DataLoader<PlacesById>>();
        Ok(loader.load_one(key(&id)).await?.map(ProgressType))
    }
}
