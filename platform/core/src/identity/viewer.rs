//! The one who asks, as far as the platform knows.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::rights::RightSet;
use crate::Error;

/// Who a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody in particular.
    Guest,
    /// A signed-in person.
    User {
        /// The account.
        id: Uuid,
        /// The session or personal access token it came through.
        session: Uuid,
    },
    /// A partner's program.
    Partner {
        /// The partner's short name.
        partner: String,
        /// The client among the partner's.
        client: String,
    },
    /// The platform itself: timers, consumers, the command line. Never from a token.
    System,
}

/// A verified caller with what it may do.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Who.
    pub principal: Principal,
    /// Role names, for display and for role-based rules.
    pub roles: Vec<String>,
    /// Permissions.
    pub rights: RightSet,
    /// The subscription plan, when the token says one.
    pub plan: Option<String>,
    /// When the token ends.
    pub expires_at: Option<OffsetDateTime>,
    /// Whether a holder narrowed the token.
    pub attenuated: bool,
    /// The token itself, to be forwarded.
    pub token: Option<Arc<str>>,
}

impl Viewer {
    /// A caller without a token, who may read what is public.
    pub fn guest() -> Self {
        Self::plain(
            Principal::Guest,
            RightSet::default(),
            vec!["guest".to_owned()],
        )
    }

    /// The platform itself.
    pub fn system() -> Self {
        Self::plain(Principal::System, RightSet::everything(), Vec::new())
    }

    fn plain(principal: Principal, rights: RightSet, roles: Vec<String>) -> Self {
        Self {
            principal,
            roles,
            rights,
            plan: None,
            expires_at: None,
            attenuated: false,
            token: None,
        }
    }

    /// The account, when a person asks.
    pub fn user_id(&self) -> Option<Uuid> {
        match self.principal {
            Principal::User { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The session, when a person asks.
    pub fn session_id(&self) -> Option<Uuid> {
        match self.principal {
            Principal::User { session, .. } => Some(session),
            _ => None,
        }
    }

    /// The account, or the error that asks to sign in.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when no person asks.
    pub fn require_user(&self) -> Result<Uuid, Error> {
        self.user_id().ok_or_else(Error::unauthenticated)
    }

    /// Whether the viewer may do `action` on `resource`.
    pub fn can(&self, resource: &str, action: &str) -> bool {
        self.rights.allows(resource, action)
    }

    /// Demands a permission.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` for a guest, `FORBIDDEN` for everyone else without it.
    pub fn require(&self, resource: &str, action: &str) -> Result<(), Error> {
        if self.can(resource, action) {
            Ok(())
        } else if self.principal == Principal::Guest {
            Err(Error::unauthenticated())
        } else {
            Err(Error::forbidden())
        }
    }

    /// Whether a partner's program asks.
    pub fn is_partner(&self) -> bool {
        matches!(self.principal, Principal::Partner { .. })
    }

    /// A text that is the same for the same caller and differs for any other; part of every shared key.
    pub fn key(&self) -> String {
        match &self.principal {
            Principal::Guest => "guest".to_owned(),
            Principal::User { id, .. } => format!("user:{id}"),
            Principal::Partner { partner, client } => format!("partner:{partner}:{client}"),
            Principal::System => "system".to_owned(),
        }
    }
}
