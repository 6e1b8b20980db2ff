//! Days of reading.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Date as SqlDate, Text, Uuid as SqlUuid};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use time::Date;
use uuid::Uuid;

use crate::model::{Day, Period, statistics};
use crate::tables::reading_days;

/// Days that are looked at for days in a row.
const LOOK_BACK: i64 = 2000;

/// A reader's days among these.
pub(crate) async fn of(
    connection: &mut Connection,
    user: Uuid,
    days: &[Date],
) -> QueryResult<Vec<Day>> {
    reading_days::table
        .filter(reading_days::user_id.eq(user))
        .filter(reading_days::day.eq_any(days))
        .select(Day::as_select())
        .load(connection)
        .await
}

/// Writes days as they are now; their reader is locked.
pub(crate) async fn keep(connection: &mut Connection, days: &[Day]) -> QueryResult<()> {
    use reading_days as d;
    if days.is_empty() {
        return Ok(());
    }
    diesel::insert_into(d::table)
        .values(days)
        .on_conflict((d::user_id, d::day))
        .do_update()
        .set((
            d::seconds.eq(excluded(d::seconds)),
            d::pages.eq(excluded(d::pages)),
            d::sessions.eq(excluded(d::sessions)),
            d::books.eq(excluded(d::books)),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// The newest days on which the reader read, the newest first.
pub(crate) async fn of_reading(connection: &mut Connection, user: Uuid) -> QueryResult<Vec<Date>> {
    reading_days::table
        .filter(reading_days::user_id.eq(user))
        .filter(reading_days::seconds.ge(statistics::READING_DAY))
        .order(reading_days::day.desc())
        .limit(LOOK_BACK)
        .select(reading_days::day)
        .load(connection)
        .await
}

/// A reader's days from `from` to `to`, summed by `period`, the newest first.
pub(crate) async fn summed(
    connection: &mut Connection,
    user: Uuid,
    period: Period,
    (from, to): (Date, Date),
) -> QueryResult<Vec<Day>> {
    diesel::sql_query(
        "SELECT user_id, date_trunc($2, day::timestamp)::date AS day, sum(seconds)::int AS seconds, sum(pages) AS pages,
                sum(sessions)::int AS sessions, sum(books)::int AS books
         FROM reading_days WHERE user_id = $1 AND day BETWEEN $3 AND $4
         GROUP BY user_id, 2 ORDER BY 2 DESC",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<Text, _>(period.unit())
    .bind::<SqlDate, _>(from)
    .bind::<SqlDate, _>(to)
    .load(connection)
    .await
}

/// Seconds and pages of a reader since `from`.
pub(crate) async fn since(
    connection: &mut Connection,
    user: Uuid,
    from: Date,
) -> QueryResult<(i64, f64)> {
    use diesel::dsl::sum;
    let (seconds, pages): (Option<i64>, Option<f64>) = reading_days::table
        .filter(reading_days::user_id.eq(user))
        .filter(reading_days::day.ge(from))
        .select((sum(reading_days::seconds), sum(reading_days::pages)))
        .first(connection)
        .await?;
    Ok((seconds.unwrap_or_default(), pages.unwrap_or_default()))
}
