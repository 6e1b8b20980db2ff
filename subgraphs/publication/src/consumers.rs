//! What publication hears: sales and refunds from payment, files from file, reading time from reading, accounts from auth.

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::auth::{UserDeleted, UserLogin, UserProfileUpdated, UserRegistered};
use coko_core::events::file::{FileProcessed, FileRejected};
use coko_core::events::payment::{BookPurchased, OrderRefunded};
use coko_core::events::reading::ReadingProgressed;
use coko_core::service::Platform;
use futures::FutureExt as _;

use crate::commands::{reading, royalties, told};
use crate::config::Terms;

/// The handlers of publication over its database.
pub(crate) fn consumers(platform: &Platform, pool: Pool, terms: Terms) -> Consumers {
    Consumers::new(crate::NAME, pool, platform)
        .on::<BookPurchased>(move |connection, context, _, event| {
            async move { Ok(royalties::sold(connection, context, &terms, &event).await?) }.boxed()
        })
        .on::<OrderRefunded>(|connection, context, _, event| {
            async move { Ok(royalties::refunded(connection, context, &event).await?) }.boxed()
        })
        .on::<ReadingProgressed>(move |connection, context, _, event| {
            async move { Ok(reading::progressed(connection, context, &terms, &event).await?) }
                .boxed()
        })
        .on::<FileProcessed>(|connection, _, _, event| {
            async move { Ok(told::processed(connection, event).await?) }.boxed()
        })
        .on::<FileRejected>(|connection, _, _, event| {
            async move { Ok(told::rejected(connection, event).await?) }.boxed()
        })
        .on::<UserRegistered>(|connection, _, _, event| {
            async move {
                let (country, at) = (event.country.as_deref(), event.registered_at);
                Ok(told::located(connection, event.user_id, country, at).await?)
            }
            .boxed()
        })
        .on::<UserLogin>(|connection, _, _, event| {
            async move { Ok(told::met(connection, event.user_id).await?) }.boxed()
        })
        .on::<UserProfileUpdated>(|connection, _, envelope, event| {
            async move {
                let (country, at) = (event.country.as_deref(), envelope.time);
                Ok(told::located(connection, event.user_id, country, at).await?)
            }
            .boxed()
        })
        .on::<UserDeleted>(|connection, context, _, event| {
            async move { Ok(told::forget(connection, context, event.user_id).await?) }.boxed()
        })
}
