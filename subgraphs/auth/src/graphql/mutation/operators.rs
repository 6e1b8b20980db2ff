//! What operators do to accounts.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use super::{auth, key};
use crate::commands::administration;
use crate::error::{GrantRoleError, RevokeRoleError, SuspendUserError, UnsuspendUserError};
use crate::graphql::entity::User;

/// An account and a role.
#[derive(InputObject)]
struct GrantRoleInput {
    /// The account.
    user_id: ID,
    /// The role, from `roles`.
    role: String,
}

/// What `grantRole` did.
#[derive(SimpleObject)]
struct GrantRolePayload {
    /// The account.
    user: Option<User>,
    /// Why it was refused.
    errors: Vec<GrantRoleError>,
}

/// An account and a role.
#[derive(InputObject)]
struct RevokeRoleInput {
    /// The account.
    user_id: ID,
    /// The role.
    role: String,
}

/// What `revokeRole` did.
#[derive(SimpleObject)]
struct RevokeRolePayload {
    /// The account.
    user: Option<User>,
    /// Why it was refused.
    errors: Vec<RevokeRoleError>,
}

/// An account to close.
#[derive(InputObject)]
struct SuspendUserInput {
    /// The account.
    user_id: ID,
    /// Why, 1 to 500 characters.
    reason: String,
}

/// What `suspendUser` did.
#[derive(SimpleObject)]
struct SuspendUserPayload {
    /// The account.
    user: Option<User>,
    /// Why it was refused.
    errors: Vec<SuspendUserError>,
}

/// An account to reopen.
#[derive(InputObject)]
struct UnsuspendUserInput {
    /// The account.
    user_id: ID,
}

/// What `unsuspendUser` did.
#[derive(SimpleObject)]
struct UnsuspendUserPayload {
    /// The account.
    user: Option<User>,
    /// Why it was refused.
    errors: Vec<UnsuspendUserError>,
}

/// What operators do to accounts.
#[derive(Default)]
pub(super) struct OperatorMutation;

/// What operators do to accounts.
#[Object]
impl OperatorMutation {
    /// Grants a role; tokens carry it from their next refresh on. Requires `users:grant`.
    async fn grant_role(
        &self,
        context: &Context<'_>,
        input: GrantRoleInput,
    ) -> Result<GrantRolePayload> {
        let outcome = administration::grant_role(
            context.command(),
            auth(context),
            key(&input.user_id),
            &input.role,
        )
        .await;
        let (account, errors) = settle(context, outcome, GrantRoleError::new)?;
        Ok(GrantRolePayload {
            user: account.map(User::new),
            errors,
        })
    }

    /// Takes a role away; the account's sessions end, because their tokens carry it. Requires `users:grant`.
    async fn revoke_role(
        &self,
        context: &Context<'_>,
        input: RevokeRoleInput,
    ) -> Result<RevokeRolePayload> {
        let outcome = administration::revoke_role(
            context.command(),
            auth(context),
            key(&input.user_id),
            &input.role,
        )
        .await;
        let (account, errors) = settle(context, outcome, RevokeRoleError::new)?;
        Ok(RevokeRolePayload {
            user: account.map(User::new),
            errors,
        })
    }

    /// Closes an account; its sessions and tokens end at once. Requires `users:suspend`.
    async fn suspend_user(
        &self,
        context: &Context<'_>,
        input: SuspendUserInput,
    ) -> Result<SuspendUserPayload> {
        let outcome = administration::suspend(
            context.command(),
            auth(context),
            key(&input.user_id),
            &input.reason,
        )
        .await;
        let (account, errors) = settle(context, outcome, SuspendUserError::new)?;
        Ok(SuspendUserPayload {
            user: account.map(User::new),
            errors,
        })
    }

    /// Reopens an account. Requires `users:suspend`.
    async fn unsuspend_user(
        &self,
        context: &Context<'_>,
        input: UnsuspendUserInput,
    ) -> Result<UnsuspendUserPayload> {
        let outcome =
            administration::unsuspend(context.command(), auth(context), key(&input.user_id)).await;
        let (account, errors) = settle(context, outcome, UnsuspendUserError::new)?;
        Ok(UnsuspendUserPayload {
            user: account.map(User::new),
            errors,
        })
    }
}
