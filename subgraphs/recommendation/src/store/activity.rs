//! How much books are read, by the hour.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Timestamptz, Uuid as SqlUuid};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Window;
use crate::model::activity::Change;
use crate::tables::activity;

/// Rows per statement, well under PostgreSQL's limit of bind parameters.
const BATCH: usize = 5000;

#[derive(QueryableByName)]
struct Trend {
    #[diesel(sql_type = SqlUuid)]
    book_id: Uuid,
    #[diesel(sql_type = Double)]
    score: f64,
}

/// Adds points, whose order is that of hours and books.
pub(crate) async fn add(connection: &mut Connection, changes: &[Change]) -> QueryResult<()> {
    for batch in changes.chunks(BATCH) {
        let rows: Vec<_> = batch
            .iter()
            .map(|change| {
                (
                    activity::hour.eq(change.hour),
                    activity::book_id.eq(change.book_id),
                    activity::points.eq(change.points),
                )
            })
            .collect();
        diesel::insert_into(activity::table)
            .values(rows)
            .on_conflict((activity::hour, activity::book_id))
            .do_update()
            .set(activity::points.eq(activity::points + excluded(activity::points)))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The books that are read most in a window that ends now, what is newer counting more; at most `limit`, the most read first.
pub(crate) async fn trending(
    connection: &mut Connection,
    window: Window,
    now: OffsetDateTime,
    limit: i64,
) -> QueryResult<Vec<(Uuid, f64)>> {
    let rows: Vec<Trend> = diesel::sql_query(
        "SELECT a.book_id, sum(a.points * power(0.5::float8, greatest(extract(epoch FROM $1 - a.hour), 0)::float8 / $2)) AS score
         FROM activity a JOIN books b ON b.id = a.book_id AND b.is_available
         WHERE a.hour > $3 GROUP BY a.book_id HAVING sum(a.points) > 0 ORDER BY score DESC, a.book_id LIMIT $4",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Double, _>(window.half_life().as_seconds_f64())
    .bind::<Timestamptz, _>(now - window.length())
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.book_id, row.score))
        .collect())
}

/// Drops the hours before `since`.
pub(crate) async fn prune(
    connection: &mut Connection,
    since: OffsetDateTime,
) -> QueryResult<usize> {
    diesel::delete(activity::table.filter(activity::hour.lt(since)))
        .execute(connection)
        .await
}
