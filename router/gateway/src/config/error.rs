//! What is wrong with a configuration.

use std::path::PathBuf;

/// A configuration the gateway cannot start with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The supergraph file cannot be read.
    #[error("the supergraph {path} cannot be read: {reason}")]
    SupergraphFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// The supergraph cannot be served.
    #[error("the supergraph cannot be served: {0}")]
    Supergraph(String),
    /// A subgraph did not give its SDL.
    #[error("subgraph {name} does not answer its SDL: {reason}")]
    SubgraphSdl {
        /// The subgraph.
        name: String,
        /// What went wrong.
        reason: String,
    },
    /// A subgraph's URL is not one.
    #[error("the URL {url:?} of subgraph {name} cannot be used: {reason}")]
    SubgraphUrl {
        /// The subgraph.
        name: String,
        /// What is configured or written in the supergraph.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS to a subgraph cannot be spoken.
    #[error("subgraphs.{name}.tls cannot be used: {reason}")]
    SubgraphTls {
        /// The subgraph.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A manifest of persisted operations cannot be used.
    #[error("the operations manifest {path} cannot be used: {reason}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] coko_core::listen::TlsError),
    /// A setting is out of range or malformed.
    #[error("{setting} is {found}: expected {expected}")]
    Setting {
        /// The setting, as written in the file.
        setting: &'static str,
        /// What was found.
        found: String,
        /// What is accepted.
        expected: &'static str,
    },
}
