//! Partners, their clients, the tokens minted for them, and exports of a person's data.

use diesel::prelude::*;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables;

/// An organisation whose applications read through persisted operations.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = tables::partners)]
pub(crate) struct Partner {
    /// `partner("…")` in its tokens.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whom to write to.
    pub contact: String,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// The operator who created it.
    pub created_by: Option<Uuid>,
}

/// One application of a partner.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = tables::partner_clients)]
pub(crate) struct PartnerClient {
    /// `client("…")` in its tokens.
    pub slug: String,
    /// Whose.
    pub partner: String,
    /// Its name.
    pub name: String,
    /// What it may do, as `resource:action`.
    pub rights: Vec<String>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Since when it may no longer call.
    pub disabled_at: Option<OffsetDateTime>,
}

/// A token given to a client, known by its revocation ids.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = tables::partner_tokens)]
pub(crate) struct PartnerToken {
    /// UUIDv7.
    pub id: Uuid,
    /// Whose.
    pub client: String,
    /// What revokes it and every token narrowed from it.
    pub revocation_id: String,
    /// When it was minted.
    pub created_at: OffsetDateTime,
    /// The operator who minted it.
    pub created_by: Option<Uuid>,
    /// When it ends.
    pub expires_at: OffsetDateTime,
    /// When it was ended.
    pub revoked_at: Option<OffsetDateTime>,
}

/// Whether `text` can name a partner or a client: lower-case letters, digits and inner hyphens, 3 to 40 characters.
pub(crate) fn is_slug(text: &str) -> bool {
    (3..=40).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// A person's request for a copy of their data, with auth's own part.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = tables::data_exports)]
pub(crate) struct DataExport {
    pub id: Uuid,
    pub user_id: Uuid,
    pub requested_at: OffsetDateTime,
    pub part: Value,
    /// When every domain had answered.
    pub ready_at: Option<OffsetDateTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain() {
        assert!(is_slug("acme") && is_slug("acme-web-2"));
        for text in [
            "",
            "ab",
            "-acme",
            "acme-",
            "Acme",
            "1acme",
            "ac me",
            "ac\"me",
            &"a".repeat(41),
        ] {
            assert!(!is_slug(text), "{text}");
        }
    }
}
