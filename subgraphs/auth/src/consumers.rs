//! What auth hears: who follows whom, which decides who sees a profile for followers.

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::community::UserFollowed;
use coko_core::service::Platform;

use crate::store;

/// The handlers of auth over its database.
pub fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    Consumers::new("auth", pool, platform).on::<UserFollowed>(
        |connection, _context, _event, followed| {
            Box::pin(async move { Ok(store::followers::upsert(connection, &followed).await?) })
        },
    )
}
