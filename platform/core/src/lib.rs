//! The shared foundation of every Coko service.
//!
//! It owns what all subgraphs and the router do alike: configuration, telemetry, lifecycle, errors, identity,
//! the database pool, the outbox with its relay and consumers, caching, rate limits, mail, translations and the
//! adapters to GraphQL. It knows no domain beyond the names and payloads of events, and imports no other member.

pub mod ask;
pub mod cache;
pub mod clock;
pub mod config;
pub mod consumer;
pub mod context;
pub mod crypto;
pub mod database;
pub mod dead_letters;
pub mod error;
pub mod events;
pub mod export;
pub mod graphql;
pub mod heartbeat;
pub mod history;
pub mod idempotency;
pub mod identity;
pub mod ids;
pub mod isbn;
pub mod language;
pub mod ledger;
pub mod lifecycle;
pub mod listen;
pub mod locale;
pub mod mail;
pub mod money;
pub mod outbox;
pub mod paging;
pub mod rate_limit;
pub mod redis;
#[cfg(feature = "servers")]
pub mod servers;
pub mod service;
pub mod settings;
pub mod stored;
mod tables;
pub mod telemetry;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod text;
pub mod translation;
pub mod web;

pub use error::{Code, Error, Result};
