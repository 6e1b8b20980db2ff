//! Reading over real PostgreSQL.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod converging;
mod entitling;
mod exporting;
mod licensing;
mod plans;
mod privacy;
mod statistics;
mod support;
mod syncing;
