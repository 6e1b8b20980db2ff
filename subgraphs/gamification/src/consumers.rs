//! What gamification hears: reading, reviews and purchases, people from auth, who follows whom from community.

use coko_core::consumer::{Consumers, HandlerError};
use coko_core::database::Pool;
use coko_core::events::auth::{UserDeleted, UserProfileUpdated, UserRegistered};
use coko_core::events::community::{ReviewPosted, UserFollowed};
use coko_core::events::payment::BookPurchased;
use coko_core::events::reading::{ReadingCompleted, ReadingProgressed, ReadingStreak};
use coko_core::service::Platform;
use futures::FutureExt as _;

use crate::commands::play::{Deed, play};
use crate::commands::told;
use crate::model::{Fact, Kind, Visibility};
use crate::store::follows;
use crate::store::players::Profile;

/// The handlers of gamification over its database.
pub(crate) fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    let mirrored = platform.redis.is_some();
    Consumers::new(crate::NAME, pool, platform)
        .on::<ReadingCompleted>(move |connection, context, _, event| {
            async move { Ok(told::completed(connection, context, mirrored, &event).await?) }.boxed()
        })
        .on::<ReadingProgressed>(move |connection, context, _, event| {
            async move {
                let (book, seconds) = (event.book_id, event.seconds_read.max(0));
                let deeds = [Deed::Time(book, seconds, event.progressed_at)];
                Ok(play(connection, context, mirrored, event.user_id, &deeds).await?)
            }
            .boxed()
        })
        .on::<ReadingStreak>(move |connection, context, _, event| {
            async move {
                let days = told::days_of(&event)
                    .map_err(|error| HandlerError::Poison(error.to_string()))?;
                let deeds = [Deed::Days(days, event.longest)];
                Ok(play(connection, context, mirrored, event.user_id, &deeds).await?)
            }
            .boxed()
        })
        .on::<ReviewPosted>(move |connection, context, _, event| {
            async move {
                let review = event.review;
                let fact = Fact::of(review.review_id, review.at);
                let deeds = [Deed::Fact(Kind::ReviewPosted, fact)];
                Ok(play(connection, context, mirrored, review.user_id, &deeds).await?)
            }
            .boxed()
        })
        .on::<BookPurchased>(move |connection, context, _, event| {
            async move {
                let fact = Fact::of(event.order_id, event.purchased_at);
                let deeds = [Deed::Fact(Kind::BookPurchased, fact)];
                Ok(play(connection, context, mirrored, event.user_id, &deeds).await?)
            }
            .boxed()
        })
        .on::<UserRegistered>(move |connection, context, envelope, event| {
            let at = envelope.time;
            async move { Ok(told::registered(connection, context, mirrored, &event, at).await?) }
                .boxed()
        })
        .on::<UserProfileUpdated>(move |connection, _, envelope, event| {
            let at = envelope.time;
            async move {
                let profile = Profile {
                    country: event.country.as_deref(),
                    time_zone: &event.time_zone,
                    // What this version does not know is shown to nobody.
                    privacy: Some(event.privacy.parse().unwrap_or(Visibility::Private)),
                    at,
                };
                Ok(told::profiled(connection, mirrored, event.user_id, &profile).await?)
            }
            .boxed()
        })
        .on::<UserDeleted>(move |connection, _, _, event| {
            async move {
                let (user, at) = (event.user_id, event.deleted_at);
                Ok(told::forget(connection, mirrored, user, at).await?)
            }
            .boxed()
        })
        .on::<UserFollowed>(|connection, _, _, event| {
            async move { Ok(follows::keep(connection, &event).await?) }.boxed()
        })
}
