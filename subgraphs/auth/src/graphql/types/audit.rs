//! The audit log.

use async_graphql::{ID, InputObject, Json, SimpleObject};
use serde_json::Value;
use time::OffsetDateTime;

use crate::model::{AuditEntry, AuditFilter};

/// An entry of the audit log.
#[derive(SimpleObject)]
#[graphql(name = "AuditEntry")]
pub(crate) struct AuditEntryType {
    /// Identifies the entry.
    id: ID,
    /// When.
    at: OffsetDateTime,
    /// Who: a user's id, `partner/client`, `system`; none for a guest.
    actor: Option<String>,
    /// What: `session.started`, `role.granted`.
    action: String,
    /// The kind of thing it was done to: `user`, `session`, `token`, `partner`.
    subject_type: String,
    /// Which one.
    subject: String,
    /// The values before, where something changed.
    old_values: Option<Json<Value>>,
    /// The values after.
    new_values: Option<Json<Value>>,
    /// The client's address.
    address: Option<String>,
    /// The client's `User-Agent`.
    agent: Option<String>,
    /// The request.
    request_id: String,
}

impl From<AuditEntry> for AuditEntryType {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id.into(),
            at: entry.at,
            actor: entry.actor_id,
            action: entry.action,
            subject_type: entry.subject_type,
            subject: entry.subject_id,
            old_values: entry.old_values.map(Json),
            new_values: entry.new_values.map(Json),
            address: entry.address,
            agent: entry.agent,
            request_id: entry.request_id,
        }
    }
}

/// What the audit log is narrowed by.
#[derive(InputObject, Default)]
#[graphql(name = "AuditFilter")]
pub(crate) struct AuditFilterInput {
    /// Only what this actor did.
    actor: Option<String>,
    /// Only what was done to this subject.
    subject: Option<String>,
    /// Only this action.
    action: Option<String>,
    /// Only from this moment on.
    from: Option<OffsetDateTime>,
    /// Only before this moment.
    until: Option<OffsetDateTime>,
}

impl From<AuditFilterInput> for AuditFilter {
    fn from(input: AuditFilterInput) -> Self {
        Self {
            actor_id: input.actor,
            subject_id: input.subject,
            action: input.action,
            from: input.from,
            until: input.until,
        }
    }
}
