//! What is still to be erased of accounts that are gone.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::erasures;

/// Notes that an account is gone, as `event` tells.
pub(crate) async fn begin(
    connection: &mut Connection,
    user: Uuid,
    event: Uuid,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::insert_into(erasures::table)
        .values((
            erasures::user_id.eq(user),
            erasures::event_id.eq(event),
            erasures::begun_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// The accounts of which something may be left, the longest waiting first, each with the event that tells that it is gone.
pub(crate) async fn waiting(
    connection: &mut Connection,
    limit: i64,
) -> QueryResult<Vec<(Uuid, Uuid)>> {
    erasures::table
        .filter(erasures::done_at.is_null())
        .order((erasures::begun_at, erasures::user_id))
        .limit(limit)
        .select((erasures::user_id, erasures::event_id))
        .load(connection)
        .await
}

/// Notes that nothing is left of an account; returns whether that is news.
pub(crate) async fn finish(
    connection: &mut Connection,
    user: Uuid,
    now: OffsetDateTime,
) -> QueryResult<bool> {
    diesel::update(erasures::table.find(user))
        .filter(erasures::done_at.is_null())
        .set(erasures::done_at.eq(now))
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}
