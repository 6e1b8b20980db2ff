//! What can be done in gamification, one function per use case; one transaction each, events enqueued before the commit.
//!
//! Whatever writes anything of a player's locks the player first.

pub(crate) mod boards;
pub(crate) mod challenges;
pub(crate) mod play;
pub(crate) mod settings;
pub(crate) mod sweep;
pub(crate) mod told;

use coko_core::context::CommandContext;
use coko_core::database::Pool;
use coko_core::identity::Viewer;
use coko_core::service::Platform;
use coko_core::{Error, Result};
use uuid::Uuid;

use crate::config::Config;
use crate::mirror::Mirror;

/// What every command of this subgraph shares.
pub(crate) struct Game {
    pub(crate) pool: Pool,
    pub(crate) config: Config,
    pub(crate) platform: Platform,
    /// The boards in Redis, where there is one.
    pub(crate) mirror: Option<Mirror>,
}

impl Game {
    /// The context in which a worker acts.
    pub(crate) fn system(&self) -> CommandContext {
        CommandContext::system(self.platform.clock.now(), self.platform.entropy.clone())
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

/// The person who asks, where the token permits to take part in what others see.
///
/// # Errors
/// As [`reader`].
pub(crate) fn participant(viewer: &Viewer) -> Result<Uuid> {
    let user = viewer.require_user()?;
    viewer.require("community", "participate")?;
    Ok(user)
}

/// The account is gone, and its tokens are about to end.
fn gone() -> Error {
    Error::unauthenticated()
}
