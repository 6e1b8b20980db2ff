//! What can be done in reading, one function per use case; one transaction each, events enqueued before the commit.
//!
//! Whatever writes anything of a reader's locks the reader first.

pub(crate) mod exports;
pub(crate) mod library;
pub(crate) mod licenses;
pub(crate) mod push;
pub(crate) mod rights;
pub(crate) mod sweep;
pub(crate) mod told;

use coko_core::context::CommandContext;
use coko_core::database::{Connection, Pool};
use coko_core::events::reading::{ReadingProgressed, ReadingStarted};
use coko_core::identity::{PublishedKey, RootKey, Viewer};
use coko_core::service::Platform;
use coko_core::{Error, Result, outbox};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::config::Config;
use crate::model::{BookProgress, Item, Source};

/// What every command of this subgraph shares.
pub(crate) struct Reading {
    pub(crate) pool: Pool,
    pub(crate) config: Config,
    pub(crate) platform: Platform,
    /// Signs offline licences.
    pub(crate) license_key: RootKey,
    /// The keys that offline licences are checked with.
    pub(crate) published_keys: Vec<PublishedKey>,
}

impl Reading {
    /// The context in which a worker acts.
    pub(crate) fn system(&self) -> CommandContext {
        CommandContext::system(self.platform.clock.now(), self.platform.entropy.clone())
    }

    fn progress_pause(&self) -> Duration {
        Duration::seconds(self.config.timers.progressed_seconds)
    }
}

/// The person who asks, where the token permits `action` on what they read.
///
/// # Errors
/// `UNAUTHENTICATED` when no person asks; `FORBIDDEN` for a token narrowed to something else.
pub(crate) fn reader(viewer: &Viewer, action: &str) -> Result<Uuid> {
    let user = viewer.require_user()?;
    viewer.require("reading", action)?;
    Ok(user)
}

/// Says how far a reader is in a book; first, where it is the first time, that it was begun.
async fn tell_progress(
    connection: &mut Connection,
    context: &CommandContext,
    item: &Item,
    progress: &BookProgress,
    source: Source,
    is_first: bool,
) -> Result<()> {
    if is_first {
        let event = ReadingStarted {
            user_id: item.user_id,
            book_id: item.book_id,
            source: source.as_str().to_owned(),
            started_at: item.started_at.unwrap_or(context.now),
        };
        outbox::enqueue(connection, context, &event).await?;
    }
    let event = ReadingProgressed {
        user_id: item.user_id,
        book_id: item.book_id,
        source: source.as_str().to_owned(),
        progression: progress.current().progression,
        furthest: progress.furthest().furthest_progression,
        seconds_read: item.seconds_read,
        progressed_at: context.now,
    };
    outbox::enqueue(connection, context, &event).await?;
    Ok(())
}

/// The account is gone, and its tokens are about to end.
fn gone() -> Error {
    Error::unauthenticated()
}

/// A moment in this month and in each of the next three, and in the two before, whose sessions devices may still tell.
pub(crate) fn months_around(now: OffsetDateTime) -> impl Iterator<Item = OffsetDateTime> {
    let middle = now.replace_day(15).unwrap_or(now);
    // Thirty days from the middle of a month are in the next one, and never in the one after it, for six months.
    (-2..=3).map(move |months| middle + Duration::days(30 * months))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn no_month_is_skipped() {
        let months: Vec<_> = months_around(datetime!(2026-12-31 23:59 UTC))
            .map(|at| (at.year(), u8::from(at.month())))
            .collect();
        assert_eq!(
            months,
            [
                (2026, 10),
                (2026, 11),
                (2026, 12),
                (2027, 1),
                (2027, 2),
                (2027, 3)
            ]
        );
    }
}
