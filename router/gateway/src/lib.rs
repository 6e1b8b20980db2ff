//! The HTTP pipeline around the executor: from a request on the wire to GraphQL bytes.
//!
//! This crate owns receiving, identifying, limiting, resolving, validating, authorizing and planning operations, calling
//! subgraphs, and answering; `pipeline.rs` has the order. What a plan is and how answers are merged is the
//! executor's; how a supergraph comes about is composition's.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use coko_gateway::{Config, Dependencies, Gateway};
//!
//! let gateway = Gateway::build(Config::default(), Dependencies::default()).await?;
//! let listener = tokio::net::TcpListener::bind(gateway.listen()).await?;
//! axum::serve(listener, gateway.router()).await?;
//! # Ok(())
//! # }
//! ```

mod accept;
mod actual_cost;
mod admin;
mod admit;
mod authorize;
mod cache;
mod coerce;
pub mod config;
mod context;
mod deferral;
mod demand;
mod dictionary;
mod document;
mod endpoints;
mod engine;
mod execute;
mod explain;
mod field_table;
mod flights;
mod front;
mod gateway;
mod headers;
mod ide;
mod identify;
mod incremental;
mod language;
mod lexical;
mod media;
mod meters;
mod overrides;
mod parse;
mod persisted;
mod pipeline;
mod plan;
mod plans;
mod prepare;
mod receive;
mod refusal;
mod reload;
mod resolve;
mod respond;
mod share;
mod sharing;
mod snapshot;
mod streams;
mod subscribe;
mod subscriptions;
mod suggest;
mod trace;
mod transport;
mod uploads;
mod validate;
mod warm_up;
mod websocket;

pub use coko_executor::OverrideContext;
pub use config::{Config, ConfigError, SupergraphSource};
pub use dictionary::train_dictionary;
pub use explain::{ExplainError, Explanation, Question, explain, explain_with};
pub use front::Front;
pub use gateway::{Dependencies, Gateway, ReloadError};
pub use persisted::parse_manifest;
