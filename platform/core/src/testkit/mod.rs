//! What the tests of other members stand on: real databases cloned from a migrated template, a fixed clock, tokens for anyone.

mod client;
mod database;
mod platform;

pub use client::{Answer, GraphqlClient};
pub use database::TestDatabase;
pub use platform::{TestPlatform, TokenFor};
