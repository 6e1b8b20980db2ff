//! What people decided.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::preference::PreferenceRow;
use crate::tables::preferences;

/// Everything that these people decided, in the order of workflows and channels.
pub(crate) async fn of(
    connection: &mut Connection,
    users: &[Uuid],
) -> QueryResult<Vec<PreferenceRow>> {
    preferences::table
        .filter(preferences::user_id.eq_any(users))
        .order((
            preferences::user_id,
            preferences::workflow,
            preferences::channel,
        ))
        .select(PreferenceRow::as_select())
        .load(connection)
        .await
}

/// Keeps a decision in place of an earlier one about the same.
pub(crate) async fn keep(connection: &mut Connection, row: &PreferenceRow) -> QueryResult<()> {
    diesel::insert_into(preferences::table)
        .values(row)
        .on_conflict((
            preferences::user_id,
            preferences::workflow,
            preferences::channel,
        ))
        .do_update()
        .set(preferences::enabled.eq(excluded(preferences::enabled)))
        .execute(connection)
        .await
        .map(drop)
}

/// Withdraws a decision.
pub(crate) async fn withdraw(
    connection: &mut Connection,
    user: Uuid,
    workflow: &str,
    channel: &str,
) -> QueryResult<()> {
    diesel::delete(preferences::table.find((user, workflow, channel)))
        .execute(connection)
        .await
        .map(drop)
}
