//! The operations that are measured.

use bytes::Bytes;
use clap::ValueEnum;
use serde::Serialize;

/// One operation, sent over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// The public benchmark's operation: users and products, their reviews, the reviews' authors and their reviews.
    Deep,
    /// One list from one subgraph, a single fetch.
    Small,
}

impl Scenario {
    /// Every scenario, in the order of measuring.
    pub const ALL: [Self; 2] = [Self::Deep, Self::Small];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deep => "deep",
            Self::Small => "small",
        }
    }

    /// The GraphQL document.
    pub const fn document(self) -> &'static str {
        match self {
            Self::Deep => include_str!("../operations/deep.graphql"),
            Self::Small => include_str!("../operations/small.graphql"),
        }
    }

    /// The body of a request over HTTP.
    pub fn body(self) -> Bytes {
        Bytes::from(serde_json::json!({ "query": self.document() }).to_string())
    }
}
