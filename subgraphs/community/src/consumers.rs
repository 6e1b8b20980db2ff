//! What community hears: how far readers are, and what becomes of accounts.

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::auth::{UserDeleted, UserProfileUpdated, UserSuspended, UserUnsuspended};
use coko_core::events::reading::ReadingProgressed;
use coko_core::service::Platform;
use futures::FutureExt as _;

use crate::commands::told;
use crate::store::members;

/// The handlers of community over its database.
pub(crate) fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    Consumers::new(crate::NAME, pool, platform)
        .on::<ReadingProgressed>(|connection, context, _, event| {
            async move { Ok(told::progressed(connection, context, &event).await?) }.boxed()
        })
        .on::<UserProfileUpdated>(|connection, _, envelope, event| {
            let at = envelope.time;
            async move { Ok(told::profile(connection, &event, at).await?) }.boxed()
        })
        .on::<UserSuspended>(|connection, _, envelope, event| {
            let at = envelope.time;
            async move { Ok(members::suspend(connection, event.user_id, true, at).await?) }.boxed()
        })
        .on::<UserUnsuspended>(|connection, _, envelope, event| {
            let at = envelope.time;
            async move { Ok(members::suspend(connection, event.user_id, false, at).await?) }.boxed()
        })
        .on::<UserDeleted>(|connection, context, _, event| {
            async move { Ok(told::erase(connection, context, event.user_id).await?) }.boxed()
        })
}
