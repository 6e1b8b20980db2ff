//! Coming in without a password: by a code sent to a phone, or through a provider.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use time::OffsetDateTime;

use super::{ConsentsInput, IntroductionInput, auth, tokens_and_user};
use crate::commands::registration::Introduction;
use crate::commands::{phone, social};
use crate::error::{
    CompleteSocialSignInError, RequestPhoneCodeError, SignInWithPhoneError, StartSocialSignInError,
};
use crate::graphql::entity::User;
use crate::graphql::types::{MethodType, SessionTokens};

/// The number to send a code to.
#[derive(InputObject)]
struct RequestPhoneCodeInput {
    /// An international number: `+221 77 123 45 67`.
    phone: String,
}

/// What `requestPhoneCode` did.
#[derive(SimpleObject)]
struct RequestPhoneCodePayload {
    /// Until when the code that is on its way can be used.
    expires_at: Option<OffsetDateTime>,
    /// Why it was refused.
    errors: Vec<RequestPhoneCodeError>,
}

/// A number and the code that was sent to it.
#[derive(InputObject)]
struct SignInWithPhoneInput {
    /// The number.
    phone: String,
    /// The six digits.
    code: String,
    /// Needed when the number is new here.
    registration: Option<IntroductionInput>,
    /// What to call this device in the list of sessions.
    device: Option<String>,
}

/// What `signInWithPhone` did.
#[derive(SimpleObject)]
struct SignInWithPhonePayload {
    /// The tokens of the new session.
    tokens: Option<SessionTokens>,
    /// Who signed in.
    user: Option<User>,
    /// Why it was refused.
    errors: Vec<SignInWithPhoneError>,
}

/// Where to sign in.
#[derive(InputObject)]
struct StartSocialSignInInput {
    /// `GOOGLE` or `FACEBOOK`.
    provider: MethodType,
    /// Where the provider sends the person back to: one of the registered addresses.
    redirect_uri: String,
}

/// What `startSocialSignIn` did.
#[derive(SimpleObject)]
struct StartSocialSignInPayload {
    /// Where to send the person.
    authorization_url: Option<String>,
    /// What must come back with them; compare it before completing.
    state: Option<String>,
    /// Why it was refused.
    errors: Vec<StartSocialSignInError>,
}

/// What came back from the provider.
#[derive(InputObject)]
struct CompleteSocialSignInInput {
    /// The `state` parameter.
    state: String,
    /// The `code` parameter.
    code: String,
    /// What the person agrees to, should they be new here.
    consents: ConsentsInput,
    /// What to call this device in the list of sessions.
    device: Option<String>,
}

/// What `completeSocialSignIn` did.
#[derive(SimpleObject)]
struct CompleteSocialSignInPayload {
    /// The tokens of the new session.
    tokens: Option<SessionTokens>,
    /// Who signed in.
    user: Option<User>,
    /// Why it was refused.
    errors: Vec<CompleteSocialSignInError>,
}

/// Coming in without a password.
#[derive(Default)]
pub(super) struct SignInMutation;

/// Coming in without a password.
#[Object]
impl SignInMutation {
    /// Sends a six-digit code to a phone, to sign in with it or to give it to one's account.
    async fn request_phone_code(
        &self,
        context: &Context<'_>,
        input: RequestPhoneCodeInput,
    ) -> Result<RequestPhoneCodePayload> {
        let outcome = phone::request_code(context.command(), auth(context), &input.phone).await;
        let (expires_at, errors) = settle(context, outcome, RequestPhoneCodeError::new)?;
        Ok(RequestPhoneCodePayload { expires_at, errors })
    }

    /// Signs in with a phone number and its code; a new number becomes an account when `registration` is given.
    async fn sign_in_with_phone(
        &self,
        context: &Context<'_>,
        input: SignInWithPhoneInput,
    ) -> Result<SignInWithPhonePayload> {
        let introduction = input.registration.map(Introduction::from);
        let (phone, code, device) = (input.phone, input.code, input.device);
        let outcome = phone::sign_in(
            context.command(),
            auth(context),
            &phone,
            &code,
            introduction,
            device.as_deref(),
        )
        .await;
        let (signed_in, errors) = settle(context, outcome, SignInWithPhoneError::new)?;
        let (tokens, user) = tokens_and_user(signed_in);
        Ok(SignInWithPhonePayload {
            tokens,
            user,
            errors,
        })
    }

    /// Begins a sign-in at a provider: send the person to the address, and complete with what comes back within ten minutes.
    async fn start_social_sign_in(
        &self,
        context: &Context<'_>,
        input: StartSocialSignInInput,
    ) -> Result<StartSocialSignInPayload> {
        let outcome = social::begin(
            context.command(),
            auth(context),
            input.provider.into(),
            &input.redirect_uri,
        )
        .await;
        let (leaving, errors) = settle(context, outcome, StartSocialSignInError::new)?;
        let (authorization_url, state) =
            leaving.map(|leaving| (leaving.url, leaving.state)).unzip();
        Ok(StartSocialSignInPayload {
            authorization_url,
            state,
            errors,
        })
    }

    /// Ends a sign-in at a provider.
    async fn complete_social_sign_in(
        &self,
        context: &Context<'_>,
        input: CompleteSocialSignInInput,
    ) -> Result<CompleteSocialSignInPayload> {
        let (state, code, device) = (input.state, input.code, input.device);
        let consents = input.consents.into();
        let outcome = social::complete(
            context.command(),
            auth(context),
            &state,
            &code,
            consents,
            device.as_deref(),
        )
        .await;
        let (signed_in, errors) = settle(context, outcome, CompleteSocialSignInError::new)?;
        let (tokens, user) = tokens_and_user(signed_in);
        Ok(CompleteSocialSignInPayload {
            tokens,
            user,
            errors,
        })
    }
}
