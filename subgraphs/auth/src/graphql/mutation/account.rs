//! What people change of their own accounts: passwords, profile, phone number, personal tokens.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use super::{auth, key};
use crate::commands::account::{Edit, ProfileChange};
use crate::commands::{account, password, personal_token, phone};
use crate::error::{
    ChangePasswordError, ConfirmPhoneError, CreatePersonalAccessTokenError,
    RequestPasswordResetError, ResetPasswordError, RevokePersonalAccessTokenError,
    UpdateProfileError,
};
use crate::graphql::entity::User;
use crate::graphql::types::{PersonalAccessTokenType, PrivacyType, ThemeType};

/// Whose password was forgotten.
#[derive(InputObject)]
struct RequestPasswordResetInput {
    /// The e-mail address.
    email: String,
}

/// What `requestPasswordReset` did.
#[derive(SimpleObject)]
struct RequestPasswordResetPayload {
    /// Whether the request was taken; a letter goes out only where there is an account.
    accepted: bool,
    /// Why it was refused.
    errors: Vec<RequestPasswordResetError>,
}

/// A new password and the right to set it.
#[derive(InputObject)]
struct ResetPasswordInput {
    /// The `token` parameter of the link.
    token: String,
    /// At least ten characters.
    new_password: String,
}

/// What `resetPassword` did.
#[derive(SimpleObject)]
struct ResetPasswordPayload {
    /// Whether the password is set now; every session has ended.
    reset: bool,
    /// Why it was refused.
    errors: Vec<ResetPasswordError>,
}

/// The old password and the new.
#[derive(InputObject)]
struct ChangePasswordInput {
    /// The password so far.
    current_password: String,
    /// At least ten characters.
    new_password: String,
}

/// What `changePassword` did.
#[derive(SimpleObject)]
struct ChangePasswordPayload {
    /// How many other sessions ended.
    ended_sessions: Option<i32>,
    /// Why it was refused.
    errors: Vec<ChangePasswordError>,
}

/// Settings to change; what is not given stays.
#[derive(InputObject, Default)]
struct PreferencesInput {
    /// Colours.
    theme: Option<ThemeType>,
    /// Size of running text in CSS pixels, 10 to 40.
    font_size: Option<i32>,
    /// Fetch less.
    data_saver: Option<bool>,
    /// Whether anything but critical messages may be sent.
    notifications: Option<bool>,
}

/// What to change; what is not given stays, and `null` removes what may be absent.
#[derive(InputObject)]
struct UpdateProfileInput {
    /// The name shown to others, 1 to 80 characters.
    display_name: Option<String>,
    /// The `https` address of a picture.
    avatar: MaybeUndefined<String>,
    /// ISO 3166-1 alpha-2 country.
    country: MaybeUndefined<String>,
    /// BCP 47 language.
    language: Option<String>,
    /// IANA time zone.
    time_zone: Option<String>,
    /// Who sees the profile.
    privacy: Option<PrivacyType>,
    /// How the applications behave.
    preferences: Option<PreferencesInput>,
}

fn edit(value: MaybeUndefined<String>) -> Edit {
    match value {
        MaybeUndefined::Undefined => Edit::Keep,
        MaybeUndefined::Null => Edit::Remove,
        MaybeUndefined::Value(value) => Edit::Set(value),
    }
}

impl From<UpdateProfileInput> for ProfileChange {
    fn from(input: UpdateProfileInput) -> Self {
        let preferences = input.preferences.unwrap_or_default();
        Self {
            display_name: input.display_name,
            avatar: edit(input.avatar),
            country: edit(input.country),
            language: input.language,
            time_zone: input.time_zone,
            privacy: input.privacy.map(Into::into),
            theme: preferences.theme.map(Into::into),
            font_size: preferences.font_size,
            data_saver: preferences.data_saver,
            notifications: preferences.notifications,
        }
    }
}

/// What `updateProfile` did.
#[derive(SimpleObject)]
struct UpdateProfilePayload {
    /// The account as it is now.
    user: Option<User>,
    /// Why it was refused.
    errors: Vec<UpdateProfileError>,
}

/// A number and the code that was sent to it.
#[derive(InputObject)]
struct ConfirmPhoneInput {
    /// The number.
    phone: String,
    /// The six digits.
    code: String,
}

/// What `confirmPhone` did.
#[derive(SimpleObject)]
struct ConfirmPhonePayload {
    /// The account with its number.
    user: Option<User>,
    /// Why it was refused.
    errors: Vec<ConfirmPhoneError>,
}

/// A new personal access token.
#[derive(InputObject)]
struct CreatePersonalAccessTokenInput {
    /// What to call it, 1 to 80 characters, unlike your other tokens.
    name: String,
    /// What it may do, as `resource:action`; nothing that you may not do yourself.
    scopes: Vec<String>,
    /// How long it works, 1 to 365 days.
    expires_in_days: i32,
}

/// What `createPersonalAccessToken` did.
#[derive(SimpleObject)]
struct CreatePersonalAccessTokenPayload {
    /// The token itself, a biscuit for `Authorization: Bearer`; it is shown this once.
    token: Option<String>,
    /// What is known of it.
    personal_access_token: Option<PersonalAccessTokenType>,
    /// Why it was refused.
    errors: Vec<CreatePersonalAccessTokenError>,
}

/// The token to end.
#[derive(InputObject)]
struct RevokePersonalAccessTokenInput {
    /// Its id, from `personalAccessTokens`.
    id: ID,
}

/// What `revokePersonalAccessToken` did.
#[derive(SimpleObject)]
struct RevokePersonalAccessTokenPayload {
    /// The token that ended.
    id: Option<ID>,
    /// Why it was refused.
    errors: Vec<RevokePersonalAccessTokenError>,
}

/// What people change of their own accounts.
#[derive(Default)]
pub(super) struct AccountMutation;

/// What people change of their own accounts.
#[Object]
impl AccountMutation {
    /// Sends a link for choosing a new password, if the address has an account; the answer does not tell whether it has.
    async fn request_password_reset(
        &self,
        context: &Context<'_>,
        input: RequestPasswordResetInput,
    ) -> Result<RequestPasswordResetPayload> {
        let outcome = password::request_reset(context.command(), auth(context), &input.email).await;
        let (accepted, errors) = settle(context, outcome, RequestPasswordResetError::new)?;
        Ok(RequestPasswordResetPayload {
            accepted: accepted.is_some(),
            errors,
        })
    }

    /// Sets a new password by the link that was sent. Every session and personal access token ends.
    async fn reset_password(
        &self,
        context: &Context<'_>,
        input: ResetPasswordInput,
    ) -> Result<ResetPasswordPayload> {
        let outcome = password::reset(
            context.command(),
            auth(context),
            &input.token,
            &input.new_password,
        )
        .await;
        let (reset, errors) = settle(context, outcome, ResetPasswordError::new)?;
        Ok(ResetPasswordPayload {
            reset: reset.is_some(),
            errors,
        })
    }

    /// Changes the viewer's password. Every other session ends.
    async fn change_password(
        &self,
        context: &Context<'_>,
        input: ChangePasswordInput,
    ) -> Result<ChangePasswordPayload> {
        let (current, new) = (input.current_password, input.new_password);
        let outcome = password::change(context.command(), auth(context), &current, &new).await;
        let (ended, errors) = settle(context, outcome, ChangePasswordError::new)?;
        let ended_sessions = ended.map(|ended| i32::try_from(ended).unwrap_or(i32::MAX));
        Ok(ChangePasswordPayload {
            ended_sessions,
            errors,
        })
    }

    /// Changes the viewer's profile and settings. Requires `profile:update`.
    async fn update_profile(
        &self,
        context: &Context<'_>,
        input: UpdateProfileInput,
    ) -> Result<UpdateProfilePayload> {
        let outcome = account::update_profile(context.command(), auth(context), input.into()).await;
        let (account, errors) = settle(context, outcome, UpdateProfileError::new)?;
        Ok(UpdateProfilePayload {
            user: account.map(User::new),
            errors,
        })
    }

    /// Gives the viewer's account a phone number, proven by a code of `requestPhoneCode`.
    async fn confirm_phone(
        &self,
        context: &Context<'_>,
        input: ConfirmPhoneInput,
    ) -> Result<ConfirmPhonePayload> {
        let outcome =
            phone::confirm(context.command(), auth(context), &input.phone, &input.code).await;
        let (account, errors) = settle(context, outcome, ConfirmPhoneError::new)?;
        Ok(ConfirmPhonePayload {
            user: account.map(User::new),
            errors,
        })
    }

    /// Makes a token for a script or a device of the viewer's.
    async fn create_personal_access_token(
        &self,
        context: &Context<'_>,
        input: CreatePersonalAccessTokenInput,
    ) -> Result<CreatePersonalAccessTokenPayload> {
        let (name, scopes, days) = (input.name, input.scopes, input.expires_in_days);
        let outcome =
            personal_token::create(context.command(), auth(context), &name, &scopes, days).await;
        let (created, errors) = settle(context, outcome, CreatePersonalAccessTokenError::new)?;
        let (personal_access_token, token) =
            created.map(|(known, token)| (known.into(), token)).unzip();
        Ok(CreatePersonalAccessTokenPayload {
            token,
            personal_access_token,
            errors,
        })
    }

    /// Ends a personal access token of the viewer's, everywhere within a second.
    async fn revoke_personal_access_token(
        &self,
        context: &Context<'_>,
        input: RevokePersonalAccessTokenInput,
    ) -> Result<RevokePersonalAccessTokenPayload> {
        let outcome =
            personal_token::revoke(context.command(), auth(context), key(&input.id)).await;
        let (ended, errors) = settle(context, outcome, RevokePersonalAccessTokenError::new)?;
        Ok(RevokePersonalAccessTokenPayload {
            id: ended.map(Into::into),
            errors,
        })
    }
}
