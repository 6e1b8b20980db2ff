//! What requests may ask for, how long they may take, how often they may come.

use coko_core::rate_limit::Quota;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::Audience;

/// What one request may ask for. Every limit is checked before anything is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request body. Default 1 MiB.
    pub body_bytes: usize,
    /// Lexical tokens of a document. Default 10,000.
    pub tokens: usize,
    /// Nested selection sets, through fragments. Default 20; at most 45, which is what the parser takes.
    pub depth: usize,
    /// Aliases in a document. Default 100.
    pub aliases: usize,
    /// Root fields of an operation, through fragments. Default 50.
    pub root_fields: usize,
    /// Directives in a document. Default 100.
    pub directives: usize,
    /// Fragment definitions in a document. Default 200.
    pub fragments: usize,
    /// Fields of an operation with every fragment spread out. Default 2,000.
    pub fields: usize,
    /// Computed cost, by `@cost` and `@listSize`. Default 100,000.
    pub cost: u64,
    /// Who is told what an operation was estimated to cost and did cost, in `extensions.cost`, when the request has the
    /// header `x-graphql-cost`. Default nobody.
    pub cost_shown_to: Audience,
    /// Items that a list of unknown size is taken to have. Default 10.
    pub assumed_list_size: u64,
    /// Bytes of one subgraph's answer. Default 16 MiB.
    pub subgraph_response_bytes: usize,
    /// Bytes of a whole answer. Default 64 MiB.
    pub response_bytes: usize,
    /// Errors listed in an answer. Default 100.
    pub errors: usize,
    /// Requests handled at once; beyond it callers are asked to come back. Default 4,096.
    pub in_flight: usize,
    /// Plans made at once. Default 2.
    pub planning: usize,
    /// Bytes of documents whose prepared form and plan are kept; those take some twenty times as much. Default 8 MiB.
    pub prepared_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            tokens: 10_000,
            depth: 20,
            aliases: 100,
            root_fields: 50,
            directives: 100,
            fragments: 200,
            fields: 2_000,
            cost: 100_000,
            cost_shown_to: Audience::Nobody,
            assumed_list_size: 10,
            subgraph_response_bytes: 16 << 20,
            response_bytes: 64 << 20,
            errors: 100,
            in_flight: 4_096,
            planning: 2,
            prepared_bytes: 8 << 20,
        }
    }
}

/// How long things may take, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// A whole request. Default 30,000.
    pub request_ms: u64,
    /// Receiving a request's body. Default 10,000.
    pub body_ms: u64,
    /// One call to a subgraph. Default 10,000.
    pub subgraph_ms: u64,
    /// Connecting to a subgraph. Default 2,000.
    pub connect_ms: u64,
    /// Planning an operation. Default 5,000.
    pub planning_ms: u64,
    /// Between looks at watched files. Default 1,000.
    pub reload_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            request_ms: 30_000,
            body_ms: 10_000,
            subgraph_ms: 10_000,
            connect_ms: 2_000,
            planning_ms: 5_000,
            reload_ms: 1_000,
        }
    }
}

/// Several operations in one request, as a JSON array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BatchingConfig {
    /// Default false.
    pub enabled: bool,
    /// Most operations in one request. Default 10.
    pub max: usize,
}

impl Default for BatchingConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            max: 10,
        }
    }
}

/// Quotas per principal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// Callers without a token, per address.
    pub guest: Option<Quota>,
    /// Users, each.
    pub user: Option<Quota>,
    /// Partners' clients, each.
    pub partner: Option<Quota>,
}
