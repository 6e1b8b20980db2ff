//! Coming in and going out: registration, sign-in by every means, refresh, sign-out.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use super::{ConsentsInput, auth, key, tokens_and_user};
use crate::commands::registration::Introduction;
use crate::commands::{refresh, registration, session};
use crate::error::{
    LoginError, LogoutError, LogoutEverywhereError, RefreshError, RegisterError,
    ResendVerificationError, RevokeSessionError, VerifyEmailError,
};
use crate::graphql::entity::User;
use crate::graphql::types::SessionTokens;

/// A new account.
#[derive(InputObject)]
struct RegisterInput {
    /// The e-mail address.
    email: String,
    /// At least ten characters.
    password: String,
    /// The name shown to others, 1 to 80 characters.
    display_name: String,
    /// ISO 3166-1 alpha-2 country.
    country: Option<String>,
    /// BCP 47 language; that of the request when not given.
    language: Option<String>,
    /// IANA time zone; UTC when not given.
    time_zone: Option<String>,
    /// What the person agrees to.
    consents: ConsentsInput,
}

/// What `register` did.
#[derive(SimpleObject)]
struct RegisterPayload {
    /// The address that a letter was sent to: a link that completes the registration, or, where there is an account
    /// already, a note to its owner. The answer does not tell which.
    email: Option<String>,
    /// Why it was refused.
    errors: Vec<RegisterError>,
}

/// The secret of the link that was sent.
#[derive(InputObject)]
struct VerifyEmailInput {
    /// The `token` parameter of the link.
    token: String,
}

/// What `verifyEmail` did.
#[derive(SimpleObject)]
struct VerifyEmailPayload {
    /// Whether the address is proven now; its owner signs in with their password.
    verified: bool,
    /// Why it was refused.
    errors: Vec<VerifyEmailError>,
}

/// An address whose registration waits for its proof.
#[derive(InputObject)]
struct ResendVerificationInput {
    /// The e-mail address.
    email: String,
}

/// What `resendVerification` did.
#[derive(SimpleObject)]
struct ResendVerificationPayload {
    /// Whether the request was taken; a letter goes out only where a registration waits.
    accepted: bool,
    /// Why it was refused.
    errors: Vec<ResendVerificationError>,
}

/// An address and a password.
#[derive(InputObject)]
struct LoginInput {
    /// The e-mail address.
    email: String,
    /// The password.
    password: String,
    /// What to call this device in the list of sessions.
    device: Option<String>,
}

/// What `login` did.
#[derive(SimpleObject)]
struct LoginPayload {
    /// The tokens of the new session.
    tokens: Option<SessionTokens>,
    /// Who signed in.
    user: Option<User>,
    /// Why it was refused.
    errors: Vec<LoginError>,
}

/// The token to exchange.
#[derive(InputObject)]
struct RefreshInput {
    /// The refresh token of the last `login` or `refresh`.
    refresh_token: String,
}

/// What `refresh` did.
#[derive(SimpleObject)]
struct RefreshPayload {
    /// The next tokens of the session; the old refresh token must not be used again.
    tokens: Option<SessionTokens>,
    /// Who it is.
    user: Option<User>,
    /// Why it was refused.
    errors: Vec<RefreshError>,
}

/// What `logout` did.
#[derive(SimpleObject)]
struct LogoutPayload {
    /// The session that ended.
    session_id: Option<ID>,
    /// Why it was refused.
    errors: Vec<LogoutError>,
}

/// Which sessions to end.
#[derive(InputObject, Default)]
struct LogoutEverywhereInput {
    /// Whether to keep the session that asks.
    #[graphql(default)]
    keep_current: bool,
}

/// What `logoutEverywhere` did.
#[derive(SimpleObject)]
struct LogoutEverywherePayload {
    /// How many sessions ended.
    ended_sessions: i32,
    /// Why it was refused.
    errors: Vec<LogoutEverywhereError>,
}

/// The session to end.
#[derive(InputObject)]
struct RevokeSessionInput {
    /// Its id, from `sessions`.
    id: ID,
}

/// What `revokeSession` did.
#[derive(SimpleObject)]
struct RevokeSessionPayload {
    /// The session that ended.
    session_id: Option<ID>,
    /// Why it was refused.
    errors: Vec<RevokeSessionError>,
}

/// Coming in and going out.
#[derive(Default)]
pub(super) struct AccessMutation;

/// Coming in and going out.
#[Object]
impl AccessMutation {
    /// Registers an e-mail address. The account can be used once the link in the letter was opened.
    async fn register(
        &self,
        context: &Context<'_>,
        input: RegisterInput,
    ) -> Result<RegisterPayload> {
        let introduction = Introduction {
            display_name: input.display_name,
            country: input.country,
            language: input.language,
            time_zone: input.time_zone,
            consents: input.consents.into(),
        };
        let outcome = registration::register(
            context.command(),
            auth(context),
            &input.email,
            &input.password,
            introduction,
        )
        .await;
        let (email, errors) = settle(context, outcome, RegisterError::new)?;
        Ok(RegisterPayload { email, errors })
    }

    /// Proves an address by the link that was sent to it.
    async fn verify_email(
        &self,
        context: &Context<'_>,
        input: VerifyEmailInput,
    ) -> Result<VerifyEmailPayload> {
        let outcome =
            registration::verify_email(context.command(), auth(context), &input.token).await;
        let (verified, errors) = settle(context, outcome, VerifyEmailError::new)?;
        Ok(VerifyEmailPayload {
            verified: verified.is_some(),
            errors,
        })
    }

    /// Sends the link that proves an address again; the earlier one stops working.
    async fn resend_verification(
        &self,
        context: &Context<'_>,
        input: ResendVerificationInput,
    ) -> Result<ResendVerificationPayload> {
        let outcome =
            registration::resend_verification(context.command(), auth(context), &input.email).await;
        let (accepted, errors) = settle(context, outcome, ResendVerificationError::new)?;
        Ok(ResendVerificationPayload {
            accepted: accepted.is_some(),
            errors,
        })
    }

    /// Signs in with an e-mail address and a password. Signing in cancels a deletion that was asked for.
    async fn login(&self, context: &Context<'_>, input: LoginInput) -> Result<LoginPayload> {
        let (email, password, device) = (input.email, input.password, input.device);
        let outcome = session::login(
            context.command(),
            auth(context),
            &email,
            &password,
            device.as_deref(),
        )
        .await;
        let (signed_in, errors) = settle(context, outcome, LoginError::new)?;
        let (tokens, user) = tokens_and_user(signed_in);
        Ok(LoginPayload {
            tokens,
            user,
            errors,
        })
    }

    /// Exchanges a refresh token for new tokens. Send no `Authorization` with it. A token that comes a second time ends its
    /// session, because one of its two holders has stolen it.
    async fn refresh(&self, context: &Context<'_>, input: RefreshInput) -> Result<RefreshPayload> {
        let outcome =
            refresh::refresh(context.command(), auth(context), &input.refresh_token).await;
        let (signed_in, errors) = settle(context, outcome, RefreshError::new)?;
        let (tokens, user) = tokens_and_user(signed_in);
        Ok(RefreshPayload {
            tokens,
            user,
            errors,
        })
    }

    /// Ends the session that asks, everywhere within a second.
    async fn logout(&self, context: &Context<'_>) -> Result<LogoutPayload> {
        let outcome = session::logout(context.command(), auth(context)).await;
        let (ended, errors) = settle(context, outcome, LogoutError::new)?;
        Ok(LogoutPayload {
            session_id: ended.map(Into::into),
            errors,
        })
    }

    /// Ends every session of the viewer, or every other one.
    async fn logout_everywhere(
        &self,
        context: &Context<'_>,
        #[graphql(default)] input: LogoutEverywhereInput,
    ) -> Result<LogoutEverywherePayload> {
        let outcome =
            session::logout_everywhere(context.command(), auth(context), input.keep_current).await;
        let (ended, errors) = settle(context, outcome, LogoutEverywhereError::new)?;
        let ended_sessions = i32::try_from(ended.unwrap_or_default()).unwrap_or(i32::MAX);
        Ok(LogoutEverywherePayload {
            ended_sessions,
            errors,
        })
    }

    /// Ends one session of the viewer: a device that was lost or lent.
    async fn revoke_session(
        &self,
        context: &Context<'_>,
        input: RevokeSessionInput,
    ) -> Result<RevokeSessionPayload> {
        let outcome =
            session::revoke_session(context.command(), auth(context), key(&input.id)).await;
        let (ended, errors) = settle(context, outcome, RevokeSessionError::new)?;
        Ok(RevokeSessionPayload {
            session_id: ended.map(Into::into),
            errors,
        })
    }
}
