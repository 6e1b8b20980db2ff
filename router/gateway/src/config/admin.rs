//! What operators may do to a running router.

use coko_core::config::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Calls for operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// The path under which the calls are: `POST <path>/cache/purge`. Default `/admin`.
    pub path: String,
    /// The bearer token that operators show, at least 32 characters. Default none: only access tokens with the permission
    /// `system:manage` are let in, where the router verifies tokens.
    #[schemars(with = "Option<String>")]
    pub token: Option<Secret>,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            path: "/admin".to_owned(),
            token: None,
        }
    }
}

impl AdminConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !self.path.starts_with('/') || self.path.contains(['{', '}', '*', '?', '#']) {
            return Err(ConfigError::Setting {
                setting: "admin.path",
                found: format!("{:?}", self.path),
                expected: "a path such as \"/admin\"",
            });
        }
        match &self.token {
            Some(token) if token.expose().chars().count() < 32 => Err(ConfigError::Setting {
                setting: "admin.token",
                found: "shorter".to_owned(),
                expected: "at least 32 characters; `openssl rand -hex 32` makes them",
            }),
            _ => Ok(()),
        }
    }
}
