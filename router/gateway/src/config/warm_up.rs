//! What is prepared before a supergraph serves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Operations that are planned against a new supergraph before it is taken over, most used first. The old one serves
/// meanwhile; one operation at a time is prepared, with a pause as long as it took, so that half a core is the most it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WarmUpConfig {
    /// Most operations. Default 500; 0 turns it off.
    pub operations: usize,
    /// Most milliseconds; what is not planned by then is planned when it is asked for. Default 10,000.
    pub max_ms: u64,
    /// Whether the operations of the manifests are planned too, after those in use, and at start. Default false.
    pub persisted: bool,
}

impl Default for WarmUpConfig {
    fn default() -> Self {
        Self {
            operations: 500,
            max_ms: 10_000,
            persisted: false,
        }
    }
}
