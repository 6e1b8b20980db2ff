//! Organisations and their members.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::Result;
use time::OffsetDateTime;

use super::UserRef;
use crate::graphql::loader::{Members, Roles};
use crate::model::{Member, MemberRole, Organization, OrganizationKind};

/// A publishing house, or authors who publish by themselves.
#[derive(Clone)]
pub(crate) struct OrganizationType(pub(crate) Organization);

/// A publishing house, or authors who publish by themselves.
#[Object(name = "PublishingOrganization")]
impl OrganizationType {
    /// Identifies the organisation.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is.
    async fn kind(&self) -> OrganizationKind {
        self.0.kind
    }

    /// Its name, which no other organisation has.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// ISO 3166-1 alpha-2.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// Rises with every change; `updateOrganization` wants the one that was seen.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When it was made.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// What the viewer does for it; null for whoever is no member.
    async fn my_role(&self, context: &Context<'_>) -> Result<Option<MemberRole>> {
        let loader = context.data_unchecked::<DataLoader<Roles>>();
        loader.load_one(self.0.id).await
    }

    /// Who acts for it, at most 200, the oldest first; null for whoever is no member.
    async fn members(&self, context: &Context<'_>) -> Result<Option<Vec<MemberType>>> {
        let roles = context.data_unchecked::<DataLoader<Roles>>();
        if roles.load_one(self.0.id).await?.is_none() {
            return Ok(None);
        }
        let loader = context.data_unchecked::<DataLoader<Members>>();
        let members = loader.load_one(self.0.id).await?.unwrap_or_default();
        Ok(Some(members.into_iter().map(MemberType).collect()))
    }
}

/// Someone who acts for an organisation.
pub(crate) struct MemberType(Member);

/// Someone who acts for an organisation.
#[Object(name = "OrganizationMember")]
impl MemberType {
    /// Who.
    async fn user(&self) -> UserRef {
        self.0.user_id.into()
    }

    /// What they do for it.
    async fn role(&self) -> MemberRole {
        self.0.role
    }

    /// Since when.
    async fn added_at(&self) -> OffsetDateTime {
        self.0.added_at
    }
}
