//! How long manuscripts are read by subscription, month by month.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date as SqlDate, Integer, Text};
use diesel_async::RunQueryDsl;
use time::Date;
use uuid::Uuid;

use crate::tables::{reading_marks, reading_months, reading_shares, reading_times};

/// A month whose reading is counted.
const OPEN: &str = "OPEN";
/// A month whose amount is fixed and shared.
const SHARED: &str = "SHARED";
/// A month of which everything is booked.
const BOOKED: &str = "BOOKED";

/// Raises how long a reader has read a book; returns by how much, which is nothing when it is known.
pub(crate) async fn mark(
    connection: &mut Connection,
    (user, book): (Uuid, Uuid),
    seconds: i64,
) -> QueryResult<i64> {
    diesel::insert_into(reading_marks::table)
        .values((
            reading_marks::user_id.eq(user),
            reading_marks::book_id.eq(book),
            reading_marks::seconds.eq(0_i64),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    let known: i64 = reading_marks::table
        .find((user, book))
        .select(reading_marks::seconds)
        .for_update()
        .first(connection)
        .await?;
    if seconds <= known {
        return Ok(0);
    }
    diesel::update(reading_marks::table.find((user, book)))
        .set(reading_marks::seconds.eq(seconds))
        .execute(connection)
        .await?;
    Ok(seconds - known)
}

/// Whether a month is open, which it then stays until the transaction ends.
pub(crate) async fn hold_open(connection: &mut Connection, month: Date) -> QueryResult<bool> {
    diesel::insert_into(reading_months::table)
        .values((
            reading_months::month.eq(month),
            reading_months::status.eq(OPEN),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    let status: String = reading_months::table
        .find(month)
        .select(reading_months::status)
        .for_share()
        .first(connection)
        .await?;
    Ok(status == OPEN)
}

/// How long a reader has read in a month, locked until the transaction ends.
pub(crate) async fn lock_share(
    connection: &mut Connection,
    month: Date,
    user: Uuid,
) -> QueryResult<i64> {
    diesel::insert_into(reading_shares::table)
        .values((
            reading_shares::month.eq(month),
            reading_shares::user_id.eq(user),
            reading_shares::seconds.eq(0_i64),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    reading_shares::table
        .find((month, user))
        .select(reading_shares::seconds)
        .for_update()
        .first(connection)
        .await
}

/// Counts reading of a manuscript by a reader in a country; their share is locked.
pub(crate) async fn count(
    connection: &mut Connection,
    month: Date,
    user: Uuid,
    (manuscript, country): (Uuid, &str),
    seconds: i64,
) -> QueryResult<()> {
    diesel::update(reading_shares::table.find((month, user)))
        .set(reading_shares::seconds.eq(reading_shares::seconds + seconds))
        .execute(connection)
        .await?;
    diesel::insert_into(reading_times::table)
        .values((
            reading_times::month.eq(month),
            reading_times::manuscript_id.eq(manuscript),
            reading_times::country.eq(country),
            reading_times::seconds.eq(seconds),
        ))
        .on_conflict((
            reading_times::month,
            reading_times::manuscript_id,
            reading_times::country,
        ))
        .do_update()
        .set(reading_times::seconds.eq(reading_times::seconds + seconds))
        .execute(connection)
        .await
        .map(drop)
}

/// The oldest open month before `before`, locked until the transaction ends, with all seconds that were read in it.
pub(crate) async fn lock_over(
    connection: &mut Connection,
    before: Date,
) -> QueryResult<Option<(Date, i64)>> {
    let month: Option<Date> = reading_months::table
        .filter(reading_months::status.eq(OPEN))
        .filter(reading_months::month.lt(before))
        .order(reading_months::month)
        .select(reading_months::month)
        .for_update()
        .skip_locked()
        .first(connection)
        .await
        .optional()?;
    let Some(month) = month else {
        return Ok(None);
    };
    let total: Total = diesel::sql_query(
        "SELECT COALESCE(sum(seconds), 0)::bigint AS seconds FROM reading_times WHERE month = $1",
    )
    .bind::<SqlDate, _>(month)
    .get_result(connection)
    .await?;
    Ok(Some((month, total.seconds)))
}

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    seconds: i64,
}

/// Fixes what a locked month is worth, and shares it by the seconds: the rule of `model::royalty::allocate` in SQL, as there is no
/// bound to how many manuscripts are read.
pub(crate) async fn share(
    connection: &mut Connection,
    month: Date,
    seconds: i64,
    amount: i64,
) -> QueryResult<()> {
    diesel::update(reading_months::table.find(month))
        .set((
            reading_months::status.eq(SHARED),
            reading_months::seconds.eq(seconds),
            reading_months::amount.eq(amount),
        ))
        .execute(connection)
        .await?;
    if seconds == 0 {
        return Ok(());
    }
    diesel::sql_query(
        "WITH parts AS (
             SELECT manuscript_id, country,
                    div(seconds::numeric * $2, $3) AS whole, mod(seconds::numeric * $2, $3) AS rest
             FROM reading_times WHERE month = $1
         ), ranked AS (
             SELECT manuscript_id, country, whole,
                    row_number() OVER (ORDER BY rest DESC, manuscript_id, country) AS place,
                    $2 - sum(whole) OVER () AS left_over
             FROM parts
         )
         UPDATE reading_times AS times
         SET amount = (ranked.whole + CASE WHEN ranked.place <= ranked.left_over THEN 1 ELSE 0 END)::bigint
         FROM ranked
         WHERE times.month = $1 AND times.manuscript_id = ranked.manuscript_id AND times.country = ranked.country",
    )
    .bind::<SqlDate, _>(month)
    .bind::<BigInt, _>(amount)
    .bind::<BigInt, _>(seconds)
    .execute(connection)
    .await
    .map(drop)
}

/// What a manuscript earned in a month by readers of a country.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = reading_times)]
pub(crate) struct Earned {
    pub(crate) month: Date,
    pub(crate) manuscript_id: Uuid,
    pub(crate) country: String,
    pub(crate) seconds: i64,
    pub(crate) amount: Option<i64>,
}

/// What is shared and not booked, locked until the transaction ends; what another process has in hand is left to it.
pub(crate) async fn lock_shared(
    connection: &mut Connection,
    limit: i64,
) -> QueryResult<Vec<Earned>> {
    reading_times::table
        .filter(reading_times::amount.is_not_null())
        .order((
            reading_times::month,
            reading_times::manuscript_id,
            reading_times::country,
        ))
        .limit(limit)
        .select(Earned::as_select())
        .for_update()
        .skip_locked()
        .load(connection)
        .await
}

/// Removes what was booked; the accruals say it from then on.
pub(crate) async fn remove(connection: &mut Connection, earned: &Earned) -> QueryResult<()> {
    let key = (earned.month, earned.manuscript_id, earned.country.as_str());
    diesel::delete(reading_times::table.find(key))
        .execute(connection)
        .await
        .map(drop)
}

/// Notes that shared months of which nothing is left are booked, and forgets who read how long in them, some at a time; returns how
/// many rows were removed.
pub(crate) async fn settle(connection: &mut Connection, limit: i32) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE reading_months AS months SET status = $1
         WHERE status = $2 AND NOT EXISTS (SELECT FROM reading_times AS times WHERE times.month = months.month)",
    )
    .bind::<Text, _>(BOOKED)
    .bind::<Text, _>(SHARED)
    .execute(connection)
    .await?;
    diesel::sql_query(
        "DELETE FROM reading_shares WHERE (month, user_id) IN (
             SELECT shares.month, shares.user_id FROM reading_shares AS shares
             JOIN reading_months AS months ON months.month = shares.month AND months.status <> $1
             LIMIT $2)",
    )
    .bind::<Text, _>(OPEN)
    .bind::<Integer, _>(limit)
    .execute(connection)
    .await
}

/// Forgets what somebody read; what it earned others stays.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    diesel::delete(reading_marks::table.filter(reading_marks::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(reading_shares::table.filter(reading_shares::user_id.eq(user)))
        .execute(connection)
        .await
        .map(drop)
}
