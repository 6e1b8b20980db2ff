//! What people were told.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::SWEEP;
use crate::model::Notification;
use crate::tables::notifications;

/// The name of the list in cursors.
pub(crate) const LIST: &str = "notifications";
/// The name of the list of what is not read yet.
pub(crate) const UNREAD: &str = "notifications:unread";

/// Beyond so many, nobody counts what is not read.
pub(crate) const MOST_COUNTED: i64 = 1000;

/// Microseconds of the moment, and id.
pub(crate) type Key = (i64, Uuid);

/// The place of a notification in a list.
pub(crate) fn key(notification: &Notification) -> Key {
    let micros = notification.created_at.unix_timestamp_nanos() / 1000;
    (i64::try_from(micros).unwrap_or(i64::MAX), notification.id)
}

/// Keeps a notification; false when the person was told before.
pub(crate) async fn insert(
    connection: &mut Connection,
    notification: &Notification,
) -> QueryResult<bool> {
    diesel::insert_into(notifications::table)
        .values(notification)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}

/// Somebody's own among these, as far as they are in the list.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    user: Uuid,
    ids: &[Uuid],
) -> QueryResult<Vec<Notification>> {
    notifications::table
        .filter(notifications::id.eq_any(ids))
        .filter(notifications::user_id.eq(user))
        .filter(notifications::in_app)
        .select(Notification::as_select())
        .load(connection)
        .await
}

/// One page of somebody's list, or of what of it is not read, the newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Key>,
    user: Uuid,
    unread: bool,
) -> QueryResult<Slice<Notification>> {
    let mut query = notifications::table
        .filter(notifications::user_id.eq(user))
        .filter(notifications::in_app)
        .into_boxed();
    if unread {
        query = query.filter(notifications::read_at.is_null());
    }
    let forward = page.direction == Direction::Forward;
    if let Some((micros, id)) = page.from {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let compare = if forward {
            "(created_at, id) < ("
        } else {
            "(created_at, id) > ("
        };
        query = query.filter(
            sql::<Bool>(compare)
                .bind::<Timestamptz, _>(at)
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")"),
        );
    }
    let query = if forward {
        query.order((notifications::created_at.desc(), notifications::id.desc()))
    } else {
        query.order((notifications::created_at.asc(), notifications::id.asc()))
    };
    let rows = query
        .limit(page.limit())
        .select(Notification::as_select())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many in somebody's list are not read, at most [`MOST_COUNTED`].
pub(crate) async fn count_unread(connection: &mut Connection, user: Uuid) -> QueryResult<i64> {
    diesel::sql_query(
        "SELECT count(*) AS count FROM
            (SELECT 1 FROM notifications WHERE user_id = $1 AND in_app AND read_at IS NULL LIMIT $2) AS unread",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<BigInt, _>(MOST_COUNTED)
    .get_result::<Count>(connection)
    .await
    .map(|row| row.count)
}

/// Marks these of somebody's as read; returns those that were not.
pub(crate) async fn mark(
    connection: &mut Connection,
    user: Uuid,
    ids: &[Uuid],
    now: OffsetDateTime,
) -> QueryResult<Vec<Uuid>> {
    diesel::update(notifications::table.filter(notifications::id.eq_any(ids)))
        .filter(notifications::user_id.eq(user))
        .filter(notifications::read_at.is_null())
        .set(notifications::read_at.eq(now))
        .returning(notifications::id)
        .get_results(connection)
        .await
}

/// Marks as read all of somebody's that are not newer than `until`, a bounded number at a time; returns how many.
pub(crate) async fn mark_until(
    connection: &mut Connection,
    user: Uuid,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE notifications SET read_at = $3 WHERE id IN
            (SELECT id FROM notifications WHERE user_id = $1 AND in_app AND read_at IS NULL AND created_at <= $2
             ORDER BY created_at DESC, id DESC LIMIT $4)",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<Timestamptz, _>(until)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(SWEEP)
    .execute(connection)
    .await
}

/// Forgets what was told before `before`, a bounded number at a time; returns how many.
pub(crate) async fn sweep(
    connection: &mut Connection,
    before: OffsetDateTime,
) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM notifications WHERE id IN
            (SELECT id FROM notifications WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
    )
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(SWEEP)
    .execute(connection)
    .await
}
