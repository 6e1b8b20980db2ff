//! The log of attempts, one partition per month.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Attempt;
use crate::tables::attempts;

diesel::define_sql_function! {
    /// Makes the partition of a month; see `migrations/notification`.
    fn attempts_make_partition(moment: Timestamptz) -> Bool;
}

diesel::define_sql_function! {
    /// Drops the partitions of months that are over; see `migrations/notification`.
    fn attempts_drop_before(moment: Timestamptz) -> Integer;
}

/// Logs attempts.
pub(crate) async fn log(connection: &mut Connection, made: &[Attempt]) -> QueryResult<()> {
    if made.is_empty() {
        return Ok(());
    }
    diesel::insert_into(attempts::table)
        .values(made)
        .execute(connection)
        .await
        .map(drop)
}

/// The attempts of these deliveries, none of which is older than `since`, in order.
pub(crate) async fn of(
    connection: &mut Connection,
    deliveries: &[Uuid],
    since: OffsetDateTime,
) -> QueryResult<Vec<Attempt>> {
    attempts::table
        .filter(attempts::delivery_id.eq_any(deliveries))
        .filter(attempts::at.ge(since))
        .order((attempts::delivery_id, attempts::at, attempts::id))
        .select(Attempt::as_select())
        .load(connection)
        .await
}

/// Makes the partition of the month of `moment`; returns whether it was missing.
pub(crate) async fn make_partition(
    connection: &mut Connection,
    moment: OffsetDateTime,
) -> QueryResult<bool> {
    diesel::select(attempts_make_partition(moment))
        .get_result(connection)
        .await
}

/// Drops the partitions of months that ended before `moment`; returns how many.
pub(crate) async fn drop_before(
    connection: &mut Connection,
    moment: OffsetDateTime,
) -> QueryResult<i32> {
    diesel::select(attempts_drop_before(moment))
        .get_result(connection)
        .await
}
