//! Why a command did not do what was asked: refusals, which are data, and everything else, which is an error.

mod refusals;

pub(crate) use refusals::*;

use crate::model::PasswordFault;

/// The outcome of a command whose refusals have the codes `C`.
pub(crate) type Outcome<T, C> = Result<T, Failure<C>>;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure<C> {
    /// It was refused, for each of these reasons.
    Refused(Vec<Refusal<C>>),
    /// It was stopped: not permitted, too often, or a fault of ours.
    Stopped(coko_core::Error),
}

/// One expected reason to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal<C> {
    /// The mutation's code.
    pub code: C,
    /// The input field at fault.
    pub field: Option<&'static str>,
}

/// The bounds that messages name.
pub(crate) const BOUNDS: [(&str, usize); 10] = [
    ("name-max", limits::NAME),
    ("password-min", crate::model::PASSWORD_MIN),
    ("password-max", crate::model::PASSWORD_MAX),
    ("avatar-max", 500),
    ("days-max", limits::TOKEN_DAYS),
    ("font-max", 40),
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

impl<C> Failure<C> {
    /// A single refusal because of `field`.
    pub(crate) fn field(code: C, field: &'static str) -> Self {
        Self::Refused(vec![Refusal {
            code,
            field: Some(field),
        }])
    }

    /// A single refusal of the input as a whole.
    pub(crate) fn whole(code: C) -> Self {
        Self::Refused(vec![Refusal { code, field: None }])
    }
}

impl<C, E: Into<Fault>> From<E> for Failure<C> {
    fn from(error: E) -> Self {
        Self::Stopped(error.into().0)
    }
}

/// Any error that stops a command, mapped once to the closed list of codes.
#[derive(Debug)]
pub(crate) struct Fault(coko_core::Error);

impl Fault {
    /// The error itself.
    pub(crate) fn into_inner(self) -> coko_core::Error {
        self.0
    }
}

impl From<coko_core::Error> for Fault {
    fn from(error: coko_core::Error) -> Self {
        Self(error)
    }
}

impl From<diesel::result::Error> for Fault {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

impl From<diesel_async::pooled_connection::bb8::RunError> for Fault {
    fn from(error: diesel_async::pooled_connection::bb8::RunError) -> Self {
        Self(error.into())
    }
}

impl From<coko_core::rate_limit::RetryAfter> for Fault {
    fn from(error: coko_core::rate_limit::RetryAfter) -> Self {
        Self(error.into())
    }
}

impl From<crate::hashing::HashError> for Fault {
    fn from(error: crate::hashing::HashError) -> Self {
        Self(coko_core::Error::internal(error))
    }
}

impl From<coko_core::crypto::CryptoError> for Fault {
    fn from(error: coko_core::crypto::CryptoError) -> Self {
        Self(coko_core::Error::internal(error))
    }
}

impl From<coko_core::identity::MintError> for Fault {
    fn from(error: coko_core::identity::MintError) -> Self {
        Self(coko_core::Error::internal(error))
    }
}

/// Collects the refusals of an input, so that a person hears of all of them at once.
#[derive(Debug)]
pub(crate) struct Refusals<C>(Vec<Refusal<C>>);

impl<C> Refusals<C> {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn add(&mut self, code: C, field: &'static str) {
        self.0.push(Refusal {
            code,
            field: Some(field),
        });
    }

    /// The value, or a refusal because of `field`.
    pub(crate) fn check<T, E>(
        &mut self,
        value: Result<T, E>,
        code: C,
        field: &'static str,
    ) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(_) => {
                self.add(code, field);
                None
            }
        }
    }

    /// Nothing when the input is sound.
    pub(crate) fn finish(self) -> Outcome<(), C> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Failure::Refused(self.0))
        }
    }
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
