//! Partners, their clients, and the tokens that operators mint for them.
//!
//! A client's token carries its rights and no more; its partner narrows it offline before handing it on.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome, Refusals};
use coko_core::identity::{PartnerGrant, Right, client_key};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::personal_token::{lifetime, parse_rights};
use super::{Auth, audit};
use crate::error::{
    CreatePartnerClientErrorCode as CreateClient, CreatePartnerErrorCode as Create,
    DisablePartnerClientErrorCode, MintPartnerTokenErrorCode as Mint, RevokePartnerTokenErrorCode,
    limits,
};
use crate::model::{Email, Partner, PartnerClient, PartnerToken, Subject, is_slug};
use crate::store;

/// Records a partner organisation.
pub(crate) async fn create(
    context: &CommandContext,
    auth: &Auth,
    slug: &str,
    name: &str,
    contact: &str,
) -> Outcome<Partner, Create> {
    context.viewer.require("partners", "manage")?;
    let mut refusals = Refusals::default();
    if !is_slug(slug) {
        refusals.add(Create::SlugInvalid, "slug");
    }
    let name = refusals.check(text::line(name, limits::NAME), Create::NameInvalid, "name");
    let contact = refusals.check(Email::parse(contact), Create::ContactInvalid, "contact");
    refusals.finish(())?;
    let partner = Partner {
        slug: slug.to_owned(),
        name: name.unwrap_or_default(),
        contact: contact
            .map(|contact| contact.to_string())
            .unwrap_or_default(),
        created_at: context.now,
        created_by: context.viewer.user_id(),
    };
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            if !store::partners::insert(connection, &partner).await? {
                return Err(Failure::field(Create::SlugTaken, "slug"));
            }
            audit(
                connection,
                context,
                "partner.created",
                Subject::Partner(slug),
                (None, None),
            )
            .await?;
            Ok(())
        })
        .await?;
    Ok(partner)
}

/// Records an application of a partner with what it may do.
pub(crate) async fn create_client(
    context: &CommandContext,
    auth: &Auth,
    partner: &str,
    slug: &str,
    name: &str,
    rights: &[String],
) -> Outcome<PartnerClient, CreateClient> {
    context.viewer.require("partners", "manage")?;
    let mut refusals = Refusals::default();
    if !is_slug(slug) {
        refusals.add(CreateClient::SlugInvalid, "slug");
    }
    let name = refusals.check(
        text::line(name, limits::NAME),
        CreateClient::NameInvalid,
        "name",
    );
    let rights = refusals.check(parse_rights(rights), CreateClient::RightInvalid, "rights");
    refusals.finish(())?;
    let client = PartnerClient {
        slug: slug.to_owned(),
        partner: partner.to_owned(),
        name: name.unwrap_or_default(),
        rights: rights.iter().flatten().map(ToString::to_string).collect(),
        created_at: context.now,
        disabled_at: None,
    };
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            if store::partners::by_slug(connection, partner)
                .await?
                .is_none()
            {
                return Err(Failure::field(CreateClient::PartnerNotFound, "partner"));
            }
            if !store::partners::insert_client(connection, &client).await? {
                return Err(Failure::field(CreateClient::SlugTaken, "slug"));
            }
            let values = Some(json!({ "partner": partner, "rights": client.rights }));
            audit(
                connection,
                context,
                "partner_client.created",
                Subject::Client(slug),
                (None, values),
            )
            .await?;
            Ok(())
        })
        .await?;
    Ok(client)
}

/// Mints a token for a client; the biscuit is shown this once.
pub(crate) async fn mint_token(
    context: &CommandContext,
    auth: &Auth,
    client: &str,
    days: i32,
) -> Outcome<(PartnerToken, String), Mint> {
    context.viewer.require("partners", "manage")?;
    let life = lifetime(days).map_err(|()| Failure::field(Mint::ExpiryInvalid, "expiresInDays"))?;
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            let client = store::partners::lock_client(connection, client)
                .await?
                .filter(|client| client.disabled_at.is_none())
                .ok_or_else(|| Failure::field(Mint::ClientNotFound, "client"))?;
            let rights = client
                .rights
                .iter()
                .filter_map(|right| right.parse::<Right>().ok())
                .collect();
            let minted = auth.minter.partner(&PartnerGrant {
                partner: client.partner.clone(),
                client: client.slug.clone(),
                rights,
                expires_at: context.now + life,
            })?;
            let token = PartnerToken {
                id: context.id(),
                client: client.slug,
                revocation_id: minted.revocation_id,
                created_at: context.now,
                created_by: context.viewer.user_id(),
                expires_at: minted.expires_at,
                revoked_at: None,
            };
            store::partners::insert_token(connection, &token).await?;
            let values = Some(json!({ "client": token.client, "days": days }));
            audit(
                connection,
                context,
                "partner_token.minted",
                Subject::Token(token.id),
                (None, values),
            )
            .await?;
            Ok((token, minted.token))
        })
        .await
}

/// Ends a client's token and everything narrowed from it.
pub(crate) async fn revoke_token(
    context: &CommandContext,
    auth: &Auth,
    id: Uuid,
) -> Outcome<Uuid, RevokePartnerTokenErrorCode> {
    context.viewer.require("partners", "manage")?;
    let mut connection = auth.pool.get().await?;
    connection
        .transaction::<_, Failure<RevokePartnerTokenErrorCode>, _>(async |connection| {
            let token = store::partners::revoke_token(connection, id, context.now)
                .await?
                .ok_or_else(|| Failure::field(RevokePartnerTokenErrorCode::TokenNotFound, "id"))?;
            store::sessions::insert_revocations(
                connection,
                &[(token.revocation_id, token.expires_at)],
            )
            .await?;
            audit(
                connection,
                context,
                "partner_token.revoked",
                Subject::Token(id),
                (None, None),
            )
            .await?;
            Ok(())
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    Ok(id)
}

/// Shuts a client out for good: every token it has ends, and none can be minted any more.
pub(crate) async fn disable_client(
    context: &CommandContext,
    auth: &Auth,
    slug: &str,
) -> Outcome<PartnerClient, DisablePartnerClientErrorCode> {
    context.viewer.require("partners", "manage")?;
    let mut connection = auth.pool.get().await?;
    let client = connection
        .transaction::<_, Failure<DisablePartnerClientErrorCode>, _>(async |connection| {
            let client = store::partners::disable_client(connection, slug, context.now)
                .await?
                .ok_or_else(|| {
                    Failure::field(DisablePartnerClientErrorCode::ClientNotFound, "client")
                })?;
            let longest = i64::try_from(limits::TOKEN_DAYS).unwrap_or(i64::MAX);
            let key = client_key(&client.partner, &client.slug);
            store::sessions::insert_revocations(
                connection,
                &[(key, context.now + Duration::days(longest))],
            )
            .await?;
            audit(
                connection,
                context,
                "partner_client.disabled",
                Subject::Client(slug),
                (None, None),
            )
            .await?;
            Ok(client)
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    Ok(client)
}
