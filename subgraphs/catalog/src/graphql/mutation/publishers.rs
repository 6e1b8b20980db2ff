//! Entering publishing houses, and who belongs to them.

use async_graphql::{Context, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use crate::commands;
use crate::error::{CreatePublisherError, UpdatePublisherError};
use crate::graphql::types::{CreatePublisherInput, PublisherType, UpdatePublisherInput, keys};
use crate::graphql::{catalog, key};

/// What `createPublisher` did.
#[derive(SimpleObject)]
struct CreatePublisherPayload {
    /// The new state; null when refused.
    publisher: Option<PublisherType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CreatePublisherError>,
}

/// What `updatePublisher` did.
#[derive(SimpleObject)]
struct UpdatePublisherPayload {
    /// The new state; null when refused.
    publisher: Option<PublisherType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<UpdatePublisherError>,
}

#[derive(Default)]
pub(super) struct PublisherMutation;

#[Object]
impl PublisherMutation {
    /// Enters a publishing house, which then is the viewer's own. Needs `books:publish` or `catalog:manage`.
    async fn create_publisher(
        &self,
        context: &Context<'_>,
        input: CreatePublisherInput,
    ) -> Result<CreatePublisherPayload> {
        let pool = &catalog(context).pool;
        let outcome = commands::publishers::create(pool, context.command(), input.into()).await;
        let (publisher, errors) = settle(context, outcome, CreatePublisherError::new)?;
        Ok(CreatePublisherPayload {
            publisher: publisher.map(PublisherType),
            errors,
        })
    }

    /// Changes a publishing house and who belongs to it. For its owner, and `catalog:manage`.
    async fn update_publisher(
        &self,
        context: &Context<'_>,
        input: UpdatePublisherInput,
    ) -> Result<UpdatePublisherPayload> {
        let pool = &catalog(context).pool;
        let (id, version) = (key(&input.id), input.version);
        let members = input.member_ids.as_deref().map(keys);
        let outcome = commands::publishers::update(
            pool,
            context.command(),
            id,
            version,
            input.into(),
            members,
        )
        .await;
        let (publisher, errors) = settle(context, outcome, UpdatePublisherError::new)?;
        Ok(UpdatePublisherPayload {
            publisher: publisher.map(PublisherType),
            errors,
        })
    }
}
