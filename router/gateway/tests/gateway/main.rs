//! The gateway over real HTTP: real subgraphs behind it, a real client in front of it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, in its helpers too"
)]

mod caching;
mod caching_callers;
mod compression;
mod failures;
mod feeds;
mod http;
mod identity;
mod limits;
mod live;
mod npm;
mod overrides;
mod persisted;
mod queries;
mod reload;
mod stream_tokens;
mod subscriptions;
mod support;
mod traces;
mod uploads;
