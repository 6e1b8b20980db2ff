//! The executor against small subgraphs that resolve real queries over literal data.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of these tests panic as the tests do"
)]

mod abstract_types;
mod conditions;
mod entities;
mod failures;
mod features;
mod incremental;
mod introspection;
mod kit;
mod mutations;
mod nulls;
mod parts;
mod properties;
mod reference;
mod scheduling;
mod specification;
mod subscriptions;
mod supergraphs;
mod variables;
