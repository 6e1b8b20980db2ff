//! What readers did with books.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Interaction;
use crate::tables::interactions;

#[derive(QueryableByName)]
struct BookRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// What a locked reader did with a book.
pub(crate) async fn find(
    connection: &mut Connection,
    user: Uuid,
    book: Uuid,
) -> QueryResult<Option<Interaction>> {
    interactions::table
        .find((user, book))
        .select(Interaction::as_select())
        .first(connection)
        .await
        .optional()
}

/// Writes what a locked reader did with a book.
pub(crate) async fn put(connection: &mut Connection, done: &Interaction) -> QueryResult<()> {
    diesel::insert_into(interactions::table)
        .values(done)
        .on_conflict((interactions::user_id, interactions::book_id))
        .do_update()
        .set(done)
        .execute(connection)
        .await
        .map(drop)
}

/// The newest of what a reader did, at most `limit`.
pub(crate) async fn newest(
    connection: &mut Connection,
    user: Uuid,
    limit: i64,
) -> QueryResult<Vec<Interaction>> {
    interactions::table
        .filter(interactions::user_id.eq(user))
        .order((interactions::touched_at.desc(), interactions::book_id))
        .limit(limit)
        .select(Interaction::as_select())
        .load(connection)
        .await
}

/// Which of these books a reader is not to be recommended: those that they have, have read in or have refused, and those that
/// nobody can find any more.
pub(crate) async fn barred(
    connection: &mut Connection,
    user: Uuid,
    books: &[Uuid],
) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<BookRow> = diesel::sql_query(
        "SELECT book_id AS id FROM interactions WHERE user_id = $1 AND book_id = ANY($2) AND (started_at IS NOT NULL
            OR completed_at IS NOT NULL OR purchased_at > coalesce(refunded_at, '-infinity'))
         UNION SELECT book_id FROM feedback WHERE user_id = $1 AND book_id = ANY($2) AND NOT likes
         UNION SELECT id FROM books WHERE id = ANY($2) AND NOT is_available",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<Array<SqlUuid>, _>(books)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// What was done after this reader and book, in their order, at most `limit`.
pub(crate) async fn page(
    connection: &mut Connection,
    after: (Uuid, Uuid),
    limit: i64,
) -> QueryResult<Vec<Interaction>> {
    let (user, book) = after;
    interactions::table
        .into_boxed()
        .filter(
            diesel::dsl::sql::<diesel::sql_types::Bool>("(user_id, book_id) > (")
                .bind::<SqlUuid, _>(user)
                .sql(", ")
                .bind::<SqlUuid, _>(book)
                .sql(")"),
        )
        .order((interactions::user_id, interactions::book_id))
        .limit(limit)
        .select(Interaction::as_select())
        .load(connection)
        .await
}

/// About how many interactions there are, by the statistics of the table; 0 while it has none.
pub(crate) async fn estimate(connection: &mut Connection) -> QueryResult<i64> {
    let counted: Count = diesel::sql_query(
        "SELECT greatest(reltuples, 0)::bigint AS count FROM pg_class WHERE oid = 'interactions'::regclass",
    )
    .get_result(connection)
    .await?;
    Ok(counted.count)
}
