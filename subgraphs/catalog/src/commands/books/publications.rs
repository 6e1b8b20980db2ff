//! Books that come of publications leave the shelf and come back with them.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use diesel::QueryResult;
use uuid::Uuid;

use super::{leave_shelf, touch};
use crate::commands::announce_published;
use crate::model::{Book, Status};
use crate::store;

/// Takes a book off the shelf; nothing happens where it is not on it.
pub(crate) async fn take_off(
    connection: &mut Connection,
    context: &CommandContext,
    id: Uuid,
) -> QueryResult<()> {
    let found = store::books::lock(connection, id).await?;
    let Some(mut book) = found.filter(Book::is_on_shelf) else {
        return Ok(());
    };
    book.status = Status::Withdrawn;
    touch(&mut book, context);
    store::books::update(connection, &book).await?;
    leave_shelf(connection, context, &book, false).await
}

/// Puts a book that was taken off the shelf on it again; one that was deleted stays deleted.
pub(crate) async fn put_back(
    connection: &mut Connection,
    context: &CommandContext,
    id: Uuid,
) -> QueryResult<()> {
    let found = store::books::lock(connection, id).await?;
    let gone = |book: &Book| book.deleted_at.is_none() && !book.is_on_shelf();
    let Some(mut book) = found.filter(gone) else {
        return Ok(());
    };
    book.status = Status::Published;
    book.published_at.get_or_insert(context.now);
    touch(&mut book, context);
    store::books::update(connection, &book).await?;
    announce_published(connection, context, &[book.id]).await
}
