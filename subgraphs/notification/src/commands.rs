//! What can be done in notification, one function per use case; one transaction each, events enqueued before the commit.
//!
//! Whatever tells a person something locks the person first. No provider is called inside a transaction.

pub(crate) mod announce;
pub(crate) mod carrying;
pub(crate) mod devices;
pub(crate) mod escalation;
pub(crate) mod notify;
pub(crate) mod reading;
pub(crate) mod reports;
pub(crate) mod round;
pub(crate) mod sending;
pub(crate) mod settings;
pub(crate) mod suppression;
pub(crate) mod sweep;
pub(crate) mod told;

use coko_core::context::CommandContext;
use coko_core::crypto::ColumnCipher;
use coko_core::database::Pool;
use coko_core::identity::Viewer;
use coko_core::service::Platform;
use coko_core::translation::Translations;
use coko_core::{Error, Result};
use uuid::Uuid;

use crate::config::Config;
use crate::connectors::Connectors;
use crate::model::Channel;

/// The column in whose name registration tokens are sealed and looked up.
const TOKEN: &str = "devices.token";
/// The columns in whose names addresses and numbers are looked up.
const EMAIL: &str = "suppressions.email";
const NUMBER: &str = "suppressions.number";

/// What every command of this subgraph shares.
pub(crate) struct Dispatch {
    pub(crate) pool: Pool,
    pub(crate) cipher: ColumnCipher,
    pub(crate) connectors: Connectors,
    pub(crate) config: Config,
    pub(crate) platform: Platform,
    /// Where links lead, without a trailing slash.
    pub(crate) site_url: String,
    /// Where `/notifications/…` is reached, without a trailing slash.
    pub(crate) public_url: String,
    pub(crate) translations: Translations,
}

impl Dispatch {
    /// The context in which a worker acts.
    pub(crate) fn system(&self) -> CommandContext {
        CommandContext::system(self.platform.clock.now(), self.platform.entropy.clone())
    }

    /// The keyed hash under which an address or number is suppressed.
    fn recipient(&self, channel: Channel, to: &str) -> Vec<u8> {
        match channel {
            Channel::Email => self.cipher.blind_index(EMAIL, &to.to_lowercase()),
            _ => self.cipher.blind_index(NUMBER, to),
        }
    }
}

/// The person who asks, where the token permits to see what is theirs.
///
/// # Errors
/// `UNAUTHENTICATED` when no person asks; `FORBIDDEN` for a token narrowed to something else.
pub(crate) fn reader(viewer: &Viewer) -> Result<Uuid> {
    let user = viewer.require_user()?;
    viewer.require("profile", "read")?;
    Ok(user)
}

/// The person who asks, where the token permits to change what is theirs.
///
/// # Errors
/// As [`reader`].
pub(crate) fn owner(viewer: &Viewer) -> Result<Uuid> {
    let user = viewer.require_user()?;
    viewer.require("profile", "update")?;
    Ok(user)
}

/// The account is gone, and its tokens are about to end.
fn gone() -> Error {
    Error::unauthenticated()
}
