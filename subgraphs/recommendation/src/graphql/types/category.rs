//! `Category`, which catalog owns.

use async_graphql::{ID, Object};
use uuid::Uuid;

/// A category of the catalogue.
pub(crate) struct CategoryType {
    pub(crate) id: ID,
}

impl CategoryType {
    /// The category with this id.
    pub(crate) fn reference(id: Uuid) -> Self {
        Self { id: id.into() }
    }
}

/// A category of the catalogue.
#[Object(name = "Category")]
impl CategoryType {
    /// Identifies the category.
    async fn id(&self) -> &ID {
        &self.id
    }
}
