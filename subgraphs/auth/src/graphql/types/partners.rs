//! Partners, their clients and their tokens.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject};
use coko_core::Result;
use time::OffsetDateTime;

use crate::graphql::loader::{Clients, Tokens};
use crate::model::{Partner, PartnerClient, PartnerToken};

/// An organisation whose applications read through persisted operations.
pub(crate) struct PartnerType(pub(crate) Partner);

/// An organisation whose applications read through persisted operations.
#[Object(name = "Partner")]
impl PartnerType {
    /// Its short name, which its tokens carry.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The e-mail address to write to.
    async fn contact(&self) -> &str {
        &self.0.contact
    }

    /// Since when it is a partner.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// Its applications, by short name.
    async fn clients(&self, context: &Context<'_>) -> Result<Vec<PartnerClientType>> {
        let loader = context.data_unchecked::<DataLoader<Clients>>();
        let clients = loader
            .load_one(self.0.slug.clone())
            .await?
            .unwrap_or_default();
        Ok(clients.into_iter().map(PartnerClientType).collect())
    }
}

/// An application of a partner.
pub(crate) struct PartnerClientType(pub(crate) PartnerClient);

/// An application of a partner.
#[Object(name = "PartnerClient")]
impl PartnerClientType {
    /// Its short name, which its tokens carry.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it may do, as `resource:action`.
    async fn rights(&self) -> &[String] {
        &self.0.rights
    }

    /// Since when it exists.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// Since when it is shut out.
    async fn disabled_at(&self) -> Option<OffsetDateTime> {
        self.0.disabled_at
    }

    /// Its live tokens, newest first.
    async fn tokens(&self, context: &Context<'_>) -> Result<Vec<PartnerTokenType>> {
        let loader = context.data_unchecked::<DataLoader<Tokens>>();
        let tokens = loader
            .load_one(self.0.slug.clone())
            .await?
            .unwrap_or_default();
        Ok(tokens.into_iter().map(PartnerTokenType::from).collect())
    }
}

/// A token that was minted for a partner's application.
#[derive(SimpleObject)]
#[graphql(name = "PartnerToken")]
pub(crate) struct PartnerTokenType {
    /// Identifies the token.
    id: ID,
    /// When it was minted.
    created_at: OffsetDateTime,
    /// When it ends.
    expires_at: OffsetDateTime,
}

impl From<PartnerToken> for PartnerTokenType {
    fn from(token: PartnerToken) -> Self {
        Self {
            id: token.id.into(),
            created_at: token.created_at,
            expires_at: token.expires_at,
        }
    }
}
