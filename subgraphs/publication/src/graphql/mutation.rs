//! Root mutations. Each answers with the new state, or with the reasons for which it refused.

mod contracts;
mod manuscripts;
mod organizations;
mod payouts;
mod workflow;

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, MergedObject};
use coko_core::Result;
use uuid::Uuid;

use super::loader::Manuscripts;
use super::types::ManuscriptType;

/// Root mutations of publication.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(
    organizations::OrganizationMutation,
    manuscripts::ManuscriptMutation,
    workflow::WorkflowMutation,
    contracts::ContractMutation,
    payouts::PayoutMutation,
);

/// A manuscript as it is now, where the viewer may see it.
async fn read_back(
    context: &Context<'_>,
    manuscript: Option<Uuid>,
) -> Result<Option<ManuscriptType>> {
    let Some(manuscript) = manuscript else {
        return Ok(None);
    };
    let loader = context.data_unchecked::<DataLoader<Manuscripts>>();
    Ok(loader.load_one(manuscript).await?.map(ManuscriptType))
}
