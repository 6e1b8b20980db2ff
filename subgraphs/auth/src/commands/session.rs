//! Sessions: how one begins, is refreshed, and ends.

use coko_core::context::CommandContext;
use coko_core::crypto::token_hash;
use coko_core::database::Connection;
use coko_core::events::auth::{SessionRevoked, UserLogin};
use coko_core::graphql::{Failure, Outcome};
use coko_core::identity::{Minted, UserGrant};
use coko_core::{Code, Error, outbox, text};
use diesel_async::AsyncConnection as _;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Auth, audit, compact, impersonation, require_session, session_revocations};
use crate::error::{
    LoginErrorCode, LogoutErrorCode, LogoutEverywhereErrorCode, RevokeSessionErrorCode,
};
use crate::model::{
    Account, Change, Email, Method, RefreshToken, RevokeReason, Session, Status, Subject,
    prepare_password,
};
use crate::store;

/// The longest password that is worth hashing at a sign-in.
const MAX_PASSWORD_BYTES: usize = 1024;

/// A session and the tokens that were just given out for it.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub account: Account,
    pub session: Session,
    pub access: Minted,
    pub refresh: String,
    pub refresh_expires_at: OffsetDateTime,
}

/// Signs in with an address and a password.
pub(crate) async fn login(
    context: &CommandContext,
    auth: &Auth,
    email: &str,
    password: &str,
    device: Option<&str>,
) -> Outcome<SignedIn, LoginErrorCode> {
    let wrong = || Failure::whole(LoginErrorCode::CredentialsInvalid);
    auth.throttle(
        context,
        "login",
        &email.trim().to_lowercase(),
        auth.config.limits.login,
    )
    .await?;
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(wrong());
    }
    let mut connection = auth.pool.get().await?;
    let account = match Email::parse(email) {
        Ok(email) => store::accounts::by_email(&mut connection, email.as_str()).await?,
        Err(_) => None,
    };
    // No connection is held while the password is hashed, and one is hashed whether or not there is an account.
    drop(connection);
    let password = prepare_password(password);
    let stored = account
        .as_ref()
        .and_then(|account| account.password_hash.as_deref());
    let matches = auth.hasher.verify(password.clone(), stored).await?;
    let Some(account) = account.filter(|account| matches && account.status != Status::Pending)
    else {
        count(Method::Password, "refused");
        return Err(wrong());
    };
    if account.status == Status::Suspended {
        count(Method::Password, "suspended");
        return Err(Failure::whole(LoginErrorCode::AccountSuspended));
    }
    let rehash = match account.password_hash.as_deref() {
        Some(hash) if auth.hasher.is_stale(hash) => {
            Some(auth.hasher.hash(password, &context.entropy).await?)
        }
        _ => None,
    };
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            // Between the look and the lock the account may have changed.
            let now = store::accounts::lock(connection, account.id)
                .await?
                .ok_or_else(wrong)?;
            if now.password_hash != account.password_hash || !now.may_sign_in() {
                return Err(wrong());
            }
            if let Some(hash) = &rehash {
                store::accounts::set_password(connection, now.id, Some(hash), context.now).await?;
            }
            Ok(start(context, auth, connection, now, Method::Password, device).await?)
        })
        .await
}

/// Begins a session for an account that proved itself by `method`; its row is locked, and a pending deletion is cancelled.
pub(crate) async fn start(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    mut account: Account,
    method: Method,
    device: Option<&str>,
) -> coko_core::Result<SignedIn> {
    if let Ok(status) = account.status.after(Change::CancelDeletion) {
        store::accounts::set_status(connection, account.id, status, None, None, context.now)
            .await?;
        audit(
            connection,
            context,
            "account.deletion_cancelled",
            Subject::User(account.id),
            (None, None),
        )
        .await?;
        account.status = status;
        account.delete_after = None;
    }
    let expires_at = context.now + Duration::days(auth.config.lifetimes.refresh_days);
    let session = Session {
        id: context.id(),
        user_id: account.id,
        method,
        device: device
            .and_then(|device| text::line(&device.chars().take(80).collect::<String>(), 80).ok()),
        address: context.address.map(|address| address.to_string()),
        agent: context.agent.clone(),
        created_at: context.now,
        last_used_at: context.now,
        expires_at,
        revoked_at: None,
    };
    store::sessions::insert(connection, session.clone()).await?;
    audit(
        connection,
        context,
        "session.started",
        Subject::Session(session.id),
        (
            None,
            Some(json!({ "user": account.id, "method": method.as_str() })),
        ),
    )
    .await?;
    let event = UserLogin {
        user_id: account.id,
        session_id: session.id,
        method: method.as_str().to_owned(),
        at: context.now,
    };
    outbox::enqueue(connection, context, &event).await?;
    let signed_in = give_tokens(context, auth, connection, account, session).await?;
    count(method, "accepted");
    Ok(signed_in)
}

/// Gives a session its next refresh token and an access token with the account's rights of this moment.
pub(super) async fn give_tokens(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    account: Account,
    session: Session,
) -> coko_core::Result<SignedIn> {
    let refresh = context.entropy.token();
    let token = RefreshToken {
        token_hash: token_hash(&refresh),
        session_id: session.id,
        issued_at: context.now,
        expires_at: session.expires_at,
        spent_at: None,
    };
    store::sessions::insert_refresh(connection, &token).await?;
    let mut roles = store::roles::of(connection, &[account.id]).await?;
    let roles = roles.remove(&account.id).unwrap_or_default();
    let rights = compact(store::roles::rights(connection, Some(&roles)).await?);
    let plan = store::subscriptions::plan(connection, account.id, context.now).await?;
    let access = auth.minter.user(&UserGrant {
        user: account.id,
        session: session.id,
        roles,
        rights,
        plan,
        expires_at: context.now + Duration::minutes(auth.config.lifetimes.access_minutes),
    })?;
    Ok(SignedIn {
        refresh_expires_at: session.expires_at,
        account,
        session,
        access,
        refresh,
    })
}

/// Ends live sessions of an account (`only` one, or all `but` one) within a transaction, and what an operator began with any of
/// them: rows, audit, events, revocations.
/// The caller broadcasts once the transaction is committed.
pub(crate) async fn end(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    user: Uuid,
    only: Option<Uuid>,
    but: Option<Uuid>,
    reason: RevokeReason,
) -> coko_core::Result<Vec<Uuid>> {
    let ended = store::sessions::revoke(connection, user, only, but, reason, context.now).await?;
    if ended.is_empty() {
        return Ok(ended);
    }
    // A margin for verifiers whose clock is behind ours.
    let until = context.now + Duration::minutes(auth.config.lifetimes.access_minutes + 5);
    store::sessions::insert_revocations(connection, &session_revocations(&ended, until)).await?;
    impersonation::end_by(context, connection, user).await?;
    for session in &ended {
        let values = Some(json!({ "user": user, "reason": reason.as_str() }));
        audit(
            connection,
            context,
            "session.ended",
            Subject::Session(*session),
            (None, values),
        )
        .await?;
    }
    let events: Vec<_> = ended
        .iter()
        .map(|session| SessionRevoked {
            session_id: *session,
            user_id: user,
            reason: reason.as_str().to_owned(),
        })
        .collect();
    outbox::enqueue_all(connection, context, &events).await?;
    metrics::counter!("sessions_ended_total", "reason" => reason.as_str())
        .increment(ended.len() as u64);
    Ok(ended)
}

/// Ends the session that asks.
pub(crate) async fn logout(
    context: &CommandContext,
    auth: &Auth,
) -> Outcome<Uuid, LogoutErrorCode> {
    let user = context.viewer.require_user()?;
    // Whoever was handed a narrowed token must not end the session that it came from.
    if context.viewer.attenuated {
        return Err(Error::forbidden().into());
    }
    let session = context.viewer.session_id();
    let mut connection = auth.pool.get().await?;
    let ended = connection
        .transaction(async |connection| {
            end(
                context,
                auth,
                connection,
                user,
                session,
                None,
                RevokeReason::Logout,
            )
            .await
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    ended
        .first()
        .copied()
        .ok_or_else(|| Failure::whole(LogoutErrorCode::NotASession))
}

/// Ends every session of the account that asks, or every other one; returns how many.
pub(crate) async fn logout_everywhere(
    context: &CommandContext,
    auth: &Auth,
    keep_current: bool,
) -> Outcome<usize, LogoutEverywhereErrorCode> {
    let mut connection = auth.pool.get().await?;
    let ended = connection
        .transaction(async |connection| {
            let current = match require_session(context, connection).await {
                Err(error) if error.code() == Code::Forbidden && !context.viewer.attenuated => {
                    return Err(Failure::whole(LogoutEverywhereErrorCode::NotASession));
                }
                current => current?,
            };
            let kept = keep_current.then_some(current.id);
            let (user, reason) = (current.user_id, RevokeReason::Owner);
            Ok(end(context, auth, connection, user, None, kept, reason).await?)
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    Ok(ended.len())
}

/// Ends one session of the account that asks.
pub(crate) async fn revoke_session(
    context: &CommandContext,
    auth: &Auth,
    id: Uuid,
) -> Outcome<Uuid, RevokeSessionErrorCode> {
    let mut connection = auth.pool.get().await?;
    let ended = connection
        .transaction(async |connection| {
            let current = require_session(context, connection).await?;
            end(
                context,
                auth,
                connection,
                current.user_id,
                Some(id),
                None,
                RevokeReason::Owner,
            )
            .await
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    ended
        .first()
        .copied()
        .ok_or_else(|| Failure::field(RevokeSessionErrorCode::SessionNotFound, "id"))
}

fn count(method: Method, outcome: &'static str) {
    metrics::counter!("logins_total", "method" => method.as_str(), "outcome" => outcome)
        .increment(1);
}
