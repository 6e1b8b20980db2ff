//! Refresh tokens: exchanged once; the second use of one condemns its whole family.

use coko_core::context::CommandContext;
use coko_core::crypto::token_hash;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome};
use diesel_async::AsyncConnection as _;
use time::Duration;

use super::Auth;
use super::session::{SignedIn, end, give_tokens};
use crate::error::RefreshErrorCode;
use crate::model::{RefreshVerdict, RevokeReason, Session, Status};
use crate::store;

/// What became of a refresh, decided and committed in one transaction.
enum Refreshed {
    Rotated(Box<SignedIn>),
    Refused(RefreshErrorCode),
    Stolen,
}

/// Exchanges a refresh token for the next one and an access token; one that was exchanged before ends its whole family.
pub(crate) async fn refresh(
    context: &CommandContext,
    auth: &Auth,
    token: &str,
) -> Outcome<SignedIn, RefreshErrorCode> {
    let hash = token_hash(token);
    let mut connection = auth.pool.get().await?;
    let refreshed = connection
        .transaction(async |connection| refresh_in(context, auth, connection, &hash).await)
        .await
        .map_err(Failure::from)?;
    drop(connection);
    match refreshed {
        Refreshed::Rotated(signed_in) => Ok(*signed_in),
        Refreshed::Refused(code) => Err(Failure::field(code, "refreshToken")),
        Refreshed::Stolen => {
            auth.broadcast_or_log().await;
            Err(Failure::field(
                RefreshErrorCode::TokenInvalid,
                "refreshToken",
            ))
        }
    }
}

async fn refresh_in(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    hash: &[u8],
) -> coko_core::Result<Refreshed> {
    let Some((token, session)) = store::sessions::lock_refresh(connection, hash).await? else {
        return Ok(Refreshed::Refused(RefreshErrorCode::TokenInvalid));
    };
    match token.judge(session.is_live(context.now), context.now) {
        RefreshVerdict::Over => Ok(Refreshed::Refused(RefreshErrorCode::TokenInvalid)),
        RefreshVerdict::Reused => {
            tracing::warn!(session = %session.id, "a spent refresh token came back: the session is ended");
            metrics::counter!("refresh_reuse_total").increment(1);
            end(
                context,
                auth,
                connection,
                session.user_id,
                Some(session.id),
                None,
                RevokeReason::RefreshReuse,
            )
            .await?;
            Ok(Refreshed::Stolen)
        }
        RefreshVerdict::Rotate => {
            let Some(account) = store::accounts::by_id(connection, session.user_id).await? else {
                return Ok(Refreshed::Refused(RefreshErrorCode::TokenInvalid));
            };
            if account.status != Status::Active {
                return Ok(Refreshed::Refused(RefreshErrorCode::AccountSuspended));
            }
            store::sessions::spend_refresh(connection, hash, context.now).await?;
            let lifetimes = auth.config.lifetimes;
            let last = session.created_at + Duration::days(lifetimes.session_days);
            let session = Session {
                last_used_at: context.now,
                expires_at: (context.now + Duration::days(lifetimes.refresh_days)).min(last),
                address: context.address.map(|address| address.to_string()),
                agent: context.agent.clone(),
                ..session
            };
            store::sessions::touch(connection, &session).await?;
            let signed_in = give_tokens(context, auth, connection, account, session).await?;
            Ok(Refreshed::Rotated(Box::new(signed_in)))
        }
    }
}
