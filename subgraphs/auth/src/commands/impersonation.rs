//! Operators who look at the platform as somebody else sees it: for a short while, without changing anything, and always audited.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome, Refusals};
use coko_core::identity::{UserGrant, read_only, session_key};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use serde_json::json;
use uuid::Uuid;

use super::{Auth, audit, compact, require_session};
use crate::error::{EndImpersonationErrorCode, ImpersonateUserErrorCode as Code, limits};
use crate::model::{Impersonation, Status, Subject, impersonation_lifetime, is_staff};
use crate::store;

/// Begins one; the token is shown this once. It is the other person's own but for two things: it only runs queries, and it ends
/// within half an hour.
pub(crate) async fn begin(
    context: &CommandContext,
    auth: &Auth,
    user: Uuid,
    reason: &str,
    minutes: i32,
) -> Outcome<(Impersonation, String), Code> {
    context.viewer.require("system", "impersonate")?;
    let mut refusals = Refusals::default();
    let reason = text::block(reason, limits::REASON);
    let reason = refusals.check(reason, Code::ReasonInvalid, "reason");
    let lifetime = impersonation_lifetime(minutes).ok_or(());
    let lifetime = refusals.check(lifetime, Code::MinutesInvalid, "minutes");
    refusals.finish(())?;
    let (Some(reason), Some(lifetime)) = (reason, lifetime) else {
        return Err(Failure::Refused(Vec::new()));
    };
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            let operator = require_session(context, connection).await?.user_id;
            if operator == user {
                return Err(Failure::whole(Code::OwnAccount));
            }
            let account = store::accounts::lock(connection, user).await?;
            account
                .filter(|account| ![Status::Pending, Status::Deleted].contains(&account.status))
                .ok_or_else(|| Failure::field(Code::UserNotFound, "userId"))?;
            let mut roles = store::roles::of(connection, &[user]).await?;
            let roles = roles.remove(&user).unwrap_or_default();
            let rights = compact(store::roles::rights(connection, Some(&roles)).await?);
            if is_staff(&rights) {
                return Err(Failure::field(Code::Staff, "userId"));
            }
            let impersonation = Impersonation {
                id: context.id(),
                operator_id: operator,
                user_id: user,
                reason: reason.clone(),
                started_at: context.now,
                expires_at: context.now + lifetime,
                ended_at: None,
            };
            let minted = auth.minter.user(&UserGrant {
                user,
                session: impersonation.id,
                roles,
                rights,
                plan: store::subscriptions::plan(connection, user, context.now).await?,
                expires_at: impersonation.expires_at,
            })?;
            let token = read_only(&minted.token)?;
            store::impersonations::insert(connection, &impersonation).await?;
            let values = json!({ "impersonation": impersonation.id, "reason": reason, "minutes": lifetime.whole_minutes() });
            audit(
                connection,
                context,
                "impersonation.started",
                Subject::User(user),
                (None, Some(values)),
            )
            .await?;
            metrics::counter!("impersonations_total").increment(1);
            Ok((impersonation, token))
        })
        .await
}

/// Ends one at once.
pub(crate) async fn end(
    context: &CommandContext,
    auth: &Auth,
    id: Uuid,
) -> Outcome<Impersonation, EndImpersonationErrorCode> {
    context.viewer.require("system", "impersonate")?;
    let mut connection = auth.pool.get().await?;
    let ended = connection
        .transaction(async |connection| {
            require_session(context, connection).await?;
            let ended = store::impersonations::end(connection, id, context.now).await?;
            let ended =
                ended.ok_or_else(|| Failure::field(EndImpersonationErrorCode::NotFound, "id"))?;
            revoke(context, connection, std::slice::from_ref(&ended)).await?;
            Ok::<_, Failure<EndImpersonationErrorCode>>(ended)
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    Ok(ended)
}

/// Ends those in which an account looks or is looked at, within a transaction; the caller broadcasts after it.
pub(crate) async fn end_of(
    context: &CommandContext,
    connection: &mut Connection,
    account: Uuid,
) -> coko_core::Result<()> {
    let now = context.now;
    let ended = store::impersonations::end_of(connection, account, &[account], now).await?;
    revoke(context, connection, &ended).await
}

/// Ends those in which an account looks, as [`end_of`]: whoever had its session has them no longer than that.
pub(crate) async fn end_by(
    context: &CommandContext,
    connection: &mut Connection,
    operator: Uuid,
) -> coko_core::Result<()> {
    let now = context.now;
    let ended = store::impersonations::end_of(connection, operator, &[], now).await?;
    revoke(context, connection, &ended).await
}

async fn revoke(
    context: &CommandContext,
    connection: &mut Connection,
    ended: &[Impersonation],
) -> coko_core::Result<()> {
    if ended.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = ended
        .iter()
        .map(|ended| (session_key(ended.id), ended.expires_at))
        .collect();
    store::sessions::insert_revocations(connection, &keys).await?;
    for ended in ended {
        audit(
            connection,
            context,
            "impersonation.ended",
            Subject::User(ended.user_id),
            (None, Some(json!({ "impersonation": ended.id }))),
        )
        .await?;
    }
    Ok(())
}
