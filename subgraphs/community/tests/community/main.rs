//! Community over real PostgreSQL: every query and mutation, who sees what, moderation, events.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod clubs;
mod conversations;
mod hearing;
mod moderating;
mod people;
mod plans;
mod reviewing;
mod seeing;
mod support;
