//! Entities that other subgraphs refer to; each goes through a loader, and what is not there or not to be seen is null.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;

use super::key;
use super::loader::{AllSeries, Authors, Books, Categories, Publishers};
use super::types::{AuthorType, BookType, CategoryType, PublisherType, SeriesType};

/// Entity resolvers.
#[derive(Default)]
pub(super) struct EntityQuery;

#[Object]
impl EntityQuery {
    #[graphql(entity)]
    async fn book_entity(&self, context: &Context<'_>, id: ID) -> Result<Option<BookType>> {
        let book = context
            .data_unchecked::<DataLoader<Books>>()
            .load_one(key(&id))
            .await?;
        Ok(book.map(BookType))
    }

    #[graphql(entity)]
    async fn author_entity(&self, context: &Context<'_>, id: ID) -> Result<Option<AuthorType>> {
        let author = context
            .data_unchecked::<DataLoader<Authors>>()
            .load_one(key(&id))
            .await?;
        Ok(author.map(AuthorType))
    }

    #[graphql(entity)]
    async fn category_entity(&self, context: &Context<'_>, id: ID) -> Result<Option<CategoryType>> {
        let category = context
            .data_unchecked::<DataLoader<Categories>>()
            .load_one(key(&id))
            .await?;
        Ok(category.map(CategoryType))
    }

    #[graphql(entity)]
    async fn publisher_entity(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<PublisherType>> {
        let publisher = context
            .data_unchecked::<DataLoader<Publishers>>()
            .load_one(key(&id))
            .await?;
        Ok(publisher.map(PublisherType))
    }

    #[graphql(entity)]
    async fn series_entity(&self, context: &Context<'_>, id: ID) -> Result<Option<SeriesType>> {
        let series = context
            .data_unchecked::<DataLoader<AllSeries>>()
            .load_one(key(&id))
            .await?;
        Ok(series.map(SeriesType))
    }
}
