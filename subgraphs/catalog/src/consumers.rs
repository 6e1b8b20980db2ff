//! What catalog hears, each turned into a command inside the transaction that also remembers the event.

use std::sync::Arc;

use coko_core::consumer::{Consumers, HandlerError};
use coko_core::database::Pool;
use coko_core::events::auth::UserDeleted;
use coko_core::events::catalog::{BookPublished, BookUpdated, BookWithdrawn};
use coko_core::events::community::{ReviewPosted, ReviewRemoved, ReviewUpdated};
use coko_core::events::file::{BookDownloaded, FileProcessed};
use coko_core::events::publication::{PublicationPublished, PublicationWithdrawn};
use coko_core::service::Platform;
use futures::FutureExt as _;
use uuid::Uuid;

use crate::Catalog;
use crate::commands::imports::ApplyError;
use crate::commands::readers;

/// The handlers of what other domains say, and of catalog's own events for what follows the database.
pub(crate) fn consumers(platform: &Platform, pool: Pool, catalog: &Arc<Catalog>) -> Consumers {
    let [published, updated, withdrawn] = [catalog.clone(), catalog.clone(), catalog.clone()];
    Consumers::new(crate::NAME, pool, platform)
        .on::<ReviewPosted>(|connection, _, _, event| {
            async move { Ok(readers::review_stands(connection, &event.review).await?) }.boxed()
        })
        .on::<ReviewUpdated>(|connection, _, _, event| {
            async move { Ok(readers::review_stands(connection, &event.review).await?) }.boxed()
        })
        .on::<ReviewRemoved>(|connection, _, _, event| {
            async move {
                Ok(
                    readers::review_gone(connection, event.review_id, event.book_id, event.at)
                        .await?,
                )
            }
            .boxed()
        })
        .on::<BookDownloaded>(|connection, _, _, event| {
            async move { Ok(readers::downloaded(connection, event.book_id).await?) }.boxed()
        })
        .on::<FileProcessed>(|connection, context, _, event| {
            async move { Ok(readers::file_processed(connection, context, &event).await?) }.boxed()
        })
        .on::<PublicationPublished>(|connection, context, _, event| {
            async move {
                readers::publication_published(connection, context, &event)
                    .await
                    .map_err(|error| match error {
                        ApplyError::Refused(reason) => HandlerError::Poison(reason),
                        ApplyError::Store(error) => error.into(),
                    })
            }
            .boxed()
        })
        .on::<PublicationWithdrawn>(|connection, context, _, event| {
            async move { Ok(readers::publication_withdrawn(connection, context, &event).await?) }
                .boxed()
        })
        .on::<UserDeleted>(|connection, _, _, event| {
            async move { Ok(readers::forget(connection, event.user_id).await?) }.boxed()
        })
        .on::<BookPublished>(move |_, _, _, event| follow(&published, event.book.book_id))
        .on::<BookUpdated>(move |_, _, _, event| follow(&updated, event.book.book_id))
        .on::<BookWithdrawn>(move |_, _, _, event| follow(&withdrawn, event.book_id))
}

/// Brings what lies outside the database up to date with a book: another search engine, the cache.
fn follow(catalog: &Arc<Catalog>, book: Uuid) -> coko_core::consumer::Handled<'static> {
    let catalog = catalog.clone();
    async move {
        if catalog.search_follows {
            catalog.search.index(&[book]).await?;
        }
        catalog.forget().await;
        Ok(())
    }
    .boxed()
}
