//! Entries of the audit log: who did what to whom, when, from where.

use diesel::prelude::*;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables;

/// One entry; written once, never changed but for what is taken away when an account is erased.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = tables::audit_log)]
pub(crate) struct AuditEntry {
    /// UUIDv7.
    pub id: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// Who: a user's id, `partner/client`, `system`, or none for a guest.
    pub actor_id: Option<String>,
    /// What: `session.started`, `role.granted`.
    pub action: String,
    /// The kind of thing it was done to: `user`, `session`, `partner`.
    pub subject_type: String,
    /// Which one.
    pub subject_id: String,
    /// The values before, where something changed.
    pub old_values: Option<Value>,
    /// The values after.
    pub new_values: Option<Value>,
    /// The client's address.
    pub address: Option<String>,
    /// The client's `User-Agent`.
    pub agent: Option<String>,
    /// The request.
    pub request_id: String,
}

/// An entry to append. Values never hold secrets, addresses or numbers: the log outlives accounts.
#[derive(Debug, Insertable)]
#[diesel(table_name = tables::audit_log)]
pub(crate) struct NewAuditEntry<'a> {
    pub id: Uuid,
    pub at: OffsetDateTime,
    pub actor_id: Option<String>,
    pub action: &'a str,
    pub subject_type: &'a str,
    pub subject_id: String,
    pub old_values: Option<Value>,
    pub new_values: Option<Value>,
    pub address: Option<String>,
    pub agent: Option<&'a str>,
    pub request_id: &'a str,
}

/// What an audited action was done to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    /// An account.
    User(Uuid),
    /// A sign-in on a device.
    Session(Uuid),
    /// A personal or partner token.
    Token(Uuid),
    /// A partner.
    Partner(&'a str),
    /// A partner's client.
    Client(&'a str),
}

impl Subject<'_> {
    /// The kind and the id, as they are stored.
    pub(crate) fn parts(self) -> (&'static str, String) {
        match self {
            Self::User(id) => ("user", id.to_string()),
            Self::Session(id) => ("session", id.to_string()),
            Self::Token(id) => ("token", id.to_string()),
            Self::Partner(slug) => ("partner", slug.to_owned()),
            Self::Client(slug) => ("client", slug.to_owned()),
        }
    }
}

/// What an operator's view of the log is narrowed by.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuditFilter {
    pub actor_id: Option<String>,
    pub subject_id: Option<String>,
    pub action: Option<String>,
    pub from: Option<OffsetDateTime>,
    pub until: Option<OffsetDateTime>,
}
