//! What reading hears: books from catalog, purchases and subscriptions from payment, people from auth.

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::auth::{UserDeleted, UserProfileUpdated, UserRegistered};
use coko_core::events::catalog::{BookPublished, BookUpdated, BookWithdrawn};
use coko_core::events::payment::{
    BookPurchased, OrderRefunded, SubscriptionActivated, SubscriptionExpired, SubscriptionRenewed,
};
use coko_core::service::Platform;
use futures::FutureExt as _;

use crate::commands::told;
use crate::store::{books, readers};

/// The handlers of reading over its database.
pub(crate) fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    Consumers::new(crate::NAME, pool, platform)
        .on::<BookPublished>(|connection, _, _, event| {
            async move { Ok(books::keep(connection, &event.book).await?) }.boxed()
        })
        .on::<BookUpdated>(|connection, _, _, event| {
            async move { Ok(books::keep(connection, &event.book).await?) }.boxed()
        })
        .on::<BookWithdrawn>(|connection, _, _, event| {
            async move {
                let (book, version, deleted) = (event.book_id, event.version, event.deleted);
                Ok(books::withdraw(connection, book, version, deleted).await?)
            }
            .boxed()
        })
        .on::<BookPurchased>(|connection, context, _, event| {
            async move { Ok(told::purchased(connection, context, &event).await?) }.boxed()
        })
        .on::<OrderRefunded>(|connection, context, _, event| {
            async move { Ok(told::refunded(connection, context, &event).await?) }.boxed()
        })
        .on::<SubscriptionActivated>(|connection, context, _, event| {
            async move { Ok(told::subscribed(connection, context, &event.subscription).await?) }
                .boxed()
        })
        .on::<SubscriptionRenewed>(|connection, context, _, event| {
            async move { Ok(told::subscribed(connection, context, &event.subscription).await?) }
                .boxed()
        })
        .on::<SubscriptionExpired>(|connection, context, _, event| {
            async move { Ok(told::unsubscribed(connection, context, &event.subscription).await?) }
                .boxed()
        })
        .on::<UserRegistered>(|connection, _, envelope, event| {
            let at = envelope.time;
            async move {
                let (user, zone) = (event.user_id, event.time_zone);
                Ok(readers::set_time_zone(connection, user, &zone, at).await?)
            }
            .boxed()
        })
        .on::<UserProfileUpdated>(|connection, _, envelope, event| {
            let at = envelope.time;
            async move {
                let (user, zone) = (event.user_id, event.time_zone);
                Ok(readers::set_time_zone(connection, user, &zone, at).await?)
            }
            .boxed()
        })
        .on::<UserDeleted>(|connection, _, _, event| {
            async move { Ok(readers::forget(connection, event.user_id, event.deleted_at).await?) }
                .boxed()
        })
}
