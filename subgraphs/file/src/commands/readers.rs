//! What other domains say of readers, and of what they are to get. Each runs in its consumer's transaction.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use diesel::QueryResult;
use time::OffsetDateTime;
use uuid::Uuid;

use super::remove;
use crate::store;

/// A reader may, or may no longer, have the files of a book.
pub(crate) async fn entitle(
    connection: &mut Connection,
    (user, book): (Uuid, Uuid),
    granted: bool,
    at: OffsetDateTime,
) -> QueryResult<()> {
    store::grants::record(connection, user, book, granted, at).await
}

/// A text of a book was reviewed and published: readers get it, and no other.
pub(crate) async fn released(
    connection: &mut Connection,
    book: Option<Uuid>,
    revision: i64,
    file: Option<Uuid>,
) -> QueryResult<()> {
    match (book, file) {
        (Some(book), Some(file)) => {
            store::releases::release(connection, book, revision, file).await
        }
        _ => Ok(()),
    }
}

/// A book will never be: what was uploaded for it goes, unless a text of it was published after all.
pub(crate) async fn discarded(
    connection: &mut Connection,
    context: &CommandContext,
    book: Uuid,
) -> QueryResult<()> {
    if store::releases::has(connection, book).await? {
        return Ok(());
    }
    for id in store::files::of_book(connection, book).await? {
        remove(connection, context, id).await?;
    }
    Ok(())
}

/// An account is gone: what was private goes, what books are made of stays without its name.
pub(crate) async fn forget(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
) -> QueryResult<()> {
    for id in store::files::private_of(connection, user).await? {
        remove(connection, context, id).await?;
    }
    store::files::disown(connection, user).await?;
    store::grants::forget(connection, user).await
}
