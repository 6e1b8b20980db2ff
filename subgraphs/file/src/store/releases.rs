//! Which text of a book that comes of a publication is for readers.

use coko_core::database::Connection;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Kind;
use crate::tables::{files, releases};

/// Has `file` be the text of a book that readers get, and holds every other text of it back; nothing happens where something newer
/// was said.
pub(crate) async fn release(
    connection: &mut Connection,
    book: Uuid,
    revision: i64,
    file: Uuid,
) -> QueryResult<()> {
    take_turn(connection, book).await?;
    let newest = keep(connection, book, revision, file).await?;
    if !newest {
        return Ok(());
    }
    diesel::update(
        files::table
            .filter(files::book_id.eq(book))
            .filter(files::kind.eq_any([Kind::Epub, Kind::Pdf])),
    )
    .set(files::held.eq(files::id.ne(file)))
    .execute(connection)
    .await
    .map(drop)
}

async fn keep(
    connection: &mut Connection,
    book: Uuid,
    revision: i64,
    file: Uuid,
) -> QueryResult<bool> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(releases::table)
        .values((
            releases::book_id.eq(book),
            releases::revision.eq(revision),
            releases::file_id.eq(file),
        ))
        .on_conflict(releases::book_id)
        .do_update()
        .set((
            releases::revision.eq(excluded(releases::revision)),
            releases::file_id.eq(excluded(releases::file_id)),
        ))
        .filter(releases::revision.lt(excluded(releases::revision)))
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}

/// Whether the texts of a book are released one by one; that stays so until the transaction ends.
pub(crate) async fn has(connection: &mut Connection, book: Uuid) -> QueryResult<bool> {
    take_turn(connection, book).await?;
    diesel::select(exists(releases::table.find(book)))
        .get_result(connection)
        .await
}

/// Has what is announced for a book and what is released of it come one after the other: a text that is announced meanwhile would
/// be held back by neither.
async fn take_turn(connection: &mut Connection, book: Uuid) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))")
        .bind::<SqlUuid, _>(book)
        .execute(connection)
        .await
        .map(drop)
}
