//! What can be set of a listener.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What connections may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionsConfig {
    /// Connections held at once; further ones wait in the operating system's queue. Default 10,000.
    pub max: usize,
    /// Milliseconds that a connection has for a TLS handshake, and then for the head of each request, the wait for it
    /// included. Behind a load balancer it has to be longer than that keeps idle connections. Default 75,000.
    pub head_ms: u64,
    /// Header fields of a request. Default 100.
    pub headers: usize,
    /// Bytes of a request's head. Default 64 KiB; at least 8 KiB.
    pub head_bytes: usize,
    /// Requests at once on one HTTP/2 connection. Default 200.
    pub streams: u32,
}

impl Default for ConnectionsConfig {
    fn default() -> Self {
        Self {
            max: 10_000,
            head_ms: 75_000,
            headers: 100,
            head_bytes: 64 << 10,
            streams: 200,
        }
    }
}

impl ConnectionsConfig {
    /// Checks what types cannot.
    ///
    /// # Errors
    /// The setting, what was found and what is expected.
    pub fn check(&self) -> Result<(), (&'static str, String, &'static str)> {
        if self.max == 0 || self.head_ms == 0 || self.headers == 0 || self.streams == 0 {
            return Err(("connections", "0 in one of them".to_owned(), "at least 1"));
        }
        if self.head_bytes < 8 << 10 {
            let found = self.head_bytes.to_string();
            return Err(("connections.head_bytes", found, "at least 8192"));
        }
        Ok(())
    }
}

/// TLS where it ends in this process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file of the certificate, followed by the intermediate ones. Read again when it changes.
    pub certificate: PathBuf,
    /// PEM file of the certificate's private key. Read again when it changes.
    pub key: PathBuf,
    /// PEM file of the authorities whose certificates clients may show. Without it none is asked for.
    #[serde(default)]
    pub client_authorities: Option<PathBuf>,
    /// Whether clients without a certificate are served when `client_authorities` is set. Default false.
    #[serde(default)]
    pub client_optional: bool,
    /// The oldest version of TLS that is spoken. Default 1.3.
    #[serde(default)]
    pub minimum: TlsVersion,
    /// Seconds for which browsers keep to HTTPS (`Strict-Transport-Security`); 0 does not say it. Default a year.
    #[serde(default = "a_year")]
    pub hsts_seconds: u32,
}

fn a_year() -> u32 {
    365 * 24 * 3600
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246), for clients of before 2019; only with forward secrecy and authenticated encryption.
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    #[default]
    #[serde(rename = "1.3")]
    Tls13,
}
