//! GraphQL's view of what is not an entity.

mod audit;
mod impersonation;
mod partners;

pub(crate) use audit::{AuditEntryType, AuditFilterInput};
pub(crate) use impersonation::ImpersonationType;
pub(crate) use partners::{PartnerClientType, PartnerTokenType, PartnerType};

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Json, Object, SimpleObject};
use coko_core::graphql::RequestExt as _;
use coko_core::{Code, Result};
use serde_json::Value;
use time::OffsetDateTime;

use crate::commands::session::SignedIn;
use crate::commands::{Auth, export, require_session};
use crate::model::{Consent, DataExport, PersonalAccessToken, Preferences, Session, UserFilter};

/// Who sees a profile beyond its display name.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "Privacy", remote = "crate::model::Privacy")]
pub(crate) enum PrivacyType {
    /// Everybody.
    Public,
    /// The owner and those who follow them; others see name and picture.
    Followers,
    /// The owner; others see the name.
    Private,
}

/// The colours of the reading applications.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "Theme", remote = "crate::model::Theme")]
pub(crate) enum ThemeType {
    /// As the device.
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// Brown on cream.
    Sepia,
}

/// Where an account stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "UserStatus", remote = "crate::model::Status")]
pub(crate) enum StatusType {
    /// Registered; the address is not proven yet.
    Pending,
    /// In use.
    Active,
    /// Closed by an operator.
    Suspended,
    /// Its owner asked for deletion; signing in cancels that.
    Deleting,
    /// Anonymised for good.
    Deleted,
}

/// How a session began.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "SignInMethod", remote = "crate::model::Method")]
pub(crate) enum MethodType {
    /// E-mail address and password.
    Password,
    /// A code sent to a phone.
    Phone,
    /// Google.
    Google,
    /// Facebook.
    Facebook,
}

/// What is agreed to.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "ConsentKind", remote = "crate::model::ConsentKind")]
pub(crate) enum ConsentKindType {
    /// Keeping reading positions and purchases: required.
    Tracking,
    /// News and offers.
    Marketing,
    /// Measurements of how the applications are used.
    Analytics,
}

/// How the applications behave for a reader.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(name = "Preferences")]
pub(crate) struct PreferencesType {
    /// Colours.
    theme: ThemeType,
    /// Size of running text in CSS pixels, 10 to 40.
    font_size: i32,
    /// Fetch less: small covers, nothing ahead of need.
    data_saver: bool,
    /// Whether anything but critical messages may be sent.
    notifications: bool,
}

impl From<Preferences> for PreferencesType {
    fn from(preferences: Preferences) -> Self {
        Self {
            theme: preferences.theme.into(),
            font_size: preferences.font_size.into(),
            data_saver: preferences.data_saver,
            notifications: preferences.notifications,
        }
    }
}

/// A sign-in on a device.
pub(crate) struct SessionType(pub(crate) Session);

/// A sign-in on a device.
#[Object(name = "Session")]
impl SessionType {
    /// Identifies the session.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Whether it is the one that asks.
    async fn current(&self, context: &Context<'_>) -> bool {
        context.viewer().session_id() == Some(self.0.id)
    }

    /// How it began.
    async fn method(&self) -> MethodType {
        self.0.method.into()
    }

    /// The name that the application gave the device.
    async fn device(&self) -> Option<&str> {
        self.0.device.as_deref()
    }

    /// The client's address when it was last used.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// The client's `User-Agent` when it was last used.
    async fn agent(&self) -> Option<&str> {
        self.0.agent.as_deref()
    }

    /// When it began.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// When it was last refreshed.
    async fn last_used_at(&self) -> OffsetDateTime {
        self.0.last_used_at
    }

    /// When it ends unless it is refreshed.
    async fn expires_at(&self) -> OffsetDateTime {
        self.0.expires_at
    }
}

/// The tokens of a session.
#[derive(SimpleObject)]
pub(crate) struct SessionTokens {
    /// A biscuit for `Authorization: Bearer`.
    access_token: String,
    /// When the access token ends: refresh before.
    access_expires_at: OffsetDateTime,
    /// Exchange it once with `refresh`, which gives the next one; using it a second time ends the session.
    refresh_token: String,
    /// When the refresh token ends.
    refresh_expires_at: OffsetDateTime,
    /// The session.
    session: SessionType,
}

impl From<SignedIn> for SessionTokens {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            access_token: signed_in.access.token,
            access_expires_at: signed_in.access.expires_at,
            refresh_token: signed_in.refresh,
            refresh_expires_at: signed_in.refresh_expires_at,
            session: SessionType(signed_in.session),
        }
    }
}

/// A role and what it may do.
#[derive(SimpleObject)]
#[graphql(name = "Role")]
pub(crate) struct RoleType {
    /// Its name.
    pub name: String,
    /// Who has it.
    pub description: String,
    /// What it may do, as `resource:action`; `*` is everything that can be done to the resource.
    pub rights: Vec<String>,
}

/// A token that a person made for a script or a device of theirs.
#[derive(SimpleObject)]
#[graphql(name = "PersonalAccessToken")]
pub(crate) struct PersonalAccessTokenType {
    /// Identifies the token.
    id: ID,
    /// What its owner calls it.
    name: String,
    /// What it may do, as `resource:action`.
    scopes: Vec<String>,
    /// When it was made.
    created_at: OffsetDateTime,
    /// When it ends.
    expires_at: OffsetDateTime,
}

impl From<PersonalAccessToken> for PersonalAccessTokenType {
    fn from(token: PersonalAccessToken) -> Self {
        Self {
            id: token.id.into(),
            name: token.name,
            scopes: token.scopes,
            created_at: token.created_at,
            expires_at: token.expires_at,
        }
    }
}

/// A decision about a consent.
#[derive(SimpleObject)]
#[graphql(name = "Consent")]
pub(crate) struct ConsentType {
    /// Of what.
    kind: ConsentKindType,
    /// Given, or withdrawn.
    granted: bool,
    /// When.
    recorded_at: OffsetDateTime,
}

impl From<Consent> for ConsentType {
    fn from(consent: Consent) -> Self {
        Self {
            kind: consent.kind.into(),
            granted: consent.granted,
            recorded_at: consent.recorded_at,
        }
    }
}

/// A request for a copy of one's data.
pub(crate) struct DataExportType(DataExport);

/// A request for a copy of one's data.
#[Object(name = "DataExport")]
impl DataExportType {
    /// Identifies the request.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// When it was made.
    async fn requested_at(&self) -> OffsetDateTime {
        self.0.requested_at
    }

    /// When every domain had added its part; null until then, which takes seconds to minutes.
    async fn ready_at(&self) -> Option<OffsetDateTime> {
        self.0.ready_at
    }

    /// Where the whole copy is fetched as JSON, for ten minutes; ask again for a new address. Null until it is ready, and for
    /// tokens that were narrowed.
    async fn download_url(&self, context: &Context<'_>) -> Result<Option<String>> {
        let auth = context.data_unchecked::<Arc<Auth>>();
        let Some(address) = export::address(context.command(), auth, &self.0) else {
            return Ok(None);
        };
        let mut database = auth.pool.get().await?;
        // Personal access tokens are narrow too, and the whole is more than any of them may read.
        match require_session(context.command(), &mut database).await {
            Ok(_) => Ok(Some(address)),
            Err(error) if error.code() == Code::Forbidden => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What auth holds: profile, sessions, tokens, consents, identities. The other domains add their parts to the whole copy.
    async fn account(&self) -> Json<Value> {
        Json(self.0.part.clone())
    }
}

impl From<DataExport> for DataExportType {
    fn from(export: DataExport) -> Self {
        Self(export)
    }
}

/// What a list of accounts is narrowed by.
#[derive(InputObject, Default)]
#[graphql(name = "UserFilter")]
pub(crate) struct UserFilterInput {
    /// Only accounts in this state.
    status: Option<StatusType>,
    /// Only accounts with this role.
    role: Option<String>,
    /// Only accounts whose address begins with this text.
    email_prefix: Option<String>,
}

impl From<UserFilterInput> for UserFilter {
    fn from(input: UserFilterInput) -> Self {
        Self {
            status: input.status.map(Into::into),
            role: input.role,
            email_prefix: input.email_prefix,
        }
    }
}
