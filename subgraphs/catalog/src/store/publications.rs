//! What publication said last of each work.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::tables::book_publications;

/// Keeps that `revision` of a publication was heard; false when something newer was.
pub(crate) async fn advance(
    connection: &mut Connection,
    publication: Uuid,
    revision: i64,
) -> QueryResult<bool> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(book_publications::table)
        .values((
            book_publications::publication_id.eq(publication),
            book_publications::revision.eq(revision),
        ))
        .on_conflict(book_publications::publication_id)
        .do_update()
        .set(book_publications::revision.eq(excluded(book_publications::revision)))
        .filter(book_publications::revision.lt(excluded(book_publications::revision)))
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}
