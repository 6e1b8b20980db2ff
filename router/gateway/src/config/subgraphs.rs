//! Settings of single subgraphs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    CircuitBreakerConfig, ConfigError, Http2, RetryConfig, SubgraphCompression, SubgraphTls,
    SubscriptionProtocol,
};

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
    /// Whether equal queries under way are sent once, instead of `traffic.deduplication`.
    pub deduplication: Option<bool>,
    /// Whether HTTP/2 is spoken, instead of `traffic.http2`.
    pub http2: Option<Http2>,
    /// TLS of its own, with authorities and certificates that are not public.
    pub tls: Option<SubgraphTls>,
    /// What is compressed on the way, instead of `traffic.compression`.
    pub compression: Option<SubgraphCompression>,
    /// Instead of `traffic.retries`.
    pub retries: Option<RetryConfig>,
    /// Instead of `traffic.circuit_breaker`.
    pub circuit_breaker: Option<CircuitBreakerConfig>,
}

impl SubgraphConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.retries.as_ref().map_or(Ok(()), RetryConfig::check)?;
        let circuit = self.circuit_breaker.as_ref();
        circuit.map_or(Ok(()), CircuitBreakerConfig::check)
    }
}
