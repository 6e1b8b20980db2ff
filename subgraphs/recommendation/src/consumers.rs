//! What recommendation hears: books from catalog, reading, ratings and purchases, and the end of accounts.

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::auth::UserDeleted;
use coko_core::events::catalog::{BookPublished, BookUpdated, BookWithdrawn};
use coko_core::events::community::{ReviewPosted, ReviewRemoved, ReviewUpdated};
use coko_core::events::payment::{BookPurchased, OrderRefunded};
use coko_core::events::reading::{ReadingCompleted, ReadingProgressed};
use coko_core::service::Platform;
use futures::FutureExt as _;

use crate::commands::told;
use crate::model::{Book, Interaction};
use crate::store;
use crate::store::books;

/// The handlers of recommendation over its database.
pub(crate) fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    Consumers::new(crate::NAME, pool, platform)
        .rebuilt_after(|connection| store::clear(connection).boxed())
        .on::<BookPublished>(|connection, context, _, event| {
            let book = Book::told(event.book, context.now);
            async move { Ok(books::keep(connection, &book).await?) }.boxed()
        })
        .on::<BookUpdated>(|connection, context, _, event| {
            let book = Book::told(event.book, context.now);
            async move { Ok(books::keep(connection, &book).await?) }.boxed()
        })
        .on::<BookWithdrawn>(|connection, context, _, event| {
            let book = Book::withdrawn(event.book_id, event.version, context.now);
            async move { Ok(books::withdraw(connection, &book).await?) }.boxed()
        })
        .on::<ReadingProgressed>(|connection, context, _, event| {
            let (user, book, at) = (event.user_id, event.book_id, event.progressed_at);
            let furthest = event.furthest.max(event.progression);
            async move {
                let change = |done: &mut Interaction| done.progress(furthest, at);
                Ok(told::done(connection, context, user, book, at, change).await?)
            }
            .boxed()
        })
        .on::<ReadingCompleted>(|connection, context, _, event| {
            let (user, book, at) = (event.user_id, event.book_id, event.completed_at);
            async move {
                let change = |done: &mut Interaction| done.complete(at);
                Ok(told::done(connection, context, user, book, at, change).await?)
            }
            .boxed()
        })
        .on::<BookPurchased>(|connection, context, _, event| {
            let (user, book, at) = (event.user_id, event.book_id, event.purchased_at);
            async move {
                let change = |done: &mut Interaction| done.purchase(at);
                Ok(told::done(connection, context, user, book, at, change).await?)
            }
            .boxed()
        })
        .on::<OrderRefunded>(|connection, context, _, event| {
            let (user, at) = (event.user_id, event.refunded_at);
            async move {
                // A subscription or a top-up says nothing of books.
                let Some(book) = event.book_id else {
                    return Ok(());
                };
                let change = |done: &mut Interaction| done.refund(at);
                Ok(told::done(connection, context, user, book, at, change).await?)
            }
            .boxed()
        })
        .on::<ReviewPosted>(|connection, context, _, event| {
            async move { Ok(told::reviewed(connection, context, &event.review).await?) }.boxed()
        })
        .on::<ReviewUpdated>(|connection, context, _, event| {
            async move { Ok(told::reviewed(connection, context, &event.review).await?) }.boxed()
        })
        .on::<ReviewRemoved>(|connection, context, _, event| {
            async move { Ok(told::unreviewed(connection, context, &event).await?) }.boxed()
        })
        .on::<UserDeleted>(|connection, context, _, event| {
            async move {
                let (user, at) = (event.user_id, event.deleted_at);
                Ok(told::forget(connection, context, user, at).await?)
            }
            .boxed()
        })
}
