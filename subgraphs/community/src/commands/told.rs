//! What other domains tell: how far readers are, who was suspended, who left. Each runs in its consumer's transaction.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::auth::UserProfileUpdated;
use coko_core::events::reading::ReadingProgressed;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{posts, reviews};
use crate::model::Privacy;
use crate::model::topic::is_share;
use crate::store;

/// How many contents of someone who left are erased by one query.
const BATCH: i64 = 200;

/// A reader is so far in a book.
pub(crate) async fn progressed(
    connection: &mut Connection,
    context: &CommandContext,
    event: &ReadingProgressed,
) -> Result<()> {
    let furthest = event.furthest.max(event.progression);
    if !is_share(furthest) {
        return Ok(());
    }
    let (user, book) = (event.user_id, event.book_id);
    if store::members::progress(connection, user, book, furthest).await? {
        store::members::count_book(connection, user, context.now).await?;
    }
    Ok(())
}

/// A profile changed: who may see whom someone follows.
pub(crate) async fn profile(
    connection: &mut Connection,
    event: &UserProfileUpdated,
    at: OffsetDateTime,
) -> Result<()> {
    // What this version does not know is nobody's to see.
    let privacy = event.privacy.parse().unwrap_or(Privacy::Private);
    store::members::set_privacy(connection, event.user_id, privacy, at).await?;
    Ok(())
}

/// Erases what someone wrote who left, and whatever is only theirs; conversations keep their shape.
pub(crate) async fn erase(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
) -> Result<()> {
    loop {
        let some = store::reviews::lock_some(connection, user, BATCH).await?;
        if some.is_empty() {
            break;
        }
        for review in some {
            reviews::erase(connection, context, review).await?;
        }
    }
    loop {
        let some = store::topics::lock_unanswered(connection, user, BATCH).await?;
        if some.is_empty() {
            break;
        }
        for mut topic in some {
            posts::close_empty(connection, &mut topic).await?;
        }
    }
    loop {
        let some = store::posts::lock_some(connection, user, BATCH).await?;
        if some.is_empty() {
            break;
        }
        for mut post in some {
            post.delete(context.now);
            store::posts::update(connection, &post).await?;
        }
    }
    store::members::forget(connection, user).await?;
    let mut member = store::members::lock(connection, user, context.now).await?;
    member.deleted = true;
    member.privacy = Privacy::Private;
    store::members::update(connection, &member).await?;
    Ok(())
}
