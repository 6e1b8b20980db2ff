//! Stretches of reading, and their monthly partitions.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Session;
use crate::tables::sessions;

diesel::define_sql_function! {
    /// Makes the partition of a month; see `migrations/reading`.
    fn sessions_make_partition(moment: Timestamptz) -> Bool;
}

/// Which of these sessions are kept already.
pub(crate) async fn known(
    connection: &mut Connection,
    user: Uuid,
    begun: &[OffsetDateTime],
    ids: &[Uuid],
) -> QueryResult<Vec<Uuid>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    sessions::table
        .filter(sessions::started_at.eq_any(begun))
        .filter(sessions::user_id.eq(user))
        .filter(sessions::id.eq_any(ids))
        .select(sessions::id)
        .load(connection)
        .await
}

/// Keeps sessions; their reader is locked.
pub(crate) async fn insert(connection: &mut Connection, fresh: &[Session]) -> QueryResult<()> {
    if fresh.is_empty() {
        return Ok(());
    }
    diesel::insert_into(sessions::table)
        .values(fresh)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(drop)
}

/// Makes the partition of the month of `moment`; returns whether it was missing.
pub(crate) async fn make_partition(
    connection: &mut Connection,
    moment: OffsetDateTime,
) -> QueryResult<bool> {
    diesel::select(sessions_make_partition(moment))
        .get_result(connection)
        .await
}
