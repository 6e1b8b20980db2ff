//! Settings of single subgraphs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SubscriptionProtocol;

/// Settings of one subgraph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphConfig {
    /// Where it answers, instead of the supergraph's URL.
    pub url: Option<String>,
    /// Milliseconds for one call, instead of `timeouts.subgraph_ms`.
    pub timeout_ms: Option<u64>,
    /// Bytes of one answer, instead of `limits.subgraph_response_bytes`.
    pub response_bytes: Option<usize>,
    /// How its subscriptions are reached: `sse` (default) or `web-socket`. In this process it is always the former.
    pub subscription_protocol: SubscriptionProtocol,
    /// Where its subscriptions are reached, instead of the URL above: `http`, `https`, `ws` or `wss`.
    pub subscription_url: Option<String>,
}
