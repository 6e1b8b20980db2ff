//! Admin over real PostgreSQL: what is counted, what operators may do, what the audit log is told.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod authorisation;
mod counting;
mod moderating;
mod operating;
mod plans;
mod support;
