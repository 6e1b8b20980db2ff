//! Types and rules of identity: what is a valid address, password or profile, which states follow each other.
//!
//! No I/O here; time and randomness are arguments. Diesel reads these types, GraphQL has its own.

mod account;
mod audit;
mod consent;
mod contact;
mod impersonation;
mod partner;
mod password;
mod phone_code;
mod profile;
mod region;
mod session;
mod social;
mod token;

pub(crate) use account::{Account, Change, Status, UserFilter};
pub(crate) use account::{NewAccount, RoleRight, RoleRow};
pub(crate) use audit::AuditEntry;
pub(crate) use audit::{AuditFilter, NewAuditEntry, Subject};
pub(crate) use consent::NewConsent;
pub(crate) use consent::{Consent, ConsentKind};
pub(crate) use contact::{Email, Phone};
pub(crate) use impersonation::{
    Impersonation, MINUTES as IMPERSONATION_MINUTES, impersonation_lifetime, is_staff,
};
pub(crate) use partner::{DataExport, is_slug};
pub(crate) use partner::{Partner, PartnerClient, PartnerToken};
pub(crate) use password::{MAX as PASSWORD_MAX, MIN as PASSWORD_MIN};
pub(crate) use password::{PasswordFault, check as check_password, prepare as prepare_password};
pub(crate) use phone_code::{PhoneCode, PhoneVerdict, TextMessage};
pub(crate) use profile::{Avatar, Preferences, Privacy, Theme};
pub(crate) use region::{is_country, is_time_zone};
pub(crate) use session::{Method, RefreshToken, RefreshVerdict, RevokeReason, Session};
pub(crate) use social::{SocialAttempt, SocialIdentity};
pub(crate) use token::PersonalAccessToken;
pub(crate) use token::{OneTimeToken, Purpose};

/// A text in the database that names no variant of the enumeration it belongs to.
#[derive(Debug, thiserror::Error)]
#[error("`{found}` is not a {expected}")]
pub(crate) struct UnknownName {
    expected: &'static str,
    found: String,
}

/// Declares an enumeration that the database keeps as text; a function cannot declare types.
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// The name as it is stored and as events carry it.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::model::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::model::UnknownName { expected: stringify!($name), found: text.to_owned() }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::model::UnknownName;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    };
}
use text_enum;
