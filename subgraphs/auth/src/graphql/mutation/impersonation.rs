//! Operators who look at the platform as somebody else sees it.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use super::{auth, key};
use crate::commands::impersonation;
use crate::error::{EndImpersonationError, ImpersonateUserError};
use crate::graphql::types::ImpersonationType;

/// As whom, why and for how long.
#[derive(InputObject)]
struct ImpersonateUserInput {
    /// The account; none of those that look after others.
    user_id: ID,
    /// Why, 1 to 500 characters; the audit log holds it.
    reason: String,
    /// For how long: 1 to 30.
    #[graphql(default = 15)]
    minutes: i32,
}

/// What `impersonateUser` did.
#[derive(SimpleObject)]
struct ImpersonateUserPayload {
    /// The impersonation; null when refused.
    impersonation: Option<ImpersonationType>,
    /// The access token, shown this once: it runs queries as the other person, and nothing else.
    token: Option<String>,
    /// Why it was refused.
    errors: Vec<ImpersonateUserError>,
}

/// An impersonation.
#[derive(InputObject)]
struct EndImpersonationInput {
    /// Which one.
    id: ID,
}

/// What `endImpersonation` did.
#[derive(SimpleObject)]
struct EndImpersonationPayload {
    /// The impersonation; null when refused.
    impersonation: Option<ImpersonationType>,
    /// Why it was refused.
    errors: Vec<EndImpersonationError>,
}

/// Operators who look at the platform as somebody else sees it.
#[derive(Default)]
pub(super) struct ImpersonationMutation;

/// Operators who look at the platform as somebody else sees it.
#[Object]
impl ImpersonationMutation {
    /// Gives an operator a token that sees what somebody else sees, for at most half an hour, and cannot change anything. Always
    /// audited. Requires `system:impersonate`.
    async fn impersonate_user(
        &self,
        context: &Context<'_>,
        input: ImpersonateUserInput,
    ) -> Result<ImpersonateUserPayload> {
        let (command, user) = (context.command(), key(&input.user_id));
        let outcome =
            impersonation::begin(command, auth(context), user, &input.reason, input.minutes).await;
        let (begun, errors) = settle(context, outcome, ImpersonateUserError::new)?;
        let (impersonation, token) = begun.unzip();
        Ok(ImpersonateUserPayload {
            impersonation: impersonation.map(ImpersonationType),
            token,
            errors,
        })
    }

    /// Ends an impersonation at once, one's own or another operator's. Requires `system:impersonate`.
    async fn end_impersonation(
        &self,
        context: &Context<'_>,
        input: EndImpersonationInput,
    ) -> Result<EndImpersonationPayload> {
        let outcome = impersonation::end(context.command(), auth(context), key(&input.id)).await;
        let (ended, errors) = settle(context, outcome, EndImpersonationError::new)?;
        Ok(EndImpersonationPayload {
            impersonation: ended.map(ImpersonationType),
            errors,
        })
    }
}
