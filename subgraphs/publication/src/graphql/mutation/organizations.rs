//! Organisations and their members.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use crate::commands::organizations;
use crate::error::{OrganizationError, OrganizationMemberError};
use crate::graphql::loader::Organizations;
use crate::graphql::types::OrganizationType;
use crate::graphql::{key, publishing};
use crate::model::{MemberRole, OrganizationKind};

/// An organisation to make.
#[derive(InputObject)]
struct CreatePublishingOrganizationInput {
    /// What it is.
    kind: OrganizationKind,
    /// Its name, at most 200 characters, which no other organisation has.
    name: String,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
}

/// An organisation to change.
#[derive(InputObject)]
struct UpdatePublishingOrganizationInput {
    /// The organisation.
    organization_id: ID,
    /// The version that was seen.
    version: i64,
    /// Its name, at most 200 characters, which no other organisation has.
    name: String,
    /// ISO 3166-1 alpha-2; none when it is left out.
    country: Option<String>,
}

/// A member to add, change or remove.
#[derive(InputObject)]
struct SetOrganizationMemberInput {
    /// The organisation.
    organization_id: ID,
    /// The account.
    user_id: ID,
    /// What they do for it; none removes them.
    role: Option<MemberRole>,
}

/// What a mutation of an organisation did.
#[derive(SimpleObject)]
struct PublishingOrganizationPayload {
    /// The organisation as it is now; null when refused.
    organization: Option<OrganizationType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<OrganizationError>,
}

/// What `setOrganizationMember` did.
#[derive(SimpleObject)]
struct SetOrganizationMemberPayload {
    /// The organisation as it is now; null when refused.
    organization: Option<OrganizationType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<OrganizationMemberError>,
}

#[derive(Default)]
pub(super) struct OrganizationMutation;

#[Object]
impl OrganizationMutation {
    /// Makes an organisation, which the viewer then owns. Needs `books:publish`.
    async fn create_publishing_organization(
        &self,
        context: &Context<'_>,
        input: CreatePublishingOrganizationInput,
    ) -> Result<PublishingOrganizationPayload> {
        let service = publishing(context);
        let outcome = organizations::create(
            context.command(),
            service,
            input.kind,
            &input.name,
            input.country,
        )
        .await;
        let (organization, errors) = settle(context, outcome, OrganizationError::new)?;
        Ok(PublishingOrganizationPayload {
            organization: organization.map(OrganizationType),
            errors,
        })
    }

    /// Changes an organisation that the viewer owns. Needs `books:publish`.
    async fn update_publishing_organization(
        &self,
        context: &Context<'_>,
        input: UpdatePublishingOrganizationInput,
    ) -> Result<PublishingOrganizationPayload> {
        let service = publishing(context);
        let which = (key(&input.organization_id), input.version);
        let command = context.command();
        let outcome =
            organizations::update(command, service, which, &input.name, input.country).await;
        let (organization, errors) = settle(context, outcome, OrganizationError::new)?;
        Ok(PublishingOrganizationPayload {
            organization: organization.map(OrganizationType),
            errors,
        })
    }

    /// Adds, changes or removes a member of an organisation that the viewer owns; anyone may leave. Needs `books:publish`.
    async fn set_organization_member(
        &self,
        context: &Context<'_>,
        input: SetOrganizationMemberInput,
    ) -> Result<SetOrganizationMemberPayload> {
        let service = publishing(context);
        let (organization, user) = (key(&input.organization_id), key(&input.user_id));
        let command = context.command();
        let outcome =
            organizations::set_member(command, service, organization, user, input.role).await;
        let (organization, errors) = settle(context, outcome, OrganizationMemberError::new)?;
        let organization = match organization {
            Some(id) => {
                let loader = context.data_unchecked::<DataLoader<Organizations>>();
                loader.load_one(id).await?.map(OrganizationType)
            }
            None => None,
        };
        Ok(SetOrganizationMemberPayload {
            organization,
            errors,
        })
    }
}
