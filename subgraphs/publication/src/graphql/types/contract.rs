//! Contracts.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{OrganizationType, UserRef};
use crate::graphql::loader::{Organizations, Parties};
use crate::model::{Contract, Party, PayeeKind};

/// What was agreed about a manuscript.
#[derive(Clone)]
pub(crate) struct ContractType(pub(crate) Contract);

/// What was agreed about a manuscript.
#[Object(name = "PublishingContract")]
impl ContractType {
    /// Identifies the contract.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Countries by ISO 3166-1 alpha-2; none is the whole world, as far as no other contract is for a country.
    async fn territory(&self) -> &[String] {
        &self.0.territory.0
    }

    /// The first day.
    async fn starts_on(&self) -> Date {
        self.0.starts_on
    }

    /// The last day; null while it is open-ended.
    async fn ends_on(&self) -> Option<Date> {
        self.0.ends_on
    }

    /// What the platform keeps of a sale, in basis points.
    async fn platform_share(&self) -> i32 {
        self.0.platform_share
    }

    /// Who gets which part of the rest; the shares sum to 10,000.
    async fn parties(&self, context: &Context<'_>) -> Result<Vec<PartyType>> {
        let loader = context.data_unchecked::<DataLoader<Parties>>();
        let parties = loader.load_one(self.0.id).await?.unwrap_or_default();
        Ok(parties.into_iter().map(PartyType).collect())
    }

    /// When it was made.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

/// Who gets a part.
pub(crate) struct PartyType(Party);

/// Who gets a part of what a manuscript earns.
#[Object(name = "ContractParty")]
impl PartyType {
    /// Who.
    async fn payee(&self) -> PayeeType {
        PayeeType {
            id: self.0.payee_id,
            kind: self.0.payee_kind,
        }
    }

    /// Basis points of what the platform does not keep: 1 to 10,000.
    async fn share(&self) -> i32 {
        self.0.share
    }
}

/// Somebody who is paid.
#[derive(Clone, Copy)]
pub(crate) struct PayeeType {
    pub(crate) id: Uuid,
    pub(crate) kind: PayeeKind,
}

/// Somebody who is paid: a person or an organisation.
#[Object(name = "RoyaltyPayee")]
impl PayeeType {
    /// Identifies the account or the organisation.
    async fn id(&self) -> ID {
        self.id.into()
    }

    /// Which of both.
    async fn kind(&self) -> PayeeKind {
        self.kind
    }

    /// The person.
    async fn user(&self) -> Option<UserRef> {
        (self.kind == PayeeKind::User).then(|| self.id.into())
    }

    /// The organisation.
    async fn organization(&self, context: &Context<'_>) -> Result<Option<OrganizationType>> {
        if self.kind != PayeeKind::Organization {
            return Ok(None);
        }
        let loader = context.data_unchecked::<DataLoader<Organizations>>();
        Ok(loader.load_one(self.id).await?.map(OrganizationType))
    }
}
