//! Recommendation over real PostgreSQL, and JetStream where its history is read.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod answering;
mod converging;
mod plans;
mod rebuilding;
mod saying;
mod support;
