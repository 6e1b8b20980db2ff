//! The codes of refusals, the bounds that their messages name, and why auth cannot be built.

mod refusals;

pub(crate) use refusals::*;

use crate::model::PasswordFault;

/// The bounds that messages name.
pub(crate) const BOUNDS: &[(&str, usize)] = &[
    ("name-max", limits::NAME),
    ("password-min", crate::model::PASSWORD_MIN),
    ("password-max", crate::model::PASSWORD_MAX),
    ("avatar-max", 500),
    ("days-max", limits::TOKEN_DAYS),
    ("font-max", 40),
    ("minutes-max", crate::model::IMPERSONATION_MINUTES),
    ("reason-max", limits::REASON),
    ("scopes-max", limits::SCOPES),
    ("slug-max", 40),
    ("tokens-max", limits::TOKENS),
];

/// Bounds of inputs.
pub(crate) mod limits {
    /// Characters of a name.
    pub(crate) const NAME: usize = 80;
    /// Characters of an operator's reason.
    pub(crate) const REASON: usize = 500;
    /// Days that a personal or partner token may live.
    pub(crate) const TOKEN_DAYS: usize = 365;
    /// Permissions of a token.
    pub(crate) const SCOPES: usize = 30;
    /// Personal access tokens of a person.
    pub(crate) const TOKENS: usize = 50;
}

/// The codes of a mutation that takes a new password.
pub(crate) trait PasswordCodes {
    const TOO_SHORT: Self;
    const TOO_LONG: Self;
    const TOO_WEAK: Self;
}

/// The mutation's code for a password that is not accepted.
pub(crate) fn password_code<C: PasswordCodes>(fault: PasswordFault) -> C {
    match fault {
        PasswordFault::TooShort => C::TOO_SHORT,
        PasswordFault::TooLong => C::TOO_LONG,
        PasswordFault::Personal | PasswordFault::Common | PasswordFault::Pattern => C::TOO_WEAK,
    }
}

impl PasswordCodes for RegisterErrorCode {
    const TOO_SHORT: Self = Self::PasswordTooShort;
    const TOO_LONG: Self = Self::PasswordTooLong;
    const TOO_WEAK: Self = Self::PasswordTooWeak;
}

impl PasswordCodes for ResetPasswordErrorCode {
    const TOO_SHORT: Self = Self::PasswordTooShort;
    const TOO_LONG: Self = Self::PasswordTooLong;
    const TOO_WEAK: Self = Self::PasswordTooWeak;
}

impl PasswordCodes for ChangePasswordErrorCode {
    const TOO_SHORT: Self = Self::PasswordTooShort;
    const TOO_LONG: Self = Self::PasswordTooLong;
    const TOO_WEAK: Self = Self::PasswordTooWeak;
}

/// Why auth cannot be built from its configuration.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A root key does not parse, or none is given.
    #[error("auth.root_keys is not usable: {0}")]
    RootKeys(String),
    /// The keys of sealed columns or of lookups do not parse.
    #[error("auth.column_keys or auth.lookup_key: {0}")]
    ColumnKeys(#[from] coko_core::crypto::CryptoError),
    /// The password parameters are outside what Argon2 accepts.
    #[error("auth.passwords: {0}")]
    Passwords(#[from] crate::hashing::HashError),
    /// A translation file of ours does not parse.
    #[error(transparent)]
    Translations(#[from] coko_core::translation::TranslationError),
    /// The client for providers cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Http(#[from] reqwest::Error),
}
