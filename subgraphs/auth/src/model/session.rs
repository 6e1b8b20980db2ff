//! Sessions and their refresh tokens: when one may be used, and what its reuse means.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::text_enum;
use crate::tables;

text_enum! {
    /// How a person proved who they are.
    Method {
        /// E-mail address and password.
        Password = "password",
        /// A code sent to their phone.
        Phone = "phone",
        /// Google, by OpenID Connect.
        Google = "google",
        /// Facebook, by OpenID Connect.
        Facebook = "facebook",
    }
}

text_enum! {
    /// Why a session ended before its time.
    RevokeReason {
        /// Its owner signed out on that device.
        Logout = "LOGOUT",
        /// Its owner ended it from another device.
        Owner = "OWNER",
        /// A refresh token came back after it had been spent: one of two holders is a thief.
        RefreshReuse = "REFRESH_REUSE",
        /// The password was changed or reset.
        PasswordChanged = "PASSWORD_CHANGED",
        /// A role was taken away, which its access tokens still carry.
        RoleChanged = "ROLE_CHANGED",
        /// The account was suspended.
        Suspended = "SUSPENDED",
        /// The account is to be deleted.
        Deleted = "DELETED",
    }
}

/// A sign-in on a device; also the family of its refresh tokens.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = tables::sessions)]
pub(crate) struct Session {
    /// UUIDv7; `session("…")` in its tokens.
    pub id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// How it began.
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub method: Method,
    /// The name that the application gave the device.
    pub device: Option<String>,
    /// The client's address when it was last used.
    pub address: Option<String>,
    /// The client's `User-Agent` when it was last used.
    pub agent: Option<String>,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it was last refreshed.
    pub last_used_at: OffsetDateTime,
    /// When it ends unless it is refreshed.
    pub expires_at: OffsetDateTime,
    /// When it was ended.
    pub revoked_at: Option<OffsetDateTime>,
}

impl Session {
    /// Whether it has neither ended nor run out.
    pub(crate) fn is_live(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }
}

impl From<Method> for String {
    fn from(method: Method) -> Self {
        method.as_str().to_owned()
    }
}

/// A refresh token as it is stored: by its hash.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = tables::refresh_tokens)]
pub(crate) struct RefreshToken {
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    /// Its family.
    pub session_id: Uuid,
    /// When it was given out.
    pub issued_at: OffsetDateTime,
    /// When it ends.
    pub expires_at: OffsetDateTime,
    /// When it was exchanged for the next one.
    pub spent_at: Option<OffsetDateTime>,
}

/// What presenting a refresh token comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefreshVerdict {
    /// Exchange it for the next one.
    Rotate,
    /// It has run out, or its session has ended: sign in again.
    Over,
    /// It was exchanged before: end the whole family.
    Reused,
}

impl RefreshToken {
    /// Judges the token. There is no grace for a response that was lost: whoever replays a spent token within a grace
    /// period would share the session with its owner unnoticed, so a lost response costs a sign-in instead.
    pub(crate) fn judge(&self, session_is_live: bool, now: OffsetDateTime) -> RefreshVerdict {
        if !session_is_live {
            RefreshVerdict::Over
        } else if self.spent_at.is_some() {
            RefreshVerdict::Reused
        } else if self.expires_at <= now {
            RefreshVerdict::Over
        } else {
            RefreshVerdict::Rotate
        }
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_spent_token_condemns_a_live_family_only() {
        let now = datetime!(2026-01-15 08:00 UTC);
        let token = |spent: bool, lives: i64| RefreshToken {
            token_hash: vec![],
            session_id: Uuid::nil(),
            issued_at: now,
            expires_at: now + Duration::seconds(lives),
            spent_at: spent.then_some(now),
        };
        assert_eq!(token(false, 1).judge(true, now), RefreshVerdict::Rotate);
        assert_eq!(token(false, 0).judge(true, now), RefreshVerdict::Over);
        assert_eq!(token(true, 1).judge(true, now), RefreshVerdict::Reused);
        // An old spent token is still proof of theft while the family lives on.
        assert_eq!(token(true, -100).judge(true, now), RefreshVerdict::Reused);
        assert_eq!(token(true, 1).judge(false, now), RefreshVerdict::Over);
        assert_eq!(token(false, 1).judge(false, now), RefreshVerdict::Over);
    }
}
