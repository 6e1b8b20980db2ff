//! What notification hears: everything that a person should hear of, and what people and books are called.

use coko_core::consumer::{Consumers, Handled};
use coko_core::context::CommandContext;
use coko_core::database::{Connection, Pool};
use coko_core::events::Event;
use coko_core::events::auth::{
    SessionRevoked, UserDeleted, UserExportRequested, UserLogin, UserProfileUpdated,
    UserRegistered, UserRoleChanged, UserSuspended, UserUnsuspended,
};
use coko_core::events::catalog::{BookPublished, BookUpdated};
use coko_core::events::community::{ContentModerated, ContentReported, PostCreated, UserFollowed};
use coko_core::events::file::{FileProcessed, FileRejected};
use coko_core::events::gamification::{BadgeAwarded, ChallengeCompleted, LevelReached};
use coko_core::events::payment::{
    OrderRefunded, PaymentFailed, PaymentSucceeded, SubscriptionActivated, SubscriptionCancelled,
    SubscriptionExpired, SubscriptionRenewed,
};
use coko_core::events::publication::PublicationPublished;
use coko_core::events::reading::{EntitlementGranted, EntitlementRevoked, ReadingStreak};
use coko_core::service::Platform;
use futures::FutureExt as _;

use crate::commands::told;
use crate::model::{Kind, Message, message};
use crate::store::books;
use crate::store::people::Profile;

/// The handlers of notification over its database.
pub(crate) fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    let consumers = Consumers::new(crate::NAME, pool, platform);
    lives(people(titles(consumers)))
}

/// Tells somebody about `event`.
fn tell<'a>(
    connection: &'a mut Connection,
    context: &'a CommandContext,
    event: &'a Event,
    message: Option<Message>,
) -> Handled<'a> {
    async move { Ok(told::tell(connection, context, event, message).await?) }.boxed()
}

/// What books are called.
fn titles(consumers: Consumers) -> Consumers {
    consumers
        .on::<BookPublished>(|connection, _, _, event| {
            async move { Ok(books::keep(connection, &event.book).await?) }.boxed()
        })
        .on::<BookUpdated>(|connection, _, _, event| {
            async move { Ok(books::keep(connection, &event.book).await?) }.boxed()
        })
}

/// What becomes of accounts.
fn people(consumers: Consumers) -> Consumers {
    consumers
        .on::<UserRegistered>(|connection, context, envelope, event| {
            async move {
                let profile = Profile {
                    display_name: &event.display_name,
                    language: &event.language,
                    time_zone: &event.time_zone,
                    at: envelope.time,
                };
                told::profiled(connection, event.user_id, &profile).await?;
                let message = Some(message::registered(&event));
                Ok(told::tell(connection, context, envelope, message).await?)
            }
            .boxed()
        })
        .on::<UserProfileUpdated>(|connection, _, envelope, event| {
            async move {
                let profile = Profile {
                    display_name: &event.display_name,
                    language: &event.language,
                    time_zone: &event.time_zone,
                    at: envelope.time,
                };
                Ok(told::profiled(connection, event.user_id, &profile).await?)
            }
            .boxed()
        })
        .on::<UserSuspended>(|connection, context, envelope, event| {
            async move {
                told::suspended(connection, event.user_id, true, envelope.time).await?;
                let message = Some(message::suspended(&event, envelope.id));
                Ok(told::tell(connection, context, envelope, message).await?)
            }
            .boxed()
        })
        .on::<UserUnsuspended>(|connection, context, envelope, event| {
            async move {
                told::suspended(connection, event.user_id, false, envelope.time).await?;
                let message = Some(message::reopened(&event, envelope.id));
                Ok(told::tell(connection, context, envelope, message).await?)
            }
            .boxed()
        })
        .on::<UserDeleted>(|connection, _, _, event| {
            async move {
                let (user, at) = (event.user_id, event.deleted_at);
                Ok(told::forget(connection, user, at).await?)
            }
            .boxed()
        })
        .on::<UserLogin>(|connection, context, envelope, event| {
            let message = Some(message::signed_in(&event));
            tell(connection, context, envelope, message)
        })
        .on::<UserRoleChanged>(|connection, context, envelope, event| {
            let message = Some(message::role_changed(&event, envelope.id));
            tell(connection, context, envelope, message)
        })
        .on::<SessionRevoked>(|connection, context, envelope, event| {
            tell(
                connection,
                context,
                envelope,
                message::session_revoked(&event),
            )
        })
        .on::<UserExportRequested>(|connection, context, envelope, event| {
            let message = Some(message::export_requested(&event));
            tell(connection, context, envelope, message)
        })
}

/// What happens to people who buy, read, write and publish.
fn lives(consumers: Consumers) -> Consumers {
    consumers
        .on::<PaymentSucceeded>(|connection, context, envelope, event| {
            tell(connection, context, envelope, Some(message::paid(&event)))
        })
        .on::<PaymentFailed>(|connection, context, envelope, event| {
            let message = Some(message::payment_failed(&event));
            tell(connection, context, envelope, message)
        })
        .on::<OrderRefunded>(|connection, context, envelope, event| {
            tell(
                connection,
                context,
                envelope,
                Some(message::refunded(&event)),
            )
        })
        .on::<SubscriptionActivated>(|connection, context, envelope, event| {
            let kind = Kind::SubscriptionActivated;
            let message = Some(message::subscription(kind, &event.subscription));
            tell(connection, context, envelope, message)
        })
        .on::<SubscriptionRenewed>(|connection, context, envelope, event| {
            let kind = Kind::SubscriptionRenewed;
            let message = Some(message::subscription(kind, &event.subscription));
            tell(connection, context, envelope, message)
        })
        .on::<SubscriptionCancelled>(|connection, context, envelope, event| {
            let kind = Kind::SubscriptionCancelled;
            let message = Some(message::subscription(kind, &event.subscription));
            tell(connection, context, envelope, message)
        })
        .on::<SubscriptionExpired>(|connection, context, envelope, event| {
            let kind = Kind::SubscriptionExpired;
            let message = Some(message::subscription(kind, &event.subscription));
            tell(connection, context, envelope, message)
        })
        .on::<EntitlementGranted>(|connection, context, envelope, event| {
            tell(connection, context, envelope, message::granted(&event))
        })
        .on::<EntitlementRevoked>(|connection, context, envelope, event| {
            tell(connection, context, envelope, message::revoked(&event))
        })
        .on::<ReadingStreak>(|connection, context, envelope, event| {
            tell(connection, context, envelope, message::streak(&event))
        })
        .on::<BadgeAwarded>(|connection, context, envelope, event| {
            tell(connection, context, envelope, Some(message::badge(&event)))
        })
        .on::<LevelReached>(|connection, context, envelope, event| {
            tell(connection, context, envelope, Some(message::level(&event)))
        })
        .on::<ChallengeCompleted>(|connection, context, envelope, event| {
            tell(
                connection,
                context,
                envelope,
                Some(message::challenge(&event)),
            )
        })
        .on::<UserFollowed>(|connection, context, envelope, event| {
            tell(connection, context, envelope, message::followed(&event))
        })
        .on::<PostCreated>(|connection, context, envelope, event| {
            tell(connection, context, envelope, message::replied(&event))
        })
        .on::<ContentReported>(|connection, context, envelope, event| {
            tell(connection, context, envelope, message::hidden(&event))
        })
        .on::<ContentModerated>(|connection, context, envelope, event| {
            tell(connection, context, envelope, message::moderated(&event))
        })
        .on::<FileProcessed>(|connection, context, envelope, event| {
            tell(connection, context, envelope, message::file_ready(&event))
        })
        .on::<FileRejected>(|connection, context, envelope, event| {
            tell(
                connection,
                context,
                envelope,
                message::file_rejected(&event),
            )
        })
        .on::<PublicationPublished>(|connection, context, envelope, event| {
            tell(
                connection,
                context,
                envelope,
                Some(message::published(&event)),
            )
        })
}
