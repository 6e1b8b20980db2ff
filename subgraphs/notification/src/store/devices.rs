//! Devices.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::SWEEP;
use crate::model::Device;
use crate::tables::devices;

/// Keeps a device; a token that is known is that of the same installation, whoever had it before.
pub(crate) async fn keep(connection: &mut Connection, device: &Device) -> QueryResult<Device> {
    diesel::insert_into(devices::table)
        .values(device)
        .on_conflict(devices::token_index)
        .do_update()
        .set((
            devices::user_id.eq(excluded(devices::user_id)),
            devices::platform.eq(excluded(devices::platform)),
            devices::name.eq(excluded(devices::name)),
            devices::token_sealed.eq(excluded(devices::token_sealed)),
            devices::seen_at.eq(excluded(devices::seen_at)),
        ))
        .returning(Device::as_returning())
        .get_result(connection)
        .await
}

/// The devices of these people, the one that was seen last before the rest.
pub(crate) async fn of(connection: &mut Connection, users: &[Uuid]) -> QueryResult<Vec<Device>> {
    devices::table
        .filter(devices::user_id.eq_any(users))
        .order((
            devices::user_id,
            devices::seen_at.desc(),
            devices::id.desc(),
        ))
        .select(Device::as_select())
        .load(connection)
        .await
}

/// Removes these devices of somebody's; returns how many there were.
pub(crate) async fn remove(
    connection: &mut Connection,
    user: Uuid,
    ids: &[Uuid],
) -> QueryResult<usize> {
    diesel::delete(devices::table.filter(devices::id.eq_any(ids)))
        .filter(devices::user_id.eq(user))
        .execute(connection)
        .await
}

/// Removes a device whose token is no longer registered, unless it was registered anew since.
pub(crate) async fn remove_gone(
    connection: &mut Connection,
    id: Uuid,
    seen_at: OffsetDateTime,
) -> QueryResult<()> {
    diesel::delete(devices::table.find(id))
        .filter(devices::seen_at.le(seen_at))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes devices that were not seen since `before`, a bounded number at a time; returns how many.
pub(crate) async fn remove_unseen(
    connection: &mut Connection,
    before: OffsetDateTime,
) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM devices WHERE id IN
            (SELECT id FROM devices WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)",
    )
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(SWEEP)
    .execute(connection)
    .await
}
