//! What auth hears: who follows whom, which decides who sees a profile for followers; who subscribed, which access tokens say;
//! and what operators did, which the audit log holds.

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::admin::OperatorActed;
use coko_core::events::community::UserFollowed;
use coko_core::events::payment::{SubscriptionActivated, SubscriptionExpired, SubscriptionRenewed};
use coko_core::service::Platform;

use crate::commands::operators;
use crate::store::{followers, subscriptions};

/// The handlers of auth over its database.
pub fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    Consumers::new("auth", pool, platform)
        .on::<UserFollowed>(|connection, _context, _event, followed| {
            Box::pin(async move { Ok(followers::upsert(connection, &followed).await?) })
        })
        .on::<SubscriptionActivated>(|connection, _context, _event, begun| {
            Box::pin(
                async move { Ok(subscriptions::begin(connection, &begun.subscription).await?) },
            )
        })
        .on::<SubscriptionRenewed>(|connection, _context, _event, renewed| {
            Box::pin(
                async move { Ok(subscriptions::begin(connection, &renewed.subscription).await?) },
            )
        })
        .on::<SubscriptionExpired>(|connection, _context, _event, ended| {
            Box::pin(async move { Ok(subscriptions::end(connection, &ended.subscription).await?) })
        })
        .on::<OperatorActed>(|connection, _context, event, deed| {
            Box::pin(async move { Ok(operators::acted(connection, event, deed).await?) })
        })
}
