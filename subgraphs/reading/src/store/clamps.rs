//! What stamps of clocks that are ahead count as.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Clamp;
use crate::tables::clamps;

/// The device's clamps from `physical` on.
pub(crate) async fn since(
    connection: &mut Connection,
    user: Uuid,
    device: Uuid,
    physical: i64,
) -> QueryResult<Vec<Clamp>> {
    clamps::table
        .filter(clamps::user_id.eq(user))
        .filter(clamps::device_id.eq(device))
        .filter(clamps::physical.ge(physical))
        .select(Clamp::as_select())
        .load(connection)
        .await
}

/// Keeps clamps.
pub(crate) async fn insert(connection: &mut Connection, fresh: &[Clamp]) -> QueryResult<()> {
    if fresh.is_empty() {
        return Ok(());
    }
    diesel::insert_into(clamps::table)
        .values(fresh)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(drop)
}

/// Forgets clamps from before `wall`, at most `limit`; returns how many. By then nobody sends those changes again.
pub(crate) async fn purge(
    connection: &mut Connection,
    wall: i64,
    limit: i64,
) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM clamps WHERE ctid = ANY (ARRAY(SELECT ctid FROM clamps WHERE wall < $1 ORDER BY wall LIMIT $2))",
    )
    .bind::<diesel::sql_types::BigInt, _>(wall)
    .bind::<diesel::sql_types::BigInt, _>(limit)
    .execute(connection)
    .await
}
