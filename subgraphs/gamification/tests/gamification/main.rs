//! Gamification over real PostgreSQL, with Redis where there is one.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod boards;
mod challenges;
mod converging;
mod plans;
mod playing;
mod privacy;
mod support;
