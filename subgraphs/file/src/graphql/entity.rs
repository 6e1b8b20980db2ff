//! Entities that other subgraphs refer to; each goes through a loader, and what is not there or not to be seen is null.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;

use super::key;
use super::loader::FilesById;
use super::types::{BookType, FileType};

/// Entity resolvers.
#[derive(Default)]
pub(super) struct EntityQuery;

#[Object]
impl EntityQuery {
    #[graphql(entity)]
    async fn file_entity(&self, context: &Context<'_>, id: ID) -> Result<Option<FileType>> {
        let file = context
            .data_unchecked::<DataLoader<FilesById>>()
            .load_one(key(&id))
            .await?;
        Ok(file.map(FileType::from))
    }

    #[graphql(entity)]
    async fn book_entity(&self, id: ID) -> BookType {
        BookType { id }
    }
}
