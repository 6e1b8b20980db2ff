//! Sign-ins under way at an identity provider, and the identities that came of them.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Method;
use crate::tables;

/// A sign-in that left for the provider and has not come back.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = tables::social_attempts)]
pub(crate) struct SocialAttempt {
    /// SHA-256 of the `state` parameter.
    pub state_hash: Vec<u8>,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub provider: Method,
    pub redirect_uri: String,
    /// What the ID token must repeat.
    pub nonce: String,
    /// The PKCE verifier (RFC 7636), sealed.
    pub pkce_verifier: Vec<u8>,
    pub expires_at: OffsetDateTime,
}

/// A person at a provider who is an account here.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = tables::social_identities)]
pub(crate) struct SocialIdentity {
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub provider: Method,
    /// The provider's `sub`.
    pub subject: String,
    pub user_id: Uuid,
    /// The provider's refresh token, sealed.
    pub refresh_token: Option<Vec<u8>>,
    pub linked_at: OffsetDateTime,
    pub last_used_at: OffsetDateTime,
}
