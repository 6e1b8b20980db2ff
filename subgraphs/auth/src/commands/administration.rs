//! What operators do to other people's accounts: roles and suspensions.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::auth::{UserRoleChanged, UserSuspended, UserUnsuspended};
use coko_core::graphql::{Failure, Outcome};
use coko_core::{outbox, text};
use diesel_async::AsyncConnection as _;
use serde_json::json;
use uuid::Uuid;

use super::session::end;
use super::{Auth, audit, compact, impersonation, personal_token};
use crate::error::{
    GrantRoleErrorCode, RevokeRoleErrorCode, SuspendUserErrorCode, UnsuspendUserErrorCode, limits,
};
use crate::model::{Account, Change, RevokeReason, Status, Subject};
use crate::store;

/// The role without which nobody could appoint anybody.
pub(crate) const ADMIN: &str = "admin";
/// Roles that follow from being signed in or not.
const FIXED: [&str; 2] = ["guest", "user"];

/// Grants a role; granting it again changes nothing. Tokens carry it from their next refresh on.
pub(crate) async fn grant_role(
    context: &CommandContext,
    auth: &Auth,
    user: Uuid,
    role: &str,
) -> Outcome<Account, GrantRoleErrorCode> {
    context.viewer.require("users", "grant")?;
    if FIXED.contains(&role) {
        return Err(Failure::field(GrantRoleErrorCode::RoleFixed, "role"));
    }
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            let account = find(connection, user)
                .await?
                .ok_or_else(|| Failure::field(GrantRoleErrorCode::UserNotFound, "userId"))?;
            if !role_exists(connection, role).await? {
                return Err(Failure::field(GrantRoleErrorCode::RoleUnknown, "role"));
            }
            if store::roles::grant(
                connection,
                user,
                role,
                context.viewer.user_id(),
                context.now,
            )
            .await?
            {
                say_role_changed(context, connection, user, role, true).await?;
            }
            Ok(account)
        })
        .await
}

/// Takes a role away. Access tokens still carry it, so the sessions end, and so do personal tokens that now exceed their owner.
pub(crate) async fn revoke_role(
    context: &CommandContext,
    auth: &Auth,
    user: Uuid,
    role: &str,
) -> Outcome<Account, RevokeRoleErrorCode> {
    context.viewer.require("users", "grant")?;
    if FIXED.contains(&role) {
        return Err(Failure::field(RevokeRoleErrorCode::RoleFixed, "role"));
    }
    let mut connection = auth.pool.get().await?;
    let account = connection
        .transaction(async |connection| {
            let account = find(connection, user)
                .await?
                .ok_or_else(|| Failure::field(RevokeRoleErrorCode::UserNotFound, "userId"))?;
            if !role_exists(connection, role).await? {
                return Err(Failure::field(RevokeRoleErrorCode::RoleUnknown, "role"));
            }
            if role == ADMIN && !store::roles::someone_else_has(connection, ADMIN, user).await? {
                return Err(Failure::whole(RevokeRoleErrorCode::LastAdmin));
            }
            if store::roles::ungrant(connection, user, role).await? {
                say_role_changed(context, connection, user, role, false).await?;
                end(
                    context,
                    auth,
                    connection,
                    user,
                    None,
                    None,
                    RevokeReason::RoleChanged,
                )
                .await?;
                end_excessive_tokens(context, connection, user).await?;
                impersonation::end_of(context, connection, user).await?;
            }
            Ok(account)
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    Ok(account)
}

/// Ends personal tokens with a scope that their owner's roles no longer cover.
async fn end_excessive_tokens(
    context: &CommandContext,
    connection: &mut Connection,
    user: Uuid,
) -> coko_core::Result<()> {
    let mut roles = store::roles::of(connection, &[user]).await?;
    let roles = roles.remove(&user).unwrap_or_default();
    let rights = compact(store::roles::rights(connection, Some(&roles)).await?);
    let covered = |scope: &str| {
        rights.iter().any(|right| {
            scope == right.to_string()
                || (right.action() == "*" && scope.split(':').next() == Some(right.resource()))
        })
    };
    let tokens = store::tokens::live_of(connection, user, context.now).await?;
    let excessive: Vec<Uuid> = tokens
        .into_iter()
        .filter(|token| !token.scopes.iter().all(|scope| covered(scope)))
        .map(|token| token.id)
        .collect();
    personal_token::end(context, connection, user, Some(&excessive)).await?;
    Ok(())
}

async fn say_role_changed(
    context: &CommandContext,
    connection: &mut Connection,
    user: Uuid,
    role: &str,
    granted: bool,
) -> diesel::QueryResult<()> {
    let mut roles = store::roles::of(connection, &[user]).await?;
    let event = UserRoleChanged {
        user_id: user,
        role: role.to_owned(),
        granted,
        roles: roles.remove(&user).unwrap_or_default(),
    };
    outbox::enqueue(connection, context, &event).await?;
    let action = if granted {
        "role.granted"
    } else {
        "role.revoked"
    };
    audit(
        connection,
        context,
        action,
        Subject::User(user),
        (None, Some(json!({ "role": role }))),
    )
    .await
}

/// An account that operators may act on, locked.
async fn find(connection: &mut Connection, user: Uuid) -> diesel::QueryResult<Option<Account>> {
    let account = store::accounts::lock(connection, user).await?;
    Ok(account.filter(|account| account.status != Status::Deleted))
}

async fn role_exists(connection: &mut Connection, role: &str) -> diesel::QueryResult<bool> {
    let roles = store::roles::all(connection).await?;
    Ok(roles.iter().any(|known| known.name == role))
}

/// Closes an account: its sessions and tokens end at once, everywhere.
pub(crate) async fn suspend(
    context: &CommandContext,
    auth: &Auth,
    user: Uuid,
    reason: &str,
) -> Outcome<Account, SuspendUserErrorCode> {
    context.viewer.require("users", "suspend")?;
    let reason = text::block(reason, limits::REASON)
        .map_err(|_| Failure::field(SuspendUserErrorCode::ReasonInvalid, "reason"))?;
    if context.viewer.user_id() == Some(user) {
        return Err(Failure::whole(SuspendUserErrorCode::OwnAccount));
    }
    let mut connection = auth.pool.get().await?;
    let account = connection
        .transaction(async |connection| {
            let account = find(connection, user)
                .await?
                .ok_or_else(|| Failure::field(SuspendUserErrorCode::UserNotFound, "userId"))?;
            let status = account
                .status
                .after(Change::Suspend)
                .map_err(|_| Failure::whole(SuspendUserErrorCode::NotPossible))?;
            let is_admin = store::roles::of(connection, &[user])
                .await?
                .remove(&user)
                .is_some_and(|roles| roles.iter().any(|role| role == ADMIN));
            if is_admin && !store::roles::someone_else_has(connection, ADMIN, user).await? {
                return Err(Failure::whole(SuspendUserErrorCode::LastAdmin));
            }
            store::accounts::set_status(connection, user, status, Some(&reason), None, context.now)
                .await?;
            end(
                context,
                auth,
                connection,
                user,
                None,
                None,
                RevokeReason::Suspended,
            )
            .await?;
            personal_token::end(context, connection, user, None).await?;
            impersonation::end_of(context, connection, user).await?;
            let values = Some(json!({ "reason": reason }));
            audit(
                connection,
                context,
                "account.suspended",
                Subject::User(user),
                (None, values),
            )
            .await?;
            outbox::enqueue(
                connection,
                context,
                &UserSuspended {
                    user_id: user,
                    reason: reason.clone(),
                },
            )
            .await?;
            Ok(Account {
                status,
                status_reason: Some(reason.clone()),
                ..account
            })
        })
        .await?;
    drop(connection);
    auth.broadcast_or_log().await;
    Ok(account)
}

/// Reopens an account; its owner signs in again.
pub(crate) async fn unsuspend(
    context: &CommandContext,
    auth: &Auth,
    user: Uuid,
) -> Outcome<Account, UnsuspendUserErrorCode> {
    context.viewer.require("users", "suspend")?;
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            let account = find(connection, user)
                .await?
                .ok_or_else(|| Failure::field(UnsuspendUserErrorCode::UserNotFound, "userId"))?;
            let status = account
                .status
                .after(Change::Unsuspend)
                .map_err(|_| Failure::whole(UnsuspendUserErrorCode::NotPossible))?;
            store::accounts::set_status(connection, user, status, None, None, context.now).await?;
            audit(
                connection,
                context,
                "account.unsuspended",
                Subject::User(user),
                (None, None),
            )
            .await?;
            outbox::enqueue(connection, context, &UserUnsuspended { user_id: user }).await?;
            Ok(Account {
                status,
                status_reason: None,
                ..account
            })
        })
        .await
}
