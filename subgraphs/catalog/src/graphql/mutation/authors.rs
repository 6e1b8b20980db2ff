//! Entering and correcting authors.

use async_graphql::{Context, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use crate::commands;
use crate::error::{CreateAuthorError, UpdateAuthorError};
use crate::graphql::types::{AuthorType, CreateAuthorInput, UpdateAuthorInput};
use crate::graphql::{catalog, key};

/// What `createAuthor` did.
#[derive(SimpleObject)]
struct CreateAuthorPayload {
    /// The new state; null when refused.
    author: Option<AuthorType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CreateAuthorError>,
}

/// What `updateAuthor` did.
#[derive(SimpleObject)]
struct UpdateAuthorPayload {
    /// The new state; null when refused.
    author: Option<AuthorType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<UpdateAuthorError>,
}

#[derive(Default)]
pub(super) struct AuthorMutation;

#[Object]
impl AuthorMutation {
    /// Enters an author. Needs `books:publish` or `catalog:manage`.
    async fn create_author(
        &self,
        context: &Context<'_>,
        input: CreateAuthorInput,
    ) -> Result<CreateAuthorPayload> {
        let pool = &catalog(context).pool;
        let outcome = commands::authors::create(pool, context.command(), input.into()).await;
        let (author, errors) = settle(context, outcome, CreateAuthorError::new)?;
        Ok(CreateAuthorPayload {
            author: author.map(AuthorType),
            errors,
        })
    }

    /// Changes an author. For whoever entered it, and `catalog:manage`.
    async fn update_author(
        &self,
        context: &Context<'_>,
        input: UpdateAuthorInput,
    ) -> Result<UpdateAuthorPayload> {
        let pool = &catalog(context).pool;
        let (id, version) = (key(&input.id), input.version);
        let outcome =
            commands::authors::update(pool, context.command(), id, version, input.into()).await;
        let (author, errors) = settle(context, outcome, UpdateAuthorError::new)?;
        Ok(UpdateAuthorPayload {
            author: author.map(AuthorType),
            errors,
        })
    }
}
