//! Entities that other subgraphs own; the fields here load by themselves.

use async_graphql::{ID, Object};

use super::types::{BookType, CategoryType};

/// Entity resolvers.
#[derive(Default)]
pub(super) struct EntityQuery;

#[Object]
impl EntityQuery {
    // What a book is, is catalog's to say.
    #[graphql(entity)]
    async fn book_entity(&self, id: ID) -> BookType {
        BookType { id }
    }

    #[graphql(entity)]
    async fn category_entity(&self, id: ID) -> CategoryType {
        CategoryType { id }
    }
}
