//! Tokens that are not sessions: links in mails, and personal access tokens.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::text_enum;
use crate::tables;

text_enum! {
    /// What a link in a mail is for.
    Purpose {
        /// It proves the address.
        VerifyEmail = "VERIFY_EMAIL",
        /// It permits a new password.
        ResetPassword = "RESET_PASSWORD",
    }
}

/// The secret of a link in a mail, by its hash; using it removes it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = tables::one_time_tokens)]
pub(crate) struct OneTimeToken {
    pub token_hash: Vec<u8>,
    pub user_id: Uuid,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub purpose: Purpose,
    pub issued_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

impl From<Purpose> for String {
    fn from(purpose: Purpose) -> Self {
        purpose.as_str().to_owned()
    }
}

/// A token that a person made for a script or a device of theirs.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = tables::personal_access_tokens)]
pub(crate) struct PersonalAccessToken {
    /// UUIDv7; `session("…")` in the biscuit, so that it is revoked like a session.
    pub id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// What it may do, as `resource:action`.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it ends.
    pub expires_at: OffsetDateTime,
    /// When its owner ended it.
    pub revoked_at: Option<OffsetDateTime>,
}
