//! How connections to subgraphs are made and what goes over them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether subgraphs are spoken to in HTTP/2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Http2 {
    /// HTTP/1.1 only.
    #[default]
    Never,
    /// Over TLS where the subgraph speaks it (ALPN), else HTTP/1.1.
    Negotiated,
    /// Always, without TLS too (RFC 9113, section 3.3).
    PriorKnowledge,
}

/// What is compressed on the way to subgraphs and back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphCompression {
    /// How requests are compressed. Default not at all; the subgraph has to accept it.
    pub requests: Option<Encoding>,
    /// Bytes of a request's body below which it is sent as it is. Default 2,048.
    pub above_bytes: usize,
    /// Whether compressed answers are asked for. Default false: within one data centre it costs more than it brings.
    pub answers: bool,
}

impl Default for SubgraphCompression {
    fn default() -> Self {
        Self {
            requests: None,
            above_bytes: 2_048,
            answers: false,
        }
    }
}

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Br,
    /// RFC 8878.
    Zstd,
}

impl Encoding {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Br => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// TLS to a subgraph whose certificate no public authority signed, or that wants to see one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphTls {
    /// PEM file of the authorities that are trusted, instead of the public ones.
    pub authorities: Option<PathBuf>,
    /// PEM file of the certificate that is shown to the subgraph, followed by the intermediate ones; goes with `key`.
    pub certificate: Option<PathBuf>,
    /// PEM file of the certificate's private key.
    pub key: Option<PathBuf>,
    /// The name that the subgraph's certificate must be for, instead of the URL's host.
    pub server_name: Option<String>,
}
