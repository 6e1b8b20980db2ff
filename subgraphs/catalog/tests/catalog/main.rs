//! Catalog over real PostgreSQL: every query and mutation, imports, search, feeds, events.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod consuming;
mod editing;
mod feeds;
mod importing;
mod meilisearch;
mod plans;
mod reading;
mod refusals;
mod searching;
mod support;
