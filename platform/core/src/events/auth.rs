//! What auth says: accounts that come, change and go, sessions that end.
//!
//! The stream is kept as history, so no event carries an e-mail address, a phone number or a secret: whoever must
//! reach a person asks auth for the address when it is needed, and erasing an account erases it everywhere. What says how
//! somebody is called, or what was written about them, is deleted from the history with the account ([`crate::history`]): whoever
//! hears [`UserDeleted`] may never have heard of the account before.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::Payload;

const SAMPLE_USER: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8057");
const SAMPLE_SESSION: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8058");

/// A person has an account: `user.registered`, said once, when the address or the phone number is proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRegistered {
    /// The account.
    pub user_id: Uuid,
    /// The name shown to others.
    pub display_name: String,
    /// ISO 3166-1 alpha-2, if the person said.
    pub country: Option<String>,
    /// BCP 47 language the person is addressed in.
    pub language: String,
    /// IANA time zone.
    pub time_zone: String,
    /// How they came: `password`, `phone`, `google`, `facebook`.
    pub method: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub registered_at: OffsetDateTime,
}

impl Payload for UserRegistered {
    const DOMAIN: &'static str = "auth";
    const TYPE: &'static str = "user.registered";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            display_name: "Awa Ndiaye".to_owned(),
            country: Some("SN".to_owned()),
            language: "fr".to_owned(),
            time_zone: "Africa/Dakar".to_owned(),
            method: "password".to_owned(),
            registered_at: datetime!(2026-01-15 08:30 UTC),
        }
    }
}

/// A person signed in on a device: `user.login`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLogin {
    /// The account.
    pub user_id: Uuid,
    /// The session that began.
    pub session_id: Uuid,
    /// How: `password`, `phone`, `google`, `facebook`.
    pub method: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Payload for UserLogin {
    const DOMAIN: &'static str = "auth";
    const TYPE: &'static str = "user.login";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            session_id: SAMPLE_SESSION,
            method: "password".to_owned(),
            at: datetime!(2026-01-15 08:31 UTC),
        }
    }
}

/// A profile as it is now: `user.profile.updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserProfileUpdated {
    /// The account.
    pub user_id: Uuid,
    /// The name shown to others.
    pub display_name: String,
    /// An `https` picture, if there is one.
    pub avatar: Option<String>,
    /// ISO 3166-1 alpha-2, if the person said.
    pub country: Option<String>,
    /// BCP 47 language.
    pub language: String,
    /// IANA time zone.
    pub time_zone: String,
    /// `PUBLIC`, `FOLLOWERS` or `PRIVATE`.
    pub privacy: String,
}

impl Payload for UserProfileUpdated {
    const DOMAIN: &'static str = "auth";
    const TYPE: &'static str = "user.profile.updated";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            display_name: "Awa Ndiaye".to_owned(),
            avatar: None,
            country: Some("SN".to_owned()),
            language: "fr".to_owned(),
            time_zone: "Africa/Dakar".to_owned(),
            privacy: "FOLLOWERS".to_owned(),
        }
    }
}

/// A role was granted or taken: `user.role.changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRoleChanged {
    /// The account.
    pub user_id: Uuid,
    /// The role at stake.
    pub role: String,
    /// Granted, or taken away.
    pub granted: bool,
    /// All roles the account has now, in alphabetical order.
    pub roles: Vec<String>,
}

impl Payload for UserRoleChanged {
    const DOMAIN: &'static str = "auth";
    const TYPE: &'static str = "user.role.changed";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            role: "author".to_owned(),
            granted: true,
            roles: vec!["author".to_owned(), "user".to_owned()],
        }
    }
}

/// An account was suspended: `user.suspended`; its sessions end at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSuspended {
    /// The account.
    pub user_id: Uuid,
    /// Why, in the operator's words.
    pub reason: String,
}

impl Payload for UserSuspended {
    const DOMAIN: &'static str = "auth";
    const TYPE: &'static str = "user.suspended";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            reason: "Spam in three forums".to_owned(),
        }
    }
}

/// A suspension was lifted: `user.unsuspended`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserUnsuspended {
    /// The account.
    pub user_id: Uuid,
}

impl Payload for UserUnsuspended {
    const DOMAIN: &'static str = "auth";
    const TYPE: &'static str = "user.unsuspended";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
        }
    }
}

/// An account is gone for good: `user.deleted`; every domain erases or anonymises what it holds of this person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDeleted {
    /// The account.
    pub user_id: Uuid,
    /// When the anonymisation happened.
    #[serde(with = "time::serde::rfc3339")]
    pub deleted_at: OffsetDateTime,
}

impl Payload for UserDeleted {
    const DOMAIN: &'static str = "auth";
    const TYPE: &'static str = "user.deleted";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            deleted_at: datetime!(2026-02-14 03:00 UTC),
        }
    }
}

/// A session ended before its time: `session.revoked`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRevoked {
    /// The session, which is also the family of its refresh tokens.
    pub session_id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// `LOGOUT`, `OWNER`, `REFRESH_REUSE`, `PASSWORD_CHANGED`, `ROLE_CHANGED`, `SUSPENDED` or `DELETED`.
    pub reason: String,
}

impl Payload for SessionRevoked {
    const DOMAIN: &'static str = "auth";
    const TYPE: &'static str = "session.revoked";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.session_id.to_string()
    }

    fn sample() -> Self {
        Self {
            session_id: SAMPLE_SESSION,
            user_id: SAMPLE_USER,
            reason: "REFRESH_REUSE".to_owned(),
        }
    }
}

/// A person asks for everything we hold about them: `user.export.requested`. What the domains hold is asked of them
/// ([`crate::export`]), as it must not be kept in the history of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserExportRequested {
    /// The request.
    pub export_id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub requested_at: OffsetDateTime,
}

impl Payload for UserExportRequested {
    const DOMAIN: &'static str = "auth";
    const TYPE: &'static str = "user.export.requested";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            export_id: uuid!("01890a5d-ac96-774b-bcce-b302099a8059"),
            user_id: SAMPLE_USER,
            requested_at: datetime!(2026-01-15 09:00 UTC),
        }
    }
}
