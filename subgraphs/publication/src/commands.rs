//! What can be done in publication, one function per use case; one transaction each, events enqueued before the commit.
//!
//! Rows are locked from the outside in: an organisation before a manuscript before its contracts; a sale before its accruals before
//! the balances, and those in their order.

pub(crate) mod contracts;
pub(crate) mod import;
pub(crate) mod manuscripts;
pub(crate) mod organizations;
pub(crate) mod payouts;
pub(crate) mod reading;
pub(crate) mod royalties;
pub(crate) mod schedule;
pub(crate) mod statements;
pub(crate) mod told;
pub(crate) mod workflow;

use std::sync::Arc;

use coko_core::context::CommandContext;
use coko_core::crypto::ColumnCipher;
use coko_core::database::{Connection, Pool};
use coko_core::graphql::{Failure, Outcome};
use coko_core::identity::Viewer;
use coko_core::service::Platform;
use coko_core::translation::Translations;
use coko_core::{Error, Result};
use diesel::QueryResult;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::config::Config;
use crate::model::{Manuscript, MemberRole};
use crate::store;

/// What every command of this subgraph shares.
pub(crate) struct Publishing {
    pub(crate) pool: Pool,
    pub(crate) cipher: ColumnCipher,
    pub(crate) config: Config,
    pub(crate) platform: Platform,
    /// Turns at printing statements.
    pub(crate) printing: Arc<Semaphore>,
    pub(crate) translations: Translations,
}

impl Publishing {
    /// The context in which a worker acts.
    pub(crate) fn system(&self) -> CommandContext {
        CommandContext::system(self.platform.clock.now(), self.platform.entropy.clone())
    }
}

/// Whether the viewer reviews manuscripts, by right of the token.
pub(crate) fn reviews(viewer: &Viewer) -> bool {
    viewer.user_id().is_some() && viewer.can("books", "update")
}

/// Whether the viewer may take any book off the shelf, by right of the token.
fn is_staff(viewer: &Viewer) -> bool {
    viewer.user_id().is_some() && viewer.can("books", "manage")
}

/// The person who asks, where the token permits to publish.
fn author(context: &CommandContext) -> Result<Uuid> {
    let user = context.viewer.require_user()?;
    context.viewer.require("books", "publish")?;
    Ok(user)
}

/// The person who asks, where the token permits to see and move royalties.
pub(crate) fn accountant(context: &CommandContext) -> Result<Uuid> {
    let user = context.viewer.require_user()?;
    context.viewer.require("royalties", "manage")?;
    Ok(user)
}

/// The operator who asks, where the token permits to settle payouts.
fn cashier(context: &CommandContext) -> Result<Uuid> {
    let user = context.viewer.require_user()?;
    context.viewer.require("royalties", "pay")?;
    Ok(user)
}

/// A member's manuscript, locked; for anyone who is no member it does not exist, and a member without the role may not change it.
async fn members_manuscript<C>(
    connection: &mut Connection,
    (id, user): (Uuid, Uuid),
    not_found: C,
    may: fn(MemberRole) -> bool,
) -> Outcome<Manuscript, C> {
    let found = store::manuscripts::lock(connection, id).await?;
    let Some(manuscript) = found else {
        return Err(Failure::field(not_found, "manuscriptId"));
    };
    match store::organizations::role(connection, manuscript.organization_id, user).await? {
        None => Err(Failure::field(not_found, "manuscriptId")),
        Some(role) if may(role) => Ok(manuscript),
        Some(_) => Err(Error::forbidden().into()),
    }
}

/// Demands that a person has a role in an organisation; for anyone who is no member it does not exist.
async fn members_organization<C>(
    connection: &mut Connection,
    (id, user): (Uuid, Uuid),
    not_found: C,
    may: fn(MemberRole) -> bool,
) -> Outcome<(), C> {
    match store::organizations::role(connection, id, user).await? {
        None => Err(Failure::field(not_found, "organizationId")),
        Some(role) if may(role) => Ok(()),
        Some(_) => Err(Error::forbidden().into()),
    }
}

/// Whether somebody may see and move what is earned by `payee`: themselves, or an organisation whose money they look after.
pub(crate) async fn may_account(
    connection: &mut Connection,
    user: Uuid,
    payee: Uuid,
) -> QueryResult<bool> {
    if user == payee {
        return Ok(true);
    }
    let role = store::organizations::role(connection, payee, user).await?;
    Ok(role.is_some_and(MemberRole::accounts))
}
