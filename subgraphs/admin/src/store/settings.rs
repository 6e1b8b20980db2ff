//! What operators set.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::model::{Setting, setting};
use crate::tables::settings;

/// Everything that is set, by key.
pub(crate) async fn all(connection: &mut Connection) -> QueryResult<Vec<Setting>> {
    settings::table
        .filter(settings::value.is_not_null())
        .order(settings::key)
        .limit(setting::MOST)
        .select(Setting::as_select())
        .load(connection)
        .await
}

/// How many there are.
pub(crate) async fn count(connection: &mut Connection) -> QueryResult<i64> {
    settings::table
        .filter(settings::value.is_not_null())
        .count()
        .get_result(connection)
        .await
}

/// The setting, removed or not, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, key: &str) -> QueryResult<Option<Setting>> {
    settings::table
        .find(key)
        .select(Setting::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new setting; returns whether nobody else did meanwhile.
pub(crate) async fn insert(connection: &mut Connection, setting: &Setting) -> QueryResult<bool> {
    diesel::insert_into(settings::table)
        .values(setting)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}

/// Writes a locked setting back.
pub(crate) async fn update(connection: &mut Connection, setting: &Setting) -> QueryResult<()> {
    diesel::update(settings::table.find(&setting.key))
        .set(setting)
        .execute(connection)
        .await
        .map(drop)
}

/// Settings whose newest version was not broadcast yet.
pub(crate) async fn untold(connection: &mut Connection) -> QueryResult<Vec<Setting>> {
    settings::table
        .filter(settings::told.lt(settings::version))
        .order(settings::key)
        .limit(setting::MOST)
        .select(Setting::as_select())
        .load(connection)
        .await
}

/// Every setting, removed or not: what a broker that has lost everything is told.
pub(crate) async fn every(connection: &mut Connection) -> QueryResult<Vec<Setting>> {
    settings::table
        .order(settings::key)
        .select(Setting::as_select())
        .load(connection)
        .await
}

/// Notes that a version was broadcast.
pub(crate) async fn told(connection: &mut Connection, key: &str, version: i64) -> QueryResult<()> {
    diesel::update(settings::table.find(key))
        .filter(settings::told.lt(version))
        .set(settings::told.eq(version))
        .execute(connection)
        .await
        .map(drop)
}
