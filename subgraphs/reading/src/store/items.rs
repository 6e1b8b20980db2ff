//! Books in libraries.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{micros, moment};
use crate::model::{Item, ReadingStatus};
use crate::tables::library_items;

/// The name of the list in cursors.
pub(crate) const LIST: &str = "library";

/// Microseconds of adding, and the book.
pub(crate) type Key = (i64, Uuid);

/// The place of an item in the list.
pub(crate) fn key(item: &Item) -> Key {
    (micros(item.added_at), item.book_id)
}

/// A reader's items of these books, those that are not listed included.
pub(crate) async fn of(
    connection: &mut Connection,
    user: Uuid,
    books: &[Uuid],
) -> QueryResult<Vec<Item>> {
    library_items::table
        .filter(library_items::user_id.eq(user))
        .filter(library_items::book_id.eq_any(books))
        .select(Item::as_select())
        .load(connection)
        .await
}

/// How many books a library has, those that are not listed included.
pub(crate) async fn count(connection: &mut Connection, user: Uuid) -> QueryResult<i64> {
    library_items::table
        .filter(library_items::user_id.eq(user))
        .count()
        .get_result(connection)
        .await
}

/// Rows of one statement, well below PostgreSQL's limit of parameters.
const ROWS: usize = 1000;

/// Writes items as they are now; their reader is locked.
pub(crate) async fn keep(connection: &mut Connection, items: &[Item]) -> QueryResult<()> {
    use library_items as i;
    for rows in items.chunks(ROWS) {
        diesel::insert_into(i::table)
            .values(rows)
            .on_conflict((i::user_id, i::book_id))
            .do_update()
            .set((
                i::chosen.eq(excluded(i::chosen)),
                i::chosen_stamp.eq(excluded(i::chosen_stamp)),
                i::removed.eq(excluded(i::removed)),
                i::removed_stamp.eq(excluded(i::removed_stamp)),
                i::status.eq(excluded(i::status)),
                i::listed.eq(excluded(i::listed)),
                i::started_at.eq(excluded(i::started_at)),
                i::last_read_at.eq(excluded(i::last_read_at)),
                i::finished_at.eq(excluded(i::finished_at)),
                i::completed.eq(excluded(i::completed)),
                i::seconds_read.eq(excluded(i::seconds_read)),
                i::told_at.eq(excluded(i::told_at)),
                i::tell_at.eq(excluded(i::tell_at)),
                i::right_changed_at.eq(excluded(i::right_changed_at)),
                i::sequence.eq(excluded(i::sequence)),
            ))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Readers and books whose progress is to be told by now, at most `limit`.
pub(crate) async fn to_tell(
    connection: &mut Connection,
    now: OffsetDateTime,
    limit: i64,
) -> QueryResult<Vec<(Uuid, Uuid)>> {
    library_items::table
        .filter(library_items::tell_at.le(now))
        .order(library_items::tell_at)
        .limit(limit)
        .select((library_items::user_id, library_items::book_id))
        .load(connection)
        .await
}

/// A reader's items that were written after `sequence`, in that order.
pub(crate) async fn since(
    connection: &mut Connection,
    user: Uuid,
    sequence: i64,
    limit: i64,
) -> QueryResult<Vec<Item>> {
    library_items::table
        .filter(library_items::user_id.eq(user))
        .filter(library_items::sequence.gt(sequence))
        .order(library_items::sequence)
        .limit(limit)
        .select(Item::as_select())
        .load(connection)
        .await
}

/// One page of a library, what came last first.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Key>,
    user: Uuid,
    status: Option<ReadingStatus>,
) -> QueryResult<Slice<Item>> {
    let mut query = library_items::table
        .filter(library_items::user_id.eq(user))
        .filter(library_items::listed)
        .into_boxed();
    if let Some(status) = status {
        query = query.filter(library_items::status.eq(status));
    }
    let forward = page.direction == Direction::Forward;
    if let Some((at, book)) = page.from {
        let compare = if forward {
            "(added_at, book_id) < ("
        } else {
            "(added_at, book_id) > ("
        };
        query = query.filter(
            sql::<Bool>(compare)
                .bind::<Timestamptz, _>(moment(at))
                .sql(", ")
                .bind::<SqlUuid, _>(book)
                .sql(")"),
        );
    }
    let query = if forward {
        query.order((
            library_items::added_at.desc(),
            library_items::book_id.desc(),
        ))
    } else {
        query.order((library_items::added_at.asc(), library_items::book_id.asc()))
    };
    let rows = query
        .limit(page.limit())
        .select(Item::as_select())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}
