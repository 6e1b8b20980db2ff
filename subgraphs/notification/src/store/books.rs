//! Titles of books.

use coko_core::database::Connection;
use coko_core::events::catalog::BookState;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::tables::books;

/// Keeps a book's title, unless a newer version is known.
pub(crate) async fn keep(connection: &mut Connection, book: &BookState) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(books::table)
        .values((
            books::book_id.eq(book.book_id),
            books::title.eq(&book.title),
            books::version.eq(book.version),
        ))
        .on_conflict(books::book_id)
        .do_update()
        .set((
            books::title.eq(excluded(books::title)),
            books::version.eq(excluded(books::version)),
        ))
        .filter(books::version.lt(excluded(books::version)))
        .execute(connection)
        .await
        .map(drop)
}

/// The titles of these books, as far as they are known.
pub(crate) async fn titles(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<(Uuid, String)>> {
    books::table
        .filter(books::book_id.eq_any(ids))
        .select((books::book_id, books::title))
        .load(connection)
        .await
}
