//! Events that could not be handled.

use async_graphql::{ID, SimpleObject};
use coko_core::consumer::DeadLetter;
use time::OffsetDateTime;

/// An event that a role could not handle.
#[derive(SimpleObject)]
#[graphql(name = "DeadLetter")]
pub(crate) struct DeadLetterType {
    /// The role that could not handle it.
    role: String,
    /// The event.
    event_id: ID,
    /// What it came on: `coko.payment.book.purchased`.
    subject: String,
    /// Why it failed last.
    error: String,
    /// Deliveries and replays so far.
    attempts: i32,
    /// When it failed last.
    failed_at: OffsetDateTime,
    /// What the event says, as JSON, cut at 65,536 characters; only where a single letter is asked for.
    payload: Option<String>,
}

impl DeadLetterType {
    /// The letter of a role.
    pub(crate) fn new(role: &str, letter: DeadLetter, payload: Option<String>) -> Self {
        Self {
            role: role.to_owned(),
            event_id: letter.event_id.into(),
            subject: letter.subject,
            error: letter.error,
            attempts: letter.attempts,
            failed_at: letter.failed_at,
            payload,
        }
    }
}
