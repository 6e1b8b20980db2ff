//! Publication over real PostgreSQL, with a clock that stands still.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod contracts;
mod importing;
mod payouts;
mod plans;
mod privacy;
mod publishing;
mod reading;
mod royalties;
mod statements;
mod support;
