//! Comparisons with providers' books, and where they did not agree.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::prelude::*;
use diesel::sql_types::{Date as SqlDate, Text};
use diesel_async::RunQueryDsl;
use time::Date;
use uuid::Uuid;

use super::{micros, moment};
use crate::model::{Comparison, Discrepancy, Reconciliation};
use crate::tables::{comparisons, discrepancies, reconciliations};

/// The name of the list in cursors.
pub(crate) const LIST: &str = "payment-discrepancies";
/// How many requests are shown.
const REQUESTS: i64 = 50;

/// When it was found, and the attempt.
pub(crate) type Key = (i64, Uuid);

/// The place of a discrepancy in the list.
pub(crate) fn key(found: &Discrepancy) -> Key {
    (micros(found.found_at), found.attempt_id)
}

/// Counts a comparison.
pub(crate) async fn count(
    connection: &mut Connection,
    day: Date,
    provider: &str,
    outcome: &str,
) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO comparisons (day, provider, outcome, count) VALUES ($1, $2, $3, 1)
         ON CONFLICT (day, provider, outcome) DO UPDATE SET count = comparisons.count + 1",
    )
    .bind::<SqlDate, _>(day)
    .bind::<Text, _>(provider)
    .bind::<Text, _>(outcome)
    .execute(connection)
    .await
    .map(drop)
}

/// The counts of some days, the newest first.
pub(crate) async fn counts(
    connection: &mut Connection,
    (from, to): (Date, Date),
) -> QueryResult<Vec<Comparison>> {
    comparisons::table
        .filter(comparisons::day.between(from, to))
        .order((
            comparisons::day.desc(),
            comparisons::provider,
            comparisons::outcome,
        ))
        .select(Comparison::as_select())
        .load(connection)
        .await
}

/// Keeps a discrepancy; one that is found again after it was closed is open again.
pub(crate) async fn keep(connection: &mut Connection, found: &Discrepancy) -> QueryResult<()> {
    use diesel::upsert::excluded;
    diesel::insert_into(discrepancies::table)
        .values(found)
        .on_conflict(discrepancies::attempt_id)
        .do_update()
        .set((
            discrepancies::outcome.eq(excluded(discrepancies::outcome)),
            discrepancies::found_at.eq(excluded(discrepancies::found_at)),
            discrepancies::closed_at.eq(None::<time::OffsetDateTime>),
            discrepancies::closed_by.eq(None::<Uuid>),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// The discrepancy, locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut Connection,
    attempt: Uuid,
) -> QueryResult<Option<Discrepancy>> {
    discrepancies::table
        .find(attempt)
        .select(Discrepancy::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Closes a locked discrepancy.
pub(crate) async fn close(connection: &mut Connection, closed: &Discrepancy) -> QueryResult<()> {
    diesel::update(discrepancies::table.find(closed.attempt_id))
        .set((
            discrepancies::closed_at.eq(closed.closed_at),
            discrepancies::closed_by.eq(closed.closed_by),
            discrepancies::note.eq(closed.note.as_deref()),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// One page of the discrepancies, the newest first; only those that are open where that is asked for.
pub(crate) async fn page(
    connection: &mut Connection,
    page: &Page<Key>,
    open: bool,
) -> QueryResult<Slice<Discrepancy>> {
    use discrepancies as d;
    let mut query = d::table
        .limit(page.limit())
        .select(Discrepancy::as_select())
        .into_boxed();
    if open {
        query = query.filter(d::closed_at.is_null());
    }
    let forward = page.direction == Direction::Forward;
    if let Some((at, attempt)) = page.from {
        let at = moment(at);
        query = if forward {
            query.filter(
                d::found_at
                    .lt(at)
                    .or(d::found_at.eq(at).and(d::attempt_id.lt(attempt))),
            )
        } else {
            query.filter(
                d::found_at
                    .gt(at)
                    .or(d::found_at.eq(at).and(d::attempt_id.gt(attempt))),
            )
        };
    }
    let query = if forward {
        query.order((d::found_at.desc(), d::attempt_id.desc()))
    } else {
        query.order((d::found_at.asc(), d::attempt_id.asc()))
    };
    Ok(Slice::new(page, query.load(connection).await?))
}

/// Keeps a request.
pub(crate) async fn request(
    connection: &mut Connection,
    request: &Reconciliation,
) -> QueryResult<()> {
    diesel::insert_into(reconciliations::table)
        .values(request)
        .execute(connection)
        .await
        .map(drop)
}

/// The newest requests.
pub(crate) async fn requests(connection: &mut Connection) -> QueryResult<Vec<Reconciliation>> {
    reconciliations::table
        .order(reconciliations::id.desc())
        .limit(REQUESTS)
        .select(Reconciliation::as_select())
        .load(connection)
        .await
}
