//! What other domains tell. Each runs in its consumer's transaction.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::Event;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::notify::notify;
use crate::model::Message;
use crate::store;
use crate::store::people::Profile;

/// How old an event may be that somebody is told about; what is older is history, such as that which a new consumer reads first.
const STALE: Duration = Duration::days(2);

/// Tells somebody about an event, unless it is history.
pub(crate) async fn tell(
    connection: &mut Connection,
    context: &CommandContext,
    event: &Event,
    message: Option<Message>,
) -> Result<()> {
    let Some(message) = message else {
        return Ok(());
    };
    if context.now - event.time > STALE {
        metrics::counter!("notifications_stale_total").increment(1);
        return Ok(());
    }
    notify(connection, context, &message).await?;
    Ok(())
}

/// Somebody is called like this, unless something newer is known.
pub(crate) async fn profiled(
    connection: &mut Connection,
    user: Uuid,
    profile: &Profile<'_>,
) -> Result<()> {
    store::people::lock(connection, user).await?;
    store::people::set_profile(connection, user, profile).await?;
    Ok(())
}

/// Somebody is suspended or is so no more, unless something newer is known.
pub(crate) async fn suspended(
    connection: &mut Connection,
    user: Uuid,
    suspended: bool,
    at: OffsetDateTime,
) -> Result<()> {
    store::people::lock(connection, user).await?;
    store::people::set_suspended(connection, user, suspended, at).await?;
    Ok(())
}

/// The account is gone, and everything of it goes.
pub(crate) async fn forget(
    connection: &mut Connection,
    user: Uuid,
    at: OffsetDateTime,
) -> Result<()> {
    store::people::lock(connection, user).await?;
    store::people::forget(connection, user, at).await?;
    Ok(())
}
