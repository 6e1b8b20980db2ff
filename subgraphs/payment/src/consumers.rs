//! What payment hears: prices and publication from catalog, grants from reading, departures from auth, operators from admin.

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::admin::ReconciliationRequested;
use coko_core::events::auth::UserDeleted;
use coko_core::events::catalog::{BookPublished, BookUpdated, BookWithdrawn};
use coko_core::events::reading::{EntitlementGranted, EntitlementRefused, EntitlementRevoked};
use coko_core::service::Platform;
use futures::FutureExt as _;

use crate::commands::told;
use crate::store::books;

/// The handlers of payment over its database.
pub(crate) fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    Consumers::new(crate::NAME, pool, platform)
        .on::<BookPublished>(|connection, _, _, event| {
            async move { Ok(books::keep(connection, &event.book).await?) }.boxed()
        })
        .on::<BookUpdated>(|connection, _, _, event| {
            async move { Ok(books::keep(connection, &event.book).await?) }.boxed()
        })
        .on::<BookWithdrawn>(|connection, _, _, event| {
            async move { Ok(books::withdraw(connection, event.book_id, event.version).await?) }
                .boxed()
        })
        .on::<EntitlementGranted>(|connection, context, _, event| {
            async move { Ok(told::granted(connection, context, &event).await?) }.boxed()
        })
        .on::<EntitlementRefused>(|connection, context, _, event| {
            async move { Ok(told::refused(connection, context, &event).await?) }.boxed()
        })
        .on::<EntitlementRevoked>(|connection, _, _, event| {
            async move {
                let whose = (event.user_id, event.book_id);
                Ok(books::entitle(connection, whose, false, event.revoked_at).await?)
            }
            .boxed()
        })
        .on::<UserDeleted>(|connection, _, _, event| {
            async move { Ok(told::forget(connection, event.user_id).await?) }.boxed()
        })
        .on::<ReconciliationRequested>(|connection, _, _, event| {
            async move { Ok(told::reconcile(connection, &event).await?) }.boxed()
        })
}
