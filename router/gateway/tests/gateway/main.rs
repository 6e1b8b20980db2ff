//! The gateway over real HTTP: real subgraphs behind it, a real client in front of it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, in its helpers too"
)]

mod authority;
mod cached;
mod caching;
mod caching_callers;
mod caching_events;
mod clients;
mod compression;
mod connections;
mod failures;
mod faults;
mod feeds;
mod http;
mod identity;
mod incremental;
mod limits;
mod live;
mod metrics;
mod npm;
mod overrides;
mod parts;
mod persisted;
mod queries;
mod quotas;
mod reload;
mod rogue;
mod stream_tokens;
mod subscriptions;
mod support;
mod tls;
mod tls_subgraphs;
mod traces;
mod traffic;
mod uploads;
