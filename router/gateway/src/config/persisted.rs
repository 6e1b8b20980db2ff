//! Persisted operations: which are known and who may run what.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Persisted operations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PersistedConfig {
    /// What documents are run for callers that no other rule names. Default allow.
    pub mode: PersistedMode,
    /// The same for partners' tokens. Default ids only.
    pub partners: PersistedMode,
    /// The same by client name. A name that a partner's token carries decides; a name that is only a header can make
    /// the rule stricter, never laxer.
    pub clients: BTreeMap<String, PersistedMode>,
    /// Manifest files in Apollo's, Relay's or the plain `{hash: document}` format, watched for changes.
    pub files: Vec<PathBuf>,
    /// Automatic persisted queries: clients register documents by hash. Default true.
    pub automatic: bool,
    /// Bytes of automatically registered documents kept. Default 16 MiB.
    pub automatic_bytes: u64,
}

impl Default for PersistedConfig {
    fn default() -> Self {
        Self {
            mode: PersistedMode::Allow,
            partners: PersistedMode::IdsOnly,
            clients: BTreeMap::new(),
            files: Vec::new(),
            automatic: true,
            automatic_bytes: 16 << 20,
        }
    }
}

/// Which documents are run, from lax to strict.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PersistedMode {
    /// Any document.
    Allow,
    /// Any document; those that no manifest has are logged.
    LogUnknown,
    /// Documents of the manifests, by id or by their text.
    Safelist,
    /// Documents of the manifests, by id only.
    IdsOnly,
}
