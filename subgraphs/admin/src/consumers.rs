//! What admin hears: what people do anywhere, as far as it is counted; what is reported; what comparisons of payments come to.

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::auth::{UserDeleted, UserLogin, UserProfileUpdated, UserRegistered};
use coko_core::events::community::{
    ContentAppealed, ContentModerated, ContentReported, PostCreated, ReviewPosted,
};
use coko_core::events::file::BookDownloaded;
use coko_core::events::payment::{
    BookPurchased, OrderCreated, OrderRefunded, PaymentCompared, PaymentFailed, PaymentSucceeded,
    SubscriptionActivated, SubscriptionExpired, SubscriptionRenewed,
};
use coko_core::events::reading::{ReadingCompleted, ReadingProgressed, ReadingStarted};
use coko_core::service::Platform;
use futures::FutureExt as _;

use crate::commands::told::{self, moderation, money, reading};
use crate::model::Metric;
use crate::store::books::Reading;

/// The handlers of admin over its database.
pub(crate) fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    let consumers = Consumers::new(crate::NAME, pool, platform);
    of_reading(of_money(of_people(consumers)))
        .on::<ContentReported>(|connection, _, _, event| {
            async move { Ok(moderation::reported(connection, &event).await?) }.boxed()
        })
        .on::<ContentAppealed>(|connection, _, _, event| {
            async move { Ok(moderation::appealed(connection, &event).await?) }.boxed()
        })
        .on::<ContentModerated>(|connection, _, _, event| {
            async move { Ok(moderation::moderated(connection, &event).await?) }.boxed()
        })
}

fn of_people(consumers: Consumers) -> Consumers {
    consumers
        .on::<UserRegistered>(|connection, context, envelope, event| {
            let at = envelope.time;
            async move { Ok(told::registered(connection, context, &event, at).await?) }.boxed()
        })
        .on::<UserProfileUpdated>(|connection, _, envelope, event| {
            let at = envelope.time;
            async move { Ok(told::profiled(connection, &event, at).await?) }.boxed()
        })
        .on::<UserLogin>(|connection, context, _, event| {
            async move {
                let (user, at) = (event.user_id, event.at);
                Ok(told::did(connection, context, user, Metric::SignIns, at).await?)
            }
            .boxed()
        })
        .on::<UserDeleted>(|connection, _, _, event| {
            async move { Ok(told::forget(connection, &event).await?) }.boxed()
        })
        .on::<ReviewPosted>(|connection, context, _, event| {
            async move {
                let (user, at) = (event.review.user_id, event.review.at);
                Ok(told::did(connection, context, user, Metric::Reviews, at).await?)
            }
            .boxed()
        })
        .on::<PostCreated>(|connection, context, _, event| {
            async move {
                let (user, at) = (event.author_id, event.created_at);
                Ok(told::did(connection, context, user, Metric::Posts, at).await?)
            }
            .boxed()
        })
}

fn of_money(consumers: Consumers) -> Consumers {
    consumers
        .on::<OrderCreated>(|connection, context, _, event| {
            async move { Ok(money::ordered(connection, context, &event).await?) }.boxed()
        })
        .on::<PaymentSucceeded>(|connection, context, _, event| {
            async move { Ok(money::paid(connection, context, &event).await?) }.boxed()
        })
        .on::<PaymentFailed>(|connection, _, _, event| {
            async move {
                let (user, at) = (event.user_id, event.failed_at);
                Ok(told::happened(connection, user, Metric::PaymentsFailed, at).await?)
            }
            .boxed()
        })
        .on::<BookPurchased>(|connection, context, _, event| {
            async move { Ok(money::sold(connection, context, &event).await?) }.boxed()
        })
        .on::<OrderRefunded>(|connection, context, _, event| {
            async move { Ok(money::refunded(connection, context, &event).await?) }.boxed()
        })
        .on::<SubscriptionActivated>(|connection, _, envelope, event| {
            let (user, at) = (event.subscription.user_id, envelope.time);
            async move {
                let metric = Metric::SubscriptionsStarted;
                Ok(told::happened(connection, user, metric, at).await?)
            }
            .boxed()
        })
        .on::<SubscriptionRenewed>(|connection, _, envelope, event| {
            let (user, at) = (event.subscription.user_id, envelope.time);
            async move {
                let metric = Metric::SubscriptionsRenewed;
                Ok(told::happened(connection, user, metric, at).await?)
            }
            .boxed()
        })
        .on::<SubscriptionExpired>(|connection, _, envelope, event| {
            let (user, at) = (event.subscription.user_id, envelope.time);
            async move {
                let metric = Metric::SubscriptionsEnded;
                Ok(told::happened(connection, user, metric, at).await?)
            }
            .boxed()
        })
        .on::<PaymentCompared>(|connection, _, _, event| {
            async move { money::compared(connection, &event).await }.boxed()
        })
}

fn of_reading(consumers: Consumers) -> Consumers {
    consumers
        .on::<ReadingStarted>(|connection, context, _, event| {
            async move {
                let told = Reading {
                    started: true,
                    ..Reading::default()
                };
                let what = (event.user_id, event.book_id);
                Ok(reading::read(connection, context, what, told, event.started_at).await?)
            }
            .boxed()
        })
        .on::<ReadingProgressed>(|connection, context, _, event| {
            async move {
                let told = Reading {
                    seconds: event.seconds_read,
                    ..Reading::default()
                };
                let what = (event.user_id, event.book_id);
                Ok(reading::read(connection, context, what, told, event.progressed_at).await?)
            }
            .boxed()
        })
        .on::<ReadingCompleted>(|connection, context, _, event| {
            async move {
                let told = Reading {
                    seconds: event.seconds_read,
                    completed: true,
                    ..Reading::default()
                };
                let what = (event.user_id, event.book_id);
                Ok(reading::read(connection, context, what, told, event.completed_at).await?)
            }
            .boxed()
        })
        .on::<BookDownloaded>(|connection, context, _, event| {
            async move { Ok(reading::downloaded(connection, context, &event).await?) }.boxed()
        })
}
