//! Who may have the files of which book.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Grants;
use crate::tables::{downloads, grants, transfers};

/// Keeps the newest that was said of a reader and a book; events may come twice and in any order. Of two that were said in
/// the same moment, taking away wins.
pub(crate) async fn record(
    connection: &mut Connection,
    user: Uuid,
    book: Uuid,
    granted: bool,
    at: OffsetDateTime,
) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO grants (user_id, book_id, granted, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id, book_id) DO UPDATE SET granted = excluded.granted, at = excluded.at
         WHERE excluded.at > grants.at OR (excluded.at = grants.at AND NOT excluded.granted)",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<SqlUuid, _>(book)
    .bind::<Bool, _>(granted)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await
    .map(drop)
}

/// Those of `books` whose files a reader may have.
pub(crate) async fn held(
    connection: &mut Connection,
    user: Uuid,
    books: &[Uuid],
) -> QueryResult<Grants> {
    let held: Vec<Uuid> = grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::book_id.eq_any(books))
        .filter(grants::granted)
        .select(grants::book_id)
        .load(connection)
        .await?;
    Ok(held.into_iter().collect())
}

/// Forgets a reader.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::delete(grants::table.filter(grants::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(downloads::table.filter(downloads::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(transfers::table.filter(transfers::user_id.eq(user)))
        .execute(connection)
        .await
        .map(drop)
}
