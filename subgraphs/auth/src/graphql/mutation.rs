//! Root mutations, by who uses them. Each answers with what it changed, or with the reasons for which it refused.

mod access;
mod account;
mod impersonation;
mod operators;
mod partners;
mod privacy;
mod sign_in;

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MergedObject};
use uuid::Uuid;

use super::entity::User;
use super::types::SessionTokens;
use crate::commands::Auth;
use crate::commands::registration::{Consents, Introduction};
use crate::commands::session::SignedIn;

/// Root mutations of auth.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(
    access::AccessMutation,
    sign_in::SignInMutation,
    account::AccountMutation,
    privacy::PrivacyMutation,
    operators::OperatorMutation,
    impersonation::ImpersonationMutation,
    partners::PartnerMutation,
);

fn auth<'a>(context: &Context<'a>) -> &'a Arc<Auth> {
    context.data_unchecked::<Arc<Auth>>()
}

/// An id that is not a UUID names nothing, as the nil UUID does.
fn key(id: &ID) -> Uuid {
    id.parse().unwrap_or_default()
}

/// What a person agrees to when they join.
#[derive(InputObject)]
struct ConsentsInput {
    /// Keeping reading positions and purchases: required.
    tracking: bool,
    /// News and offers.
    #[graphql(default)]
    marketing: bool,
    /// Measurements of how the applications are used.
    #[graphql(default)]
    analytics: bool,
}

impl From<ConsentsInput> for Consents {
    fn from(input: ConsentsInput) -> Self {
        Self {
            tracking: input.tracking,
            marketing: input.marketing,
            analytics: input.analytics,
        }
    }
}

/// What a person says of themselves when they join with a phone number.
#[derive(InputObject)]
struct IntroductionInput {
    /// The name shown to others, 1 to 80 characters.
    display_name: String,
    /// ISO 3166-1 alpha-2 country.
    country: Option<String>,
    /// BCP 47 language; that of the request when not given.
    language: Option<String>,
    /// IANA time zone; UTC when not given.
    time_zone: Option<String>,
    /// What they agree to.
    consents: ConsentsInput,
}

impl From<IntroductionInput> for Introduction {
    fn from(input: IntroductionInput) -> Self {
        Self {
            display_name: input.display_name,
            country: input.country,
            language: input.language,
            time_zone: input.time_zone,
            consents: input.consents.into(),
        }
    }
}

/// The tokens of a session and its owner, as payloads carry them.
fn tokens_and_user(signed_in: Option<SignedIn>) -> (Option<SessionTokens>, Option<User>) {
    match signed_in {
        Some(signed_in) => {
            let user = User::of_owner(signed_in.account.clone());
            (Some(signed_in.into()), Some(user))
        }
        None => (None, None),
    }
}
