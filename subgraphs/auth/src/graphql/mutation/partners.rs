//! What operators do for partners.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use super::{auth, key};
use crate::commands::partner;
use crate::error::{
    CreatePartnerClientError, CreatePartnerError, DisablePartnerClientError, MintPartnerTokenError,
    RevokePartnerTokenError,
};
use crate::graphql::types::{PartnerClientType, PartnerTokenType, PartnerType};

/// A new partner.
#[derive(InputObject)]
struct CreatePartnerInput {
    /// Its short name: 3 to 40 lower-case letters, digits and inner hyphens.
    slug: String,
    /// Its name, 1 to 80 characters.
    name: String,
    /// The e-mail address to write to.
    contact: String,
}

/// What `createPartner` did.
#[derive(SimpleObject)]
struct CreatePartnerPayload {
    /// The partner.
    partner: Option<PartnerType>,
    /// Why it was refused.
    errors: Vec<CreatePartnerError>,
}

/// A new application of a partner.
#[derive(InputObject)]
struct CreatePartnerClientInput {
    /// The partner's short name.
    partner: String,
    /// The client's short name: 3 to 40 lower-case letters, digits and inner hyphens.
    slug: String,
    /// Its name, 1 to 80 characters.
    name: String,
    /// What it may do, as `resource:action`.
    rights: Vec<String>,
}

/// What `createPartnerClient` did.
#[derive(SimpleObject)]
struct CreatePartnerClientPayload {
    /// The client.
    client: Option<PartnerClientType>,
    /// Why it was refused.
    errors: Vec<CreatePartnerClientError>,
}

/// A token to mint.
#[derive(InputObject)]
struct MintPartnerTokenInput {
    /// The client's short name.
    client: String,
    /// How long it works, 1 to 365 days.
    expires_in_days: i32,
}

/// What `mintPartnerToken` did.
#[derive(SimpleObject)]
struct MintPartnerTokenPayload {
    /// The token itself, a biscuit; it is shown this once. Narrow it before handing it to an application.
    token: Option<String>,
    /// What is known of it.
    partner_token: Option<PartnerTokenType>,
    /// Why it was refused.
    errors: Vec<MintPartnerTokenError>,
}

/// The token to end.
#[derive(InputObject)]
struct RevokePartnerTokenInput {
    /// Its id.
    id: ID,
}

/// What `revokePartnerToken` did.
#[derive(SimpleObject)]
struct RevokePartnerTokenPayload {
    /// The token that ended, with every token narrowed from it.
    id: Option<ID>,
    /// Why it was refused.
    errors: Vec<RevokePartnerTokenError>,
}

/// The client to shut out.
#[derive(InputObject)]
struct DisablePartnerClientInput {
    /// The client's short name.
    client: String,
}

/// What `disablePartnerClient` did.
#[derive(SimpleObject)]
struct DisablePartnerClientPayload {
    /// The client.
    client: Option<PartnerClientType>,
    /// Why it was refused.
    errors: Vec<DisablePartnerClientError>,
}

/// What operators do for partners.
#[derive(Default)]
pub(super) struct PartnerMutation;

/// What operators do for partners.
#[Object]
impl PartnerMutation {
    /// Records a partner. Requires `partners:manage`.
    async fn create_partner(
        &self,
        context: &Context<'_>,
        input: CreatePartnerInput,
    ) -> Result<CreatePartnerPayload> {
        let outcome = partner::create(
            context.command(),
            auth(context),
            &input.slug,
            &input.name,
            &input.contact,
        )
        .await;
        let (partner, errors) = settle(context, outcome, CreatePartnerError::new)?;
        Ok(CreatePartnerPayload {
            partner: partner.map(PartnerType),
            errors,
        })
    }

    /// Records an application of a partner. Requires `partners:manage`.
    async fn create_partner_client(
        &self,
        context: &Context<'_>,
        input: CreatePartnerClientInput,
    ) -> Result<CreatePartnerClientPayload> {
        let (partner, slug, name, rights) = (input.partner, input.slug, input.name, input.rights);
        let outcome = partner::create_client(
            context.command(),
            auth(context),
            &partner,
            &slug,
            &name,
            &rights,
        )
        .await;
        let (client, errors) = settle(context, outcome, CreatePartnerClientError::new)?;
        Ok(CreatePartnerClientPayload {
            client: client.map(PartnerClientType),
            errors,
        })
    }

    /// Mints a token for a partner's application. Requires `partners:manage`.
    async fn mint_partner_token(
        &self,
        context: &Context<'_>,
        input: MintPartnerTokenInput,
    ) -> Result<MintPartnerTokenPayload> {
        let outcome = partner::mint_token(
            context.command(),
            auth(context),
            &input.client,
            input.expires_in_days,
        )
        .await;
        let (minted, errors) = settle(context, outcome, MintPartnerTokenError::new)?;
        let (partner_token, token) = minted.map(|(known, token)| (known.into(), token)).unzip();
        Ok(MintPartnerTokenPayload {
            token,
            partner_token,
            errors,
        })
    }

    /// Ends a partner's token and everything narrowed from it, everywhere within a second. Requires `partners:manage`.
    async fn revoke_partner_token(
        &self,
        context: &Context<'_>,
        input: RevokePartnerTokenInput,
    ) -> Result<RevokePartnerTokenPayload> {
        let outcome = partner::revoke_token(context.command(), auth(context), key(&input.id)).await;
        let (ended, errors) = settle(context, outcome, RevokePartnerTokenError::new)?;
        Ok(RevokePartnerTokenPayload {
            id: ended.map(Into::into),
            errors,
        })
    }

    /// Shuts an application of a partner out for good: all its tokens end. Requires `partners:manage`.
    async fn disable_partner_client(
        &self,
        context: &Context<'_>,
        input: DisablePartnerClientInput,
    ) -> Result<DisablePartnerClientPayload> {
        let outcome =
            partner::disable_client(context.command(), auth(context), &input.client).await;
        let (client, errors) = settle(context, outcome, DisablePartnerClientError::new)?;
        Ok(DisablePartnerClientPayload {
            client: client.map(PartnerClientType),
            errors,
        })
    }
}
