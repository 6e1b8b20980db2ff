//! What catalog says of books.

use coko_core::database::Connection;
use coko_core::events::catalog::BookState;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Book;
use crate::tables::books;

/// The books with these ids that are known, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Book>> {
    books::table
        .filter(books::book_id.eq_any(ids))
        .select(Book::as_select())
        .load(connection)
        .await
}

/// Keeps a book as it is now, unless a newer version of it is known.
pub(crate) async fn keep(connection: &mut Connection, book: &BookState) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(books::table)
        .values((
            books::book_id.eq(book.book_id),
            books::version.eq(book.version),
            books::title.eq(&book.title),
            books::authors.eq(&book.authors),
            books::language.eq(&book.language),
            books::page_count.eq(book.page_count),
            books::is_free.eq(book.is_free),
            books::on_shelf.eq(true),
            books::deleted.eq(false),
        ))
        .on_conflict(books::book_id)
        .do_update()
        .set((
            books::version.eq(excluded(books::version)),
            books::title.eq(excluded(books::title)),
            books::authors.eq(excluded(books::authors)),
            books::language.eq(excluded(books::language)),
            books::page_count.eq(excluded(books::page_count)),
            books::is_free.eq(excluded(books::is_free)),
            books::on_shelf.eq(true),
            books::deleted.eq(false),
            books::ending.eq(false),
        ))
        .filter(books::version.lt(excluded(books::version)))
        .execute(connection)
        .await
        .map(drop)
}

/// Takes a book off the shelf, unless a newer version of it is known, and has the rights from subscriptions ended. A book
/// that was never seen is kept as withdrawn.
pub(crate) async fn withdraw(
    connection: &mut Connection,
    book: Uuid,
    version: i64,
    deleted: bool,
) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(books::table)
        .values((
            books::book_id.eq(book),
            books::version.eq(version),
            books::title.eq(""),
            books::authors.eq(Vec::<String>::new()),
            books::language.eq("und"),
            books::is_free.eq(false),
            books::on_shelf.eq(false),
            books::deleted.eq(deleted),
            books::ending.eq(true),
        ))
        .on_conflict(books::book_id)
        .do_update()
        .set((
            books::version.eq(excluded(books::version)),
            books::on_shelf.eq(false),
            books::deleted.eq(excluded(books::deleted)),
            books::ending.eq(true),
        ))
        .filter(books::version.lt(excluded(books::version)))
        .execute(connection)
        .await
        .map(drop)
}

/// Books that left the shelf and whose rights from subscriptions are still to be ended, at most `limit`.
pub(crate) async fn ending(connection: &mut Connection, limit: i64) -> QueryResult<Vec<Uuid>> {
    books::table
        .filter(books::ending)
        .order(books::book_id)
        .limit(limit)
        .select(books::book_id)
        .load(connection)
        .await
}

/// Notes that no right from a subscription is left, unless the book came back meanwhile.
pub(crate) async fn ended(connection: &mut Connection, book: Uuid) -> QueryResult<()> {
    diesel::update(books::table.find(book))
        .filter(books::on_shelf.eq(false))
        .set(books::ending.eq(false))
        .execute(connection)
        .await
        .map(drop)
}
