//! What has fallen due: progress to tell, rights of withdrawn books to end, notes to erase, partitions to make.

use coko_core::Result;
use coko_core::context::CommandContext;
use diesel_async::AsyncConnection as _;
use time::Duration;

use super::{Reading, months_around, rights, tell_progress};
use crate::model::entitlement::source_at;
use crate::model::stamp::millis;
use crate::model::{BookProgress, RevocationReason, Source};
use crate::store;

/// Rows that one round takes.
const BATCH: i64 = 100;
/// How long a stamp of a clock that is ahead is remembered.
const CLAMPS: Duration = Duration::days(180);

/// Tells the progress that is due; returns how many were looked at.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn progress(context: &CommandContext, reading: &Reading) -> Result<usize> {
    let mut connection = reading.pool.get().await?;
    let due = store::items::to_tell(&mut connection, context.now, BATCH).await?;
    for (user, book) in &due {
        connection
            .transaction(async |connection| {
                store::readers::lock(connection, *user).await?;
                let item = store::items::of(connection, *user, &[*book]).await?.pop();
                let Some(mut item) = item else { return Ok(()) };
                if item.tell_at.is_none_or(|at| at > context.now) {
                    return Ok(());
                }
                item.tell_at = None;
                item.told_at = Some(context.now);
                let places = store::progress::of(connection, *user, &[*book]).await?;
                let rights = store::entitlements::of(connection, *user, &[*book]).await?;
                let read_at = item.last_read_at.unwrap_or(context.now);
                let source = source_at(&rights, read_at);
                if let (Some(places), Some(source)) = (BookProgress::of(places), source) {
                    tell_progress(connection, context, &item, &places, source, false).await?;
                }
                store::items::keep(connection, &[item]).await?;
                Ok::<_, coko_core::Error>(())
            })
            .await?;
    }
    Ok(due.len())
}

/// Ends the rights that subscriptions gave to books that left the shelf; returns how many books and readers were looked at.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn withdrawn(context: &CommandContext, reading: &Reading) -> Result<usize> {
    let mut connection = reading.pool.get().await?;
    let books = store::books::ending(&mut connection, BATCH).await?;
    let mut looked = books.len();
    for book in books {
        let readers = store::entitlements::subscribed_readers(&mut connection, book, BATCH).await?;
        if readers.is_empty() {
            store::books::ended(&mut connection, book).await?;
        }
        looked += readers.len();
        for user in readers {
            connection
                .transaction(async |connection| {
                    let mut reader = store::readers::lock(connection, user).await?;
                    let is_off = store::books::by_ids(connection, &[book])
                        .await?
                        .iter()
                        .all(|book| !book.on_shelf);
                    let mut ending = store::entitlements::of(connection, user, &[book]).await?;
                    ending.retain(|right| {
                        is_off && right.source == Source::Subscription && right.holds()
                    });
                    let reason = RevocationReason::Withdrawn;
                    rights::end_all(connection, context, &mut reader, ending, reason).await?;
                    store::readers::update(connection, &reader).await?;
                    Ok::<_, coko_core::Error>(())
                })
                .await?;
        }
    }
    Ok(looked)
}

/// Erases what was deleted long ago, and forgets what nobody sends again; returns how many rows.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn erase(context: &CommandContext, reading: &Reading) -> Result<usize> {
    let before = context.now - Duration::days(reading.config.timers.erase_days);
    let mut connection = reading.pool.get().await?;
    let erased = connection
        .transaction(async |connection| store::annotations::erase(connection, before, BATCH).await)
        .await?;
    let old = millis(context.now - CLAMPS);
    Ok(erased + store::clamps::purge(&mut connection, old, BATCH).await?)
}

/// Makes the partitions of the months around now.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn partitions(context: &CommandContext, reading: &Reading) -> Result<()> {
    let mut connection = reading.pool.get().await?;
    for month in months_around(context.now) {
        store::sessions::make_partition(&mut connection, month).await?;
    }
    Ok(())
}

/// Calls `round` until it finds less than it could take.
///
/// # Errors
/// What it fails with.
pub(crate) async fn drain<F: Future<Output = Result<usize>>>(round: impl Fn() -> F) -> Result<()> {
    while round().await? >= usize::try_from(BATCH).unwrap_or(usize::MAX) {}
    Ok(())
}
