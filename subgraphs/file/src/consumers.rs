//! What file hears, each turned into a command inside the transaction that also remembers the event.

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::auth::UserDeleted;
use coko_core::events::reading::{LibraryGranted, LibraryRevoked};
use coko_core::service::Platform;
use futures::FutureExt as _;

use crate::commands::readers;

/// The handlers of what other domains say.
pub(crate) fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    Consumers::new(crate::NAME, pool, platform)
        .on::<LibraryGranted>(|connection, _, _, event| {
            async move {
                Ok(
                    readers::entitle(connection, event.user_id, event.book_id, true, event.at)
                        .await?,
                )
            }
            .boxed()
        })
        .on::<LibraryRevoked>(|connection, _, _, event| {
            async move {
                Ok(
                    readers::entitle(connection, event.user_id, event.book_id, false, event.at)
                        .await?,
                )
            }
            .boxed()
        })
        .on::<UserDeleted>(|connection, context, _, event| {
            async move { Ok(readers::forget(connection, context, event.user_id).await?) }.boxed()
        })
}
