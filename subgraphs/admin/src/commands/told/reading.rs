//! What reading and file tell: books that are opened, read on, finished, downloaded.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::file::BookDownloaded;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{active, finish, tally};
use crate::model::metric::day_of;
use crate::model::{BookMetric, Metric};
use crate::store;
use crate::store::books::Reading;

/// A reader is so far in a book: only what is news counts, so what is said again or late does no harm.
pub(crate) async fn read(
    connection: &mut Connection,
    context: &CommandContext,
    (user, book): (Uuid, Uuid),
    told: Reading,
    at: OffsetDateTime,
) -> Result<()> {
    let mut person = store::people::lock(connection, user).await?;
    if person.is_gone() {
        return Ok(());
    }
    let news = store::books::progress(connection, user, book, told).await?;
    let mut tally = tally(&person);
    active(connection, context, &mut person, at, &mut tally).await?;
    let day = day_of(at);
    if news.started {
        person.books_started = person.books_started.saturating_add(1);
        tally.add(Metric::BooksStarted, at, 1);
        store::books::add(connection, book, BookMetric::Starts, day, 1).await?;
    }
    if news.completed {
        person.books_completed = person.books_completed.saturating_add(1);
        tally.add(Metric::BooksCompleted, at, 1);
        store::books::add(connection, book, BookMetric::Completions, day, 1).await?;
    }
    if news.seconds > 0 {
        person.seconds_read = person.seconds_read.saturating_add(news.seconds);
        tally.add(Metric::ReadingTime, at, news.seconds);
        store::books::add(connection, book, BookMetric::ReadingTime, day, news.seconds).await?;
    }
    finish(connection, &person, tally).await
}

/// Somebody downloaded a book.
pub(crate) async fn downloaded(
    connection: &mut Connection,
    context: &CommandContext,
    event: &BookDownloaded,
) -> Result<()> {
    let mut person = store::people::lock(connection, event.user_id).await?;
    let mut tally = tally(&person);
    tally.add(Metric::Downloads, event.at, 1);
    active(connection, context, &mut person, event.at, &mut tally).await?;
    let (book, day) = (event.book_id, day_of(event.at));
    store::books::add(connection, book, BookMetric::Downloads, day, 1).await?;
    finish(connection, &person, tally).await
}
