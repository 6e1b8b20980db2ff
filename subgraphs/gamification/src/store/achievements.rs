//! What readers reached.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{micros, moment};
use crate::model::{Achievement, AchievementKind};
use crate::tables::achievements;

/// The name of the list in cursors.
pub(crate) const LIST: &str = "achievements";

/// Microseconds of the moment, and id.
pub(crate) type Key = (i64, Uuid);

/// The place of an achievement in the list.
pub(crate) fn key(achievement: &Achievement) -> Key {
    (micros(achievement.at), achievement.id)
}

/// Keeps what was reached; returns what was not reached before.
pub(crate) async fn unlock(
    connection: &mut Connection,
    reached: &[Achievement],
) -> QueryResult<Vec<Achievement>> {
    if reached.is_empty() {
        return Ok(Vec::new());
    }
    diesel::insert_into(achievements::table)
        .values(reached)
        .on_conflict_do_nothing()
        .returning(Achievement::as_returning())
        .get_results(connection)
        .await
}

/// A viewer's own achievements among these.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    user: Uuid,
    ids: &[Uuid],
) -> QueryResult<Vec<Achievement>> {
    achievements::table
        .filter(achievements::id.eq_any(ids))
        .filter(achievements::user_id.eq(user))
        .select(Achievement::as_select())
        .load(connection)
        .await
}

/// The badges of these players, the newest first.
pub(crate) async fn badges_of(
    connection: &mut Connection,
    users: &[Uuid],
) -> QueryResult<Vec<Achievement>> {
    achievements::table
        .filter(achievements::user_id.eq_any(users))
        .filter(achievements::kind.eq(AchievementKind::Badge))
        .order((achievements::at.desc(), achievements::id.desc()))
        .select(Achievement::as_select())
        .load(connection)
        .await
}

/// One page of what a player reached, the newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Key>,
    user: Uuid,
) -> QueryResult<Slice<Achievement>> {
    let mut query = achievements::table
        .filter(achievements::user_id.eq(user))
        .into_boxed();
    let forward = page.direction == Direction::Forward;
    if let Some((at, id)) = page.from {
        let compare = if forward {
            "(at, id) < ("
        } else {
            "(at, id) > ("
        };
        query = query.filter(
            sql::<Bool>(compare)
                .bind::<Timestamptz, _>(moment(at))
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        );
    }
    let query = if forward {
        query.order((achievements::at.desc(), achievements::id.desc()))
    } else {
        query.order((achievements::at.asc(), achievements::id.asc()))
    };
    let rows = query
        .limit(page.limit())
        .select(Achievement::as_select())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}
