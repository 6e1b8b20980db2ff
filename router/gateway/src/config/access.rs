//! Who may call from where, and what of errors they see.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A group of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// All callers.
    Everyone,
    /// Callers with a valid token.
    Authenticated,
    /// No caller.
    Nobody,
}

/// Cross-site request forgery prevention: a request that a browser sends without asking first is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CsrfConfig {
    /// Default true.
    pub enabled: bool,
    /// Headers, any of which makes a browser ask first.
    pub headers: Vec<String>,
}

impl Default for CsrfConfig {
    fn default() -> Self {
        let headers = [
            "coko-preflight",
            "apollo-require-preflight",
            "x-apollo-operation-name",
            "graphql-require-preflight",
        ];
        Self {
            enabled: true,
            headers: headers.map(str::to_owned).to_vec(),
        }
    }
}

/// Cross-origin resource sharing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CorsConfig {
    /// Origins that may read answers (`https://app.example`). Default none.
    pub origins: Vec<String>,
    /// Whether cookies and client certificates may be sent along. Default false.
    pub credentials: bool,
}

/// What of subgraphs' errors reaches clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ErrorsConfig {
    /// Whether messages of subgraphs' errors are replaced by a general one. Default false.
    pub mask: bool,
    /// Subgraphs whose messages and extensions are shown even then. Default none.
    pub shown_subgraphs: Vec<String>,
    /// Codes whose messages are shown even then.
    pub shown_codes: Vec<String>,
}

impl Default for ErrorsConfig {
    fn default() -> Self {
        let codes = [
            "UNAUTHENTICATED",
            "FORBIDDEN",
            "NOT_FOUND",
            "VALIDATION_FAILED",
            "CONFLICT",
            "RATE_LIMITED",
            "IDEMPOTENCY_MISMATCH",
            "BAD_REQUEST",
        ];
        Self {
            mask: false,
            shown_subgraphs: Vec::new(),
            shown_codes: codes.map(str::to_owned).to_vec(),
        }
    }
}
