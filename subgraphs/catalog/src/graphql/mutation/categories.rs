//! Making, changing and moving categories.

use async_graphql::{Context, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use crate::commands;
use crate::error::{CreateCategoryError, UpdateCategoryError};
use crate::graphql::types::{CategoryType, CreateCategoryInput, UpdateCategoryInput};
use crate::graphql::{catalog, key};

/// What `createCategory` did.
#[derive(SimpleObject)]
struct CreateCategoryPayload {
    /// The new state; null when refused.
    category: Option<CategoryType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CreateCategoryError>,
}

/// What `updateCategory` did.
#[derive(SimpleObject)]
struct UpdateCategoryPayload {
    /// The new state; null when refused.
    category: Option<CategoryType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<UpdateCategoryError>,
}

#[derive(Default)]
pub(super) struct CategoryMutation;

#[Object]
impl CategoryMutation {
    /// Makes a category. Needs `catalog:manage`.
    async fn create_category(
        &self,
        context: &Context<'_>,
        input: CreateCategoryInput,
    ) -> Result<CreateCategoryPayload> {
        let pool = &catalog(context).pool;
        let outcome = commands::categories::create(pool, context.command(), input.into()).await;
        let (category, errors) = settle(context, outcome, CreateCategoryError::new)?;
        if category.is_some() {
            catalog(context).forget().await;
        }
        Ok(CreateCategoryPayload {
            category: category.map(CategoryType),
            errors,
        })
    }

    /// Changes or moves a category. Needs `catalog:manage`.
    async fn update_category(
        &self,
        context: &Context<'_>,
        input: UpdateCategoryInput,
    ) -> Result<UpdateCategoryPayload> {
        let pool = &catalog(context).pool;
        let (id, version) = (key(&input.id), input.version);
        let outcome =
            commands::categories::update(pool, context.command(), id, version, input.into()).await;
        let (category, errors) = settle(context, outcome, UpdateCategoryError::new)?;
        if category.is_some() {
            catalog(context).forget().await;
        }
        Ok(UpdateCategoryPayload {
            category: category.map(CategoryType),
            errors,
        })
    }
}
