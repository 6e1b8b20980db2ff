//! Copies of one's data: the parts of the other domains as they come.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::DataExport;
use crate::tables::{data_export_parts, data_exports};

/// Takes copies that wait for parts and were not worked on since `before`, the one that waited longest first; another process that
/// looks meanwhile does not see them. Call it inside a transaction.
pub(crate) async fn lease_waiting(
    connection: &mut Connection,
    now: OffsetDateTime,
    before: OffsetDateTime,
    limit: i64,
) -> QueryResult<Vec<DataExport>> {
    let due: Vec<Uuid> = data_exports::table
        .filter(data_exports::ready_at.is_null())
        .filter(data_exports::asked_at.lt(before))
        .order(data_exports::asked_at)
        .limit(limit)
        .for_update()
        .skip_locked()
        .select(data_exports::id)
        .load(connection)
        .await?;
    diesel::update(data_exports::table.filter(data_exports::id.eq_any(due)))
        .set(data_exports::asked_at.eq(now))
        .returning(DataExport::as_returning())
        .get_results(connection)
        .await
}

/// The domains whose parts have come.
pub(crate) async fn domains(connection: &mut Connection, export: Uuid) -> QueryResult<Vec<String>> {
    data_export_parts::table
        .filter(data_export_parts::export_id.eq(export))
        .select(data_export_parts::domain)
        .load(connection)
        .await
}

/// Keeps the part of a domain; a second one changes nothing.
pub(crate) async fn keep(
    connection: &mut Connection,
    export: Uuid,
    (domain, part): (&str, &Value),
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::insert_into(data_export_parts::table)
        .values((
            data_export_parts::export_id.eq(export),
            data_export_parts::domain.eq(domain),
            data_export_parts::part.eq(part),
            data_export_parts::received_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(drop)
}

/// The copy, locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut Connection,
    export: Uuid,
) -> QueryResult<Option<DataExport>> {
    data_exports::table
        .find(export)
        .select(DataExport::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Every domain has answered.
pub(crate) async fn set_ready(
    connection: &mut Connection,
    export: Uuid,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(data_exports::table.find(export))
        .set(data_exports::ready_at.eq(now))
        .execute(connection)
        .await
        .map(drop)
}

/// A copy that is whole.
pub(crate) async fn ready(
    connection: &mut Connection,
    export: Uuid,
) -> QueryResult<Option<DataExport>> {
    data_exports::table
        .find(export)
        .filter(data_exports::ready_at.is_not_null())
        .select(DataExport::as_select())
        .first(connection)
        .await
        .optional()
}

/// The parts of a copy, by domain.
pub(crate) async fn parts(
    connection: &mut Connection,
    export: Uuid,
) -> QueryResult<Vec<(String, Value)>> {
    data_export_parts::table
        .filter(data_export_parts::export_id.eq(export))
        .order(data_export_parts::domain)
        .select((data_export_parts::domain, data_export_parts::part))
        .load(connection)
        .await
}

/// Removes copies that were asked for long ago.
pub(crate) async fn remove_before(
    connection: &mut Connection,
    moment: OffsetDateTime,
) -> QueryResult<()> {
    diesel::delete(data_exports::table.filter(data_exports::requested_at.lt(moment)))
        .execute(connection)
        .await
        .map(drop)
}
