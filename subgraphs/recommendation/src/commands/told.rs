//! What other domains tell. Each runs in its consumer's transaction, and comes to the same in whatever order and however often
//! it is told.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::community::{ReviewRemoved, ReviewState};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{Interaction, activity};
use crate::store;

/// A reader did something with a book, at `at`.
pub(crate) async fn done(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
    book: Uuid,
    at: OffsetDateTime,
    change: impl FnOnce(&mut Interaction) + Send,
) -> Result<()> {
    if store::readers::lock(connection, user).await? {
        change_locked(connection, context, user, book, at, change).await?;
    }
    Ok(())
}

async fn change_locked(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
    book: Uuid,
    at: OffsetDateTime,
    change: impl FnOnce(&mut Interaction) + Send,
) -> Result<()> {
    let before = store::interactions::find(connection, user, book).await?;
    let mut after = before
        .clone()
        .unwrap_or_else(|| Interaction::new(user, book, at));
    change(&mut after);
    if before.as_ref() == Some(&after) {
        return Ok(());
    }
    store::interactions::put(connection, &after).await?;
    let since = context.now - activity::KEEP;
    let changes = activity::difference(before.as_ref(), [&after], since);
    store::activity::add(connection, &changes).await?;
    Ok(())
}

/// A review is as it says.
pub(crate) async fn reviewed(
    connection: &mut Connection,
    context: &CommandContext,
    review: &ReviewState,
) -> Result<()> {
    store::reviews::keep(connection, review).await?;
    let (user, book) = (review.user_id, review.book_id);
    if !store::readers::lock(connection, user).await? {
        store::reviews::strip(connection, review.review_id).await?;
        return Ok(());
    }
    rate(connection, context, user, book, review.at).await
}

/// A review is no longer public.
pub(crate) async fn unreviewed(
    connection: &mut Connection,
    context: &CommandContext,
    removed: &ReviewRemoved,
) -> Result<()> {
    // Where it was not heard of yet, its posting finds that it was removed.
    let Some(user) = store::reviews::remove(connection, removed).await? else {
        return Ok(());
    };
    if store::readers::lock(connection, user).await? {
        // What a removal says of the reader is nothing: the moment of the review stays the newest.
        let none = OffsetDateTime::UNIX_EPOCH;
        rate(connection, context, user, removed.book_id, none).await?;
    }
    Ok(())
}

/// Takes over which rating of a locked reader's stands.
async fn rate(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
    book: Uuid,
    at: OffsetDateTime,
) -> Result<()> {
    let standing = store::reviews::standing(connection, user, book).await?;
    change_locked(connection, context, user, book, at, |done| {
        done.rate(standing, at);
    })
    .await
}

/// The account is gone, and everything of it goes.
pub(crate) async fn forget(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
    at: OffsetDateTime,
) -> Result<()> {
    store::readers::lock(connection, user).await?;
    store::reviews::strip_all(connection, user).await?;
    let gone = store::readers::forget(connection, user, at).await?;
    let none: [&Interaction; 0] = [];
    let since = context.now - activity::KEEP;
    let changes = activity::difference(&gone, none, since);
    store::activity::add(connection, &changes).await?;
    Ok(())
}
