//! Personal access tokens: named, expiring, never able to do more than their owner.

use std::collections::BTreeSet;

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome, Refusals};
use coko_core::identity::{Right, UserGrant, session_key};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::{Auth, audit, require_session};
use crate::error::{
    CreatePersonalAccessTokenErrorCode as Create, RevokePersonalAccessTokenErrorCode, limits,
};
use crate::model::{PersonalAccessToken, Subject};
use crate::store;

/// Makes a token for the account that asks; the biscuit is shown this once.
pub(crate) async fn create(
    context: &CommandContext,
    auth: &Auth,
    name: &str,
    scopes: &[String],
    days: i32,
) -> Outcome<(PersonalAccessToken, String), Create> {
    context.viewer.require_user()?;
    let mut refusals = Refusals::default();
    let name = refusals.check(text::line(name, limits::NAME), Create::NameInvalid, "name");
    let rights = refusals.check(parse_rights(scopes), Create::ScopeInvalid, "scopes");
    let days = refusals.check(lifetime(days), Create::ExpiryInvalid, "expiresInDays");
    refusals.finish(())?;
    let (Some(name), Some(rights), Some(days)) = (name, rights, days) else {
        return Err(Failure::Refused(Vec::new()));
    };
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            let session = require_session(context, connection).await?;
            if rights
                .iter()
                .any(|right| !context.viewer.can(right.resource(), right.action()))
            {
                return Err(Failure::field(Create::ScopeNotYours, "scopes"));
            }
            // The account's row serialises two requests that would both be the last one allowed.
            store::accounts::lock(connection, session.user_id).await?;
            store::tokens::retire_expired(connection, session.user_id, context.now).await?;
            if store::tokens::live_of(connection, session.user_id, context.now)
                .await?
                .len()
                >= limits::TOKENS
            {
                return Err(Failure::whole(Create::TooMany));
            }
            let token = PersonalAccessToken {
                id: context.id(),
                user_id: session.user_id,
                name,
                scopes: rights.iter().map(ToString::to_string).collect(),
                created_at: context.now,
                expires_at: context.now + days,
                revoked_at: None,
            };
            if !store::tokens::insert(connection, &token).await? {
                return Err(Failure::field(Create::NameTaken, "name"));
            }
            let minted = auth.minter.user(&UserGrant {
                user: session.user_id,
                session: token.id,
                roles: Vec::new(),
                rights: rights.into_iter().collect(),
                plan: None,
                expires_at: token.expires_at,
            })?;
            let values = Some(json!({ "scopes": token.scopes, "days": days.whole_days() }));
            audit(
                connection,
                context,
                "token.created",
                Subject::Token(token.id),
                (None, values),
            )
            .await?;
            Ok((token, minted.token))
        })
        .await
}

/// Permissions as a set; at least one and at most [`limits::SCOPES`].
pub(crate) fn parse_rights(texts: &[String]) -> Result<BTreeSet<Right>, ()> {
    if texts.is_empty() || texts.len() > limits::SCOPES {
        return Err(());
    }
    texts
        .iter()
        .map(|text| text.parse().map_err(|_| ()))
        .collect()
}

/// A lifetime of 1 to [`limits::TOKEN_DAYS`] days.
pub(crate) fn lifetime(days: i32) -> Result<Duration, ()> {
    match usize::try_from(days) {
        Ok(1..=limits::TOKEN_DAYS) => Ok(Duration::days(i64::from(days))),
        _ => Err(()),
    }
}

/// Ends a token of the account that asks.
pub(crate) async fn revoke(
    context: &CommandContext,
    auth: &Auth,
    id: Uuid,
) -> Outcome<Uuid, RevokePersonalAccessTokenErrorCode> {
    let mut connection = auth.pool.get().await?;
    let ended = connection
        .transaction(async |connection| {
            let session = require_session(context, connection).await?;
            end(context, connection, session.user_id, Some(&[id])).await
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    match ended {
        0 => Err(Failure::field(
            RevokePersonalAccessTokenErrorCode::TokenNotFound,
            "id",
        )),
        _ => Ok(id),
    }
}

/// Ends live tokens of an account (`only` these, or all) within a transaction; the caller broadcasts after it.
pub(crate) async fn end(
    context: &CommandContext,
    connection: &mut Connection,
    user: Uuid,
    only: Option<&[Uuid]>,
) -> coko_core::Result<usize> {
    let ended = store::tokens::revoke(connection, user, only, context.now).await?;
    let keys: Vec<_> = ended
        .iter()
        .map(|token| (session_key(token.id), token.expires_at))
        .collect();
    if !keys.is_empty() {
        store::sessions::insert_revocations(connection, &keys).await?;
    }
    for token in &ended {
        audit(
            connection,
            context,
            "token.revoked",
            Subject::Token(token.id),
            (None, None),
        )
        .await?;
    }
    Ok(ended.len())
}
