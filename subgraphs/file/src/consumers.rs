//! What file hears, each turned into a command inside the transaction that also remembers the event.

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::auth::UserDeleted;
use coko_core::events::publication::{ManuscriptDiscarded, PublicationPublished};
use coko_core::events::reading::{EntitlementGranted, EntitlementRevoked};
use coko_core::service::Platform;
use futures::FutureExt as _;

use crate::commands::readers;

/// The handlers of what other domains say.
pub(crate) fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    Consumers::new(crate::NAME, pool, platform)
        .on::<EntitlementGranted>(|connection, _, _, event| {
            async move {
                let whose = (event.user_id, event.book_id);
                Ok(readers::entitle(connection, whose, true, event.granted_at).await?)
            }
            .boxed()
        })
        .on::<EntitlementRevoked>(|connection, _, _, event| {
            async move {
                let whose = (event.user_id, event.book_id);
                Ok(readers::entitle(connection, whose, false, event.revoked_at).await?)
            }
            .boxed()
        })
        .on::<PublicationPublished>(|connection, _, _, event| {
            async move {
                Ok(
                    readers::released(connection, event.book_id, event.revision, event.file_id)
                        .await?,
                )
            }
            .boxed()
        })
        .on::<ManuscriptDiscarded>(|connection, context, _, event| {
            async move { Ok(readers::discarded(connection, context, event.book_id).await?) }.boxed()
        })
        .on::<UserDeleted>(|connection, context, _, event| {
            async move { Ok(readers::forget(connection, context, event.user_id).await?) }.boxed()
        })
}
