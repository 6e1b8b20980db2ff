//! Files in requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// File uploads by the GraphQL multipart request specification. They ask for a CSRF header or a token, as a page of
/// another site can send a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UploadsConfig {
    /// Default true; without a custom scalar among the schema's inputs nothing can be uploaded anyway.
    pub enabled: bool,
    /// Most files in one request. Default 10.
    pub files: usize,
    /// Most bytes of one file. Default 16 MiB.
    pub file_bytes: usize,
    /// Most bytes of a whole request. Default 32 MiB.
    pub bytes: usize,
    /// Most bytes of files held at once for all requests; beyond it callers are asked to come back. A file that is being
    /// forwarded takes as much again. Default 256 MiB.
    pub held_bytes: usize,
    /// Milliseconds for receiving a request, which the request's own time-out is added to. Default 60,000.
    pub timeout_ms: u64,
}

impl Default for UploadsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            files: 10,
            file_bytes: 16 << 20,
            bytes: 32 << 20,
            held_bytes: 256 << 20,
            timeout_ms: 60_000,
        }
    }
}

impl UploadsConfig {
    /// Checks that the bounds fit each other.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.bytes > self.held_bytes || self.held_bytes > tokio::sync::Semaphore::MAX_PERMITS {
            return Err(ConfigError::Setting {
                setting: "uploads.held_bytes",
                found: self.held_bytes.to_string(),
                expected: "at least uploads.bytes",
            });
        }
        Ok(())
    }
}
