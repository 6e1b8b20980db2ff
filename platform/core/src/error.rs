//! The closed list of error codes and the one error type that crosses a service's edge.
//!
//! An expected refusal is data (see [`crate::refusal!`]); this type is for what stops a request: syntax, authentication,
//! authorisation, limits and faults. Internal text stays in `source`, which is logged and never shown.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

/// What went wrong, as clients see it in `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request is not well-formed: JSON, parameters, headers.
    BadRequest,
    /// The document does not parse.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// No valid token where one is needed.
    Unauthenticated,
    /// A valid token that does not permit this.
    Forbidden,
    /// It does not exist, or is not the caller's to see.
    NotFound,
    /// An argument is outside what is accepted.
    ValidationFailed,
    /// It was changed by someone else meanwhile.
    Conflict,
    /// The same idempotency key was used with another input.
    IdempotencyMismatch,
    /// Too many requests; `Retry-After` says when to come back.
    RateLimited,
    /// The operation asks for more than one request may cost.
    CostLimitExceeded,
    /// The body is larger than accepted.
    PayloadTooLarge,
    /// No operation is registered under this id.
    PersistedQueryNotFound,
    /// What a returning subscriber has missed is no longer kept.
    HistoryGone,
    /// A subgraph or a server behind it is down or answers nonsense.
    DownstreamUnavailable,
    /// The deadline passed.
    Timeout,
    /// A fault of ours.
    Internal,
}

impl Code {
    /// The code as written in `extensions.code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::ValidationFailed => "VALIDATION_FAILED",
            Self::Conflict => "CONFLICT",
            Self::IdempotencyMismatch => "IDEMPOTENCY_MISMATCH",
            Self::RateLimited => "RATE_LIMITED",
            Self::CostLimitExceeded => "COST_LIMIT_EXCEEDED",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::HistoryGone => "HISTORY_GONE",
            Self::DownstreamUnavailable => "DOWNSTREAM_UNAVAILABLE",
            Self::Timeout => "TIMEOUT",
            Self::Internal => "INTERNAL",
        }
    }

    /// The HTTP status that goes with it where a whole answer is this error.
    pub fn http_status(self) -> StatusCode {
        match self {
            Self::BadRequest
            | Self::GraphqlParseFailed
            | Self::GraphqlValidationFailed
            | Self::ValidationFailed
            | Self::CostLimitExceeded => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::PersistedQueryNotFound => StatusCode::NOT_FOUND,
            Self::Conflict | Self::IdempotencyMismatch => StatusCode::CONFLICT,
            Self::HistoryGone => StatusCode::GONE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::DownstreamUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether the fault is ours (logged as an error) rather than the caller's.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Self::Internal | Self::DownstreamUnavailable | Self::Timeout
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// An error that stops a request; cheap to clone, as loaders hand one to every waiting resolver.
#[derive(Clone, Debug)]
pub struct Error {
    code: Code,
    message: Cow<'static, str>,
    field: Option<Cow<'static, str>>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// What most functions of a service return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a message that is safe and useful to the client.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            retry_after: None,
            source: None,
        }
    }

    /// No usable token: sign in.
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "core-unauthenticated")
    }

    /// The caller may not do this.
    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden, "core-forbidden")
    }

    /// It does not exist, or not for this caller.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "core-not-found")
    }

    /// An argument called `field` is outside what is accepted.
    pub fn validation(
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::new(Code::ValidationFailed, message);
        error.field = Some(field.into());
        error
    }

    /// Too many requests; come back after `retry_after`.
    pub fn rate_limited(retry_after: Duration) -> Self {
        let mut error = Self::new(Code::RateLimited, "core-rate-limited");
        error.retry_after = Some(retry_after);
        error
    }

    /// A fault whose text is logged and never shown.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::new(Code::Internal, "core-internal").with_source(source)
    }

    /// Nobody waits for the answer any more.
    pub fn timeout() -> Self {
        Self::new(Code::Timeout, "core-timeout")
    }

    /// A server that this service needs does not answer.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::new(Code::DownstreamUnavailable, "core-unavailable").with_source(source)
    }

    /// Attaches the cause, for the log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// The code that clients see.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The message: a Fluent key (`core-…`, `<domain>-…`) or text that is safe to show as it is.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The argument at fault, if one is.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// How long to wait before trying again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        match &error {
            Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
            | Diesel::BrokenTransactionManager => Self::unavailable(error),
            Diesel::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => {
                Self::new(Code::Conflict, "core-conflict").with_source(error)
            }
            _ => Self::internal(error),
        }
    }
}

impl From<diesel_async::pooled_connection::bb8::RunError> for Error {
    fn from(error: diesel_async::pooled_connection::bb8::RunError) -> Self {
        Self::unavailable(error)
    }
}

impl From<crate::crypto::CryptoError> for Error {
    fn from(error: crate::crypto::CryptoError) -> Self {
        Self::internal(error)
    }
}

impl From<crate::identity::MintError> for Error {
    fn from(error: crate::identity::MintError) -> Self {
        Self::internal(error)
    }
}
