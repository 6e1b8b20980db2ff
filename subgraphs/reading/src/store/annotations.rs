//! Highlights, notes and bookmarks.

use std::collections::HashMap;

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Uuid as SqlUuid};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Annotation;
use crate::tables::annotations;

/// The name of the list in cursors.
pub(crate) const LIST: &str = "annotations";

/// The share of the book, and id.
pub(crate) type Key = (f64, Uuid);

/// The place of an annotation in the list.
pub(crate) fn key(annotation: &Annotation) -> Key {
    (annotation.progression, annotation.id)
}

/// The annotations with these ids, whosesoever they are, deleted ones included.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<Annotation>> {
    annotations::table
        .filter(annotations::id.eq_any(ids))
        .select(Annotation::as_select())
        .load(connection)
        .await
}

/// Writes annotations as they are now, whose reader is locked; returns the ids that were written. One is missing where
/// another reader took its id in the same moment.
pub(crate) async fn keep(
    connection: &mut Connection,
    written: &[Annotation],
) -> QueryResult<Vec<Uuid>> {
    use annotations as a;
    use diesel::query_dsl::methods::FilterDsl as _;
    if written.is_empty() {
        return Ok(Vec::new());
    }
    diesel::insert_into(a::table)
        .values(written)
        .on_conflict(a::id)
        .do_update()
        .set((
            a::locator.eq(excluded(a::locator)),
            a::progression.eq(excluded(a::progression)),
            a::quote.eq(excluded(a::quote)),
            a::note.eq(excluded(a::note)),
            a::colour.eq(excluded(a::colour)),
            a::privacy.eq(excluded(a::privacy)),
            a::deleted.eq(excluded(a::deleted)),
            a::stamps.eq(excluded(a::stamps)),
            a::updated_at.eq(excluded(a::updated_at)),
            a::shared_at.eq(excluded(a::shared_at)),
            a::erased.eq(false),
            a::sequence.eq(excluded(a::sequence)),
        ))
        .filter(a::user_id.eq(excluded(a::user_id)))
        .returning(a::id)
        .get_results(connection)
        .await
}

/// A reader's annotations that were written after `sequence`, in that order, deleted ones included.
pub(crate) async fn since(
    connection: &mut Connection,
    user: Uuid,
    sequence: i64,
    limit: i64,
) -> QueryResult<Vec<Annotation>> {
    annotations::table
        .filter(annotations::user_id.eq(user))
        .filter(annotations::sequence.gt(sequence))
        .order(annotations::sequence)
        .limit(limit)
        .select(Annotation::as_select())
        .load(connection)
        .await
}

const FORWARD: &str = "
    SELECT found.* FROM unnest($1) AS wanted (book) CROSS JOIN LATERAL (
        SELECT * FROM annotations
        WHERE user_id = $2 AND book_id = wanted.book AND NOT deleted AND locator IS NOT NULL AND (progression, id) > ($3, $4)
        ORDER BY progression, id LIMIT $5
    ) AS found";
const BACKWARD: &str = "
    SELECT found.* FROM unnest($1) AS wanted (book) CROSS JOIN LATERAL (
        SELECT * FROM annotations
        WHERE user_id = $2 AND book_id = wanted.book AND NOT deleted AND locator IS NOT NULL AND (progression, id) < ($3, $4)
        ORDER BY progression DESC, id DESC LIMIT $5
    ) AS found";

/// The same page of a reader's annotations in each of these books, in the order of the book.
pub(crate) async fn pages(
    connection: &mut Connection,
    page: &Page<Key>,
    user: Uuid,
    books: &[Uuid],
) -> QueryResult<HashMap<Uuid, Slice<Annotation>>> {
    let (query, start) = match page.direction {
        Direction::Forward => (FORWARD, (-1.0, Uuid::nil())),
        Direction::Backward => (BACKWARD, (2.0, Uuid::max())),
    };
    let (progression, id) = page.from.unwrap_or(start);
    let rows: Vec<Annotation> = diesel::sql_query(query)
        .bind::<Array<SqlUuid>, _>(books)
        .bind::<SqlUuid, _>(user)
        .bind::<Double, _>(progression)
        .bind::<SqlUuid, _>(id)
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    let mut grouped: HashMap<Uuid, Vec<Annotation>> = HashMap::new();
    for row in rows {
        grouped.entry(row.book_id).or_default().push(row);
    }
    Ok(grouped
        .into_iter()
        .map(|(book, rows)| (book, Slice::new(page, rows)))
        .collect())
}

/// A reader's annotations in a book in its order, from after `from`, at most `limit`.
pub(crate) async fn in_book(
    connection: &mut Connection,
    user: Uuid,
    book: Uuid,
    from: Option<Key>,
    limit: i64,
) -> QueryResult<Vec<Annotation>> {
    let (progression, id) = from.unwrap_or((-1.0, Uuid::nil()));
    diesel::sql_query(FORWARD)
        .bind::<Array<SqlUuid>, _>(vec![book])
        .bind::<SqlUuid, _>(user)
        .bind::<Double, _>(progression)
        .bind::<SqlUuid, _>(id)
        .bind::<BigInt, _>(limit)
        .load(connection)
        .await
}

/// Erases what annotations said that were deleted before `before`, at most `limit`; returns how many. Their stamps stay, so
/// that a change that comes late finds that it is late.
pub(crate) async fn erase(
    connection: &mut Connection,
    before: OffsetDateTime,
    limit: i64,
) -> QueryResult<usize> {
    let due = annotations::table
        .filter(annotations::deleted)
        .filter(annotations::erased.eq(false))
        .filter(annotations::updated_at.lt(before))
        .order(annotations::updated_at)
        .limit(limit)
        .for_update()
        .skip_locked()
        .select(annotations::id);
    let due: Vec<Uuid> = due.load(connection).await?;
    diesel::update(annotations::table.filter(annotations::id.eq_any(due)))
        .filter(annotations::deleted)
        .set((
            annotations::quote.eq(None::<String>),
            annotations::note.eq(None::<String>),
            annotations::erased.eq(true),
        ))
        .execute(connection)
        .await
}
