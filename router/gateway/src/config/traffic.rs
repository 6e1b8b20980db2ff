//! How subgraphs are called: shared, tried again, given a rest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, Http2, SubgraphCompression};

/// How all subgraphs are called, unless their own settings say otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrafficConfig {
    /// Whether equal queries to a subgraph that are under way at the same time are sent once. Calls are equal when body,
    /// token and all forwarded headers but `indifferent_headers` are. Default true.
    pub deduplication: bool,
    /// Whether equal operations of the same caller that are under way at the same time are executed once. Only queries;
    /// errors in a shared answer carry the request id of the request that was executed. Default false.
    pub operation_deduplication: bool,
    /// Forwarded headers, in lower case, that do not change what subgraphs answer. Request ids and trace contexts never
    /// do. Default `user-agent`.
    pub indifferent_headers: Vec<String>,
    /// Whether subgraphs are told in `x-request-timeout-ms` how many milliseconds are left until nobody waits for the
    /// answer. Default true.
    pub deadline_header: bool,
    /// Whether HTTP/2 is spoken. Default never.
    pub http2: Http2,
    /// What is compressed on the way.
    pub compression: SubgraphCompression,
    /// When queries are tried again.
    pub retries: RetryConfig,
    /// When a failing subgraph is not called for a while.
    pub circuit_breaker: CircuitBreakerConfig,
}

impl Default for TrafficConfig {
    fn default() -> Self {
        Self {
            deduplication: true,
            operation_deduplication: false,
            indifferent_headers: vec!["user-agent".to_owned()],
            deadline_header: true,
            http2: Http2::default(),
            compression: SubgraphCompression::default(),
            retries: RetryConfig::default(),
            circuit_breaker: CircuitBreakerConfig::default(),
        }
    }
}

/// When a call is tried again: only queries, and only when no connection could be made, when it broke before an answer
/// began, or when the answer was 502, 503 or 504. Mutations are never tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryConfig {
    /// Further attempts of one call; 0 turns retries off. Default 2; at most 10.
    pub attempts: u32,
    /// Retries allowed per 100 calls, so that a subgraph that is down is not called many times as often. Default 20.
    pub budget_percent: u32,
    /// Retries allowed per second whatever the number of calls, so that rare calls are tried again too. Default 10.
    pub budget_per_second: u32,
    /// The pause before the second attempt in milliseconds, at most: it is drawn from zero to this, and doubles with each
    /// attempt. Default 50.
    pub first_pause_ms: u64,
    /// The longest pause in milliseconds. Default 1,000.
    pub longest_pause_ms: u64,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            attempts: 2,
            budget_percent: 20,
            budget_per_second: 10,
            first_pause_ms: 50,
            longest_pause_ms: 1_000,
        }
    }
}

/// When a subgraph is not called for a while: when too many of its latest calls got no usable answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CircuitBreakerConfig {
    /// Default false.
    pub enabled: bool,
    /// How far back calls are counted, in milliseconds. Default 10,000; at least 100.
    pub window_ms: u64,
    /// Failed calls among 100 that open the circuit. Default 50.
    pub failure_percent: u32,
    /// Calls within the window below which the circuit stays closed. Default 20.
    pub minimum_calls: u32,
    /// How long an open circuit refuses all calls, in milliseconds. Default 5,000.
    pub open_ms: u64,
    /// Calls that are let through after that; when all succeed the circuit closes, when one fails it opens again.
    /// Default 3.
    pub probes: u32,
}

impl Default for CircuitBreakerConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            window_ms: 10_000,
            failure_percent: 50,
            minimum_calls: 20,
            open_ms: 5_000,
            probes: 3,
        }
    }
}

impl TrafficConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.retries.check()?;
        self.circuit_breaker.check()?;
        match self
            .indifferent_headers
            .iter()
            .find(|name| http::HeaderName::from_lowercase(name.as_bytes()).is_err())
        {
            None => Ok(()),
            Some(name) => Err(ConfigError::Setting {
                setting: "traffic.indifferent_headers",
                found: format!("{name:?}"),
                expected: "header names in lower case",
            }),
        }
    }
}

impl RetryConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.attempts > 10 {
            return Err(ConfigError::Setting {
                setting: "retries.attempts",
                found: self.attempts.to_string(),
                expected: "0 to 10",
            });
        }
        Ok(())
    }
}

impl CircuitBreakerConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fault = |setting, found: u64, expected| {
            Err(ConfigError::Setting {
                setting,
                found: found.to_string(),
                expected,
            })
        };
        if self.window_ms < 100 {
            return fault("circuit_breaker.window_ms", self.window_ms, "at least 100");
        }
        if !(1..=100).contains(&self.failure_percent) {
            return fault(
                "circuit_breaker.failure_percent",
                self.failure_percent.into(),
                "1 to 100",
            );
        }
        if self.minimum_calls == 0 || self.probes == 0 {
            return fault(
                "circuit_breaker.minimum_calls or circuit_breaker.probes",
                0,
                "at least 1",
            );
        }
        Ok(())
    }
}
