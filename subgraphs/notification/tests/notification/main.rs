//! Notification over real PostgreSQL, with simulated providers.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod carrying;
mod following;
mod plans;
mod preferring;
mod reporting;
mod seeing;
mod support;
mod telling;
