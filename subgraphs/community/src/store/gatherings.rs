//! Community events, and who is going.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Gathering;
use crate::tables::{attendances, gatherings};

/// The name of the list in cursors.
pub(crate) const LIST: &str = "community-events";

/// Microseconds of the beginning, and id.
pub(crate) type Key = (i64, Uuid);

/// The place of an event in the list.
pub(crate) fn key(gathering: &Gathering) -> Key {
    let micros = gathering.starts_at.unix_timestamp_nanos() / 1000;
    (i64::try_from(micros).unwrap_or(i64::MAX), gathering.id)
}

/// The events with these ids, in no order.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<Gathering>> {
    gatherings::table
        .filter(gatherings::id.eq_any(ids))
        .select(Gathering::as_select())
        .load(connection)
        .await
}

/// The event, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Gathering>> {
    gatherings::table
        .find(id)
        .select(Gathering::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new event.
pub(crate) async fn insert(connection: &mut Connection, gathering: &Gathering) -> QueryResult<()> {
    diesel::insert_into(gatherings::table)
        .values(gathering)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked event back.
pub(crate) async fn update(connection: &mut Connection, gathering: &Gathering) -> QueryResult<()> {
    diesel::update(gatherings::table.find(gathering.id))
        .set(gathering)
        .execute(connection)
        .await
        .map(drop)
}

/// Which of these events someone is going to.
pub(crate) async fn attended(
    connection: &mut Connection,
    user: Uuid,
    gatherings: &[Uuid],
) -> QueryResult<Vec<Uuid>> {
    attendances::table
        .filter(attendances::user_id.eq(user))
        .filter(attendances::gathering_id.eq_any(gatherings))
        .select(attendances::gathering_id)
        .load(connection)
        .await
}

/// Notes that someone is going; returns whether they were not.
pub(crate) async fn attend(
    connection: &mut Connection,
    gathering: Uuid,
    user: Uuid,
    at: OffsetDateTime,
) -> QueryResult<bool> {
    let written = diesel::insert_into(attendances::table)
        .values((
            attendances::gathering_id.eq(gathering),
            attendances::user_id.eq(user),
            attendances::at.eq(at),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(written > 0)
}

/// Notes that someone is not going; returns whether they were.
pub(crate) async fn stay_away(
    connection: &mut Connection,
    gathering: Uuid,
    user: Uuid,
) -> QueryResult<bool> {
    let written = diesel::delete(attendances::table.find((gathering, user)))
        .execute(connection)
        .await?;
    Ok(written > 0)
}

/// One page of events that begin after a moment, those of a club or those for everyone, the soonest first.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Key>,
    (viewer, moderates): (Option<Uuid>, bool),
    club: Option<Uuid>,
    after: OffsetDateTime,
) -> QueryResult<Slice<Gathering>> {
    let (compare, order, start) = match page.direction {
        Direction::Forward => (">", "ASC", (0, Uuid::nil())),
        Direction::Backward => ("<", "DESC", (i64::MAX, Uuid::max())),
    };
    let of_club = match club {
        Some(_) => "club_id = $3",
        None => "club_id IS NULL AND $3 IS NULL",
    };
    let (micros, id) = page.from.unwrap_or(start);
    // Later than any event can begin, within what PostgreSQL can tell.
    let latest = OffsetDateTime::UNIX_EPOCH + time::Duration::days(36_500 * 2);
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .unwrap_or(latest)
        .min(latest);
    let query = format!(
        "SELECT * FROM gatherings g WHERE {of_club} AND starts_at > $4 AND (starts_at, id) {compare} ($5, $6)
           AND ($2 OR community_hears($1, host_id))
         ORDER BY starts_at {order}, id {order} LIMIT $7"
    );
    let rows = diesel::sql_query(query)
        .bind::<Nullable<SqlUuid>, _>(viewer)
        .bind::<Bool, _>(moderates)
        .bind::<Nullable<SqlUuid>, _>(club)
        .bind::<Timestamptz, _>(after)
        .bind::<Timestamptz, _>(at)
        .bind::<SqlUuid, _>(id)
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}
