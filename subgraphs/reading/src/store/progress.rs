//! Places in books.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Progress;
use crate::tables::progress;

/// The places of all of a reader's devices in these books.
pub(crate) async fn of(
    connection: &mut Connection,
    user: Uuid,
    books: &[Uuid],
) -> QueryResult<Vec<Progress>> {
    progress::table
        .filter(progress::user_id.eq(user))
        .filter(progress::book_id.eq_any(books))
        .select(Progress::as_select())
        .load(connection)
        .await
}

/// Those of these places that are the reader's.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    user: Uuid,
    ids: &[Uuid],
) -> QueryResult<Vec<Progress>> {
    progress::table
        .filter(progress::id.eq_any(ids))
        .filter(progress::user_id.eq(user))
        .select(Progress::as_select())
        .load(connection)
        .await
}

/// Writes places as they are now; their reader is locked.
pub(crate) async fn keep(connection: &mut Connection, places: &[Progress]) -> QueryResult<()> {
    use progress as p;
    if places.is_empty() {
        return Ok(());
    }
    diesel::insert_into(p::table)
        .values(places)
        .on_conflict(p::id)
        .do_update()
        .set((
            p::locator.eq(excluded(p::locator)),
            p::progression.eq(excluded(p::progression)),
            p::stamp.eq(excluded(p::stamp)),
            p::read_at.eq(excluded(p::read_at)),
            p::furthest_locator.eq(excluded(p::furthest_locator)),
            p::furthest_progression.eq(excluded(p::furthest_progression)),
            p::furthest_stamp.eq(excluded(p::furthest_stamp)),
            p::sequence.eq(excluded(p::sequence)),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// A reader's places that were written after `sequence`, in that order.
pub(crate) async fn since(
    connection: &mut Connection,
    user: Uuid,
    sequence: i64,
    limit: i64,
) -> QueryResult<Vec<Progress>> {
    progress::table
        .filter(progress::user_id.eq(user))
        .filter(progress::sequence.gt(sequence))
        .order(progress::sequence)
        .limit(limit)
        .select(Progress::as_select())
        .load(connection)
        .await
}
