//! What providers told, each once.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;

use super::SWEEP;
use crate::tables::callbacks;

/// Notes an event; false when it was told before.
pub(crate) async fn note(
    connection: &mut Connection,
    provider: &str,
    event: &str,
    now: OffsetDateTime,
) -> QueryResult<bool> {
    diesel::insert_into(callbacks::table)
        .values((
            callbacks::provider.eq(provider),
            callbacks::event_id.eq(event),
            callbacks::received_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}

/// Forgets what was told before `before`, a bounded number at a time; returns how many.
pub(crate) async fn sweep(
    connection: &mut Connection,
    before: OffsetDateTime,
) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM callbacks WHERE (provider, event_id) IN
            (SELECT provider, event_id FROM callbacks WHERE received_at < $1 ORDER BY received_at LIMIT $2)",
    )
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(SWEEP)
    .execute(connection)
    .await
}
