//! The gateway over real HTTP: real subgraphs behind it, a real client in front of it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, in its helpers too"
)]

mod caching;
mod caching_callers;
mod compression;
mod failures;
mod faults;
mod feeds;
mod http;
mod identity;
mod limits;
mod live;
mod npm;
mod overrides;
mod persisted;
mod queries;
mod quotas;
mod reload;
mod stream_tokens;
mod subscriptions;
mod support;
mod tls;
mod traces;
mod traffic;
mod uploads;
