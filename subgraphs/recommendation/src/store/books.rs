//! What catalog says of books.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Book;
use crate::tables::books;

/// Keeps a book as it is now, unless a newer version of it is known.
pub(crate) async fn keep(connection: &mut Connection, book: &Book) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(books::table)
        .values(book)
        .on_conflict(books::id)
        .do_update()
        .set((
            books::version.eq(excluded(books::version)),
            books::title.eq(excluded(books::title)),
            books::description.eq(excluded(books::description)),
            books::language.eq(excluded(books::language)),
            books::category_ids.eq(excluded(books::category_ids)),
            books::contributor_ids.eq(excluded(books::contributor_ids)),
            books::series_id.eq(excluded(books::series_id)),
            books::published_at.eq(excluded(books::published_at)),
            books::is_available.eq(excluded(books::is_available)),
            books::changed_at.eq(excluded(books::changed_at)),
        ))
        .filter(books::version.lt(excluded(books::version)))
        .execute(connection)
        .await
        .map(drop)
}

/// Takes a book off the shelf, unless a newer version of it is known; one that was never seen is kept as withdrawn.
pub(crate) async fn withdraw(connection: &mut Connection, book: &Book) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(books::table)
        .values(book)
        .on_conflict(books::id)
        .do_update()
        .set((
            books::version.eq(excluded(books::version)),
            books::is_available.eq(false),
            books::changed_at.eq(excluded(books::changed_at)),
        ))
        .filter(books::version.lt(excluded(books::version)))
        .execute(connection)
        .await
        .map(drop)
}

/// Books after `after` in the order of ids, at most `limit`.
pub(crate) async fn page(
    connection: &mut Connection,
    after: Uuid,
    limit: i64,
) -> QueryResult<Vec<Book>> {
    books::table
        .filter(books::id.gt(after))
        .order(books::id)
        .limit(limit)
        .select(Book::as_select())
        .load(connection)
        .await
}

/// Books after the one that was heard of at this moment and has this id, the oldest first, at most `limit`.
pub(crate) async fn changed(
    connection: &mut Connection,
    after: (OffsetDateTime, Uuid),
    limit: i64,
) -> QueryResult<Vec<Book>> {
    let (at, id) = after;
    books::table
        .into_boxed()
        .filter(
            diesel::dsl::sql::<diesel::sql_types::Bool>("(changed_at, id) > (")
                .bind::<diesel::sql_types::Timestamptz, _>(at)
                .sql(", ")
                .bind::<diesel::sql_types::Uuid, _>(id)
                .sql(")"),
        )
        .order((books::changed_at, books::id))
        .limit(limit)
        .select(Book::as_select())
        .load(connection)
        .await
}

/// Which of these books there are, or were.
pub(crate) async fn known(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    books::table
        .filter(books::id.eq_any(ids))
        .select(books::id)
        .load(connection)
        .await
}
