//! Contracts.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use time::Date;

use super::read_back;
use crate::commands::contracts::{self, Agreed};
use crate::error::{ContractError, EndContractError};
use crate::graphql::types::ManuscriptType;
use crate::graphql::{key, publishing};
use crate::model::PayeeKind;

/// Who gets a part.
#[derive(InputObject)]
struct ContractPartyInput {
    /// The account or the organisation.
    payee_id: ID,
    /// Which of both.
    kind: PayeeKind,
    /// Basis points of what the platform does not keep: 1 to 10,000.
    share: i32,
}

/// A contract to make.
#[derive(InputObject)]
struct CreatePublishingContractInput {
    /// The manuscript.
    manuscript_id: ID,
    /// Countries by ISO 3166-1 alpha-2; none is the whole world.
    #[graphql(default)]
    territory: Vec<String>,
    /// The first day; today when it is left out.
    starts_on: Option<Date>,
    /// The last day; none while it is open-ended.
    ends_on: Option<Date>,
    /// Who gets which part, at most 50; the shares sum to 10,000.
    parties: Vec<ContractPartyInput>,
}

/// A contract to end.
#[derive(InputObject)]
struct EndPublishingContractInput {
    /// The contract.
    contract_id: ID,
    /// The last day, today at the earliest.
    ends_on: Date,
}

/// What `createPublishingContract` did.
#[derive(SimpleObject)]
struct CreatePublishingContractPayload {
    /// The manuscript with its contracts; null when refused.
    manuscript: Option<ManuscriptType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ContractError>,
}

/// What `endPublishingContract` did.
#[derive(SimpleObject)]
struct EndPublishingContractPayload {
    /// The manuscript with its contracts; null when refused.
    manuscript: Option<ManuscriptType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<EndContractError>,
}

#[derive(Default)]
pub(super) struct ContractMutation;

#[Object]
impl ContractMutation {
    /// Agrees who gets which part of what a manuscript earns from now on; what is not agreed goes to the organisation. Needs
    /// `books:publish` and `royalties:manage`, and to own the organisation.
    async fn create_publishing_contract(
        &self,
        context: &Context<'_>,
        input: CreatePublishingContractInput,
    ) -> Result<CreatePublishingContractPayload> {
        let parties = input.parties.iter();
        let agreed = Agreed {
            manuscript: key(&input.manuscript_id),
            territory: input.territory,
            starts_on: input.starts_on,
            ends_on: input.ends_on,
            parties: parties
                .map(|party| (key(&party.payee_id), party.kind, party.share))
                .collect(),
        };
        let outcome = contracts::create(context.command(), publishing(context), agreed).await;
        let (manuscript, errors) = settle(context, outcome, ContractError::new)?;
        let manuscript = read_back(context, manuscript).await?;
        Ok(CreatePublishingContractPayload { manuscript, errors })
    }

    /// Sets the last day of a contract. Needs what `createPublishingContract` needs.
    async fn end_publishing_contract(
        &self,
        context: &Context<'_>,
        input: EndPublishingContractInput,
    ) -> Result<EndPublishingContractPayload> {
        let contract = key(&input.contract_id);
        let (command, service) = (context.command(), publishing(context));
        let outcome = contracts::end(command, service, contract, input.ends_on).await;
        let (manuscript, errors) = settle(context, outcome, EndContractError::new)?;
        let manuscript = read_back(context, manuscript).await?;
        Ok(EndPublishingContractPayload { manuscript, errors })
    }
}
