//! Challenges.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{beyond, micros, moment};
use crate::model::{Challenge, Template};
use crate::tables::{challenge_templates, challenges};

/// The name of the list of what can be joined in cursors.
pub(crate) const OPEN: &str = "challenges";
/// The name of the list of what somebody takes part in.
pub(crate) const JOINED: &str = "challenges:joined";

/// Microseconds of the end, and id.
pub(crate) type Key = (i64, Uuid);

/// The place of a challenge in a list.
pub(crate) fn key(challenge: &Challenge) -> Key {
    (micros(challenge.ends_at), challenge.id)
}

/// The challenges with these ids, in no order.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<Challenge>> {
    challenges::table
        .filter(challenges::id.eq_any(ids))
        .select(Challenge::as_select())
        .load(connection)
        .await
}

/// Writes a new challenge; one of the platform's own that is there already stays as it is.
pub(crate) async fn insert(connection: &mut Connection, challenge: &Challenge) -> QueryResult<()> {
    diesel::insert_into(challenges::table)
        .values(challenge)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(drop)
}

/// Calls off a challenge of `creator`'s that is not over; false when there is none.
pub(crate) async fn cancel(
    connection: &mut Connection,
    id: Uuid,
    creator: Uuid,
    now: OffsetDateTime,
) -> QueryResult<bool> {
    let changed = diesel::update(challenges::table.find(id))
        .filter(challenges::creator_id.eq(creator))
        .filter(challenges::cancelled_at.is_null())
        .filter(challenges::ends_at.gt(now))
        .set(challenges::cancelled_at.eq(now))
        .execute(connection)
        .await?;
    Ok(changed > 0)
}

/// How many challenges of somebody's own are not over.
pub(crate) async fn made(
    connection: &mut Connection,
    creator: Uuid,
    now: OffsetDateTime,
) -> QueryResult<i64> {
    challenges::table
        .filter(challenges::creator_id.eq(creator))
        .filter(challenges::ends_at.gt(now))
        .filter(challenges::cancelled_at.is_null())
        .count()
        .get_result(connection)
        .await
}

/// What the platform holds every week or month.
pub(crate) async fn templates(connection: &mut Connection) -> QueryResult<Vec<Template>> {
    challenge_templates::table
        .filter(diesel::dsl::not(challenge_templates::retired))
        .select(Template::as_select())
        .load(connection)
        .await
}

/// The place that a page begins after, or none.
fn from(page: &Page<Key>) -> (Option<OffsetDateTime>, Option<Uuid>) {
    let (at, id) = page.from.unzip();
    (at.map(moment), id)
}

/// One page of what is not over and `viewer` may see without an invitation, what ends first before the rest.
pub(crate) async fn open(
    connection: &mut Connection,
    page: &Page<Key>,
    viewer: Option<Uuid>,
    now: OffsetDateTime,
) -> QueryResult<Slice<Challenge>> {
    let (compare, order) = match page.direction {
        Direction::Forward => (">", "ASC"),
        Direction::Backward => ("<", "DESC"),
    };
    let place = beyond(page.from.is_some(), "c.ends_at, c.id", compare, 3);
    // Each part is read from an index of its own, no further than the page.
    let part = |condition: &str| {
        format!(
            "(SELECT c.* FROM challenges c WHERE {condition} AND c.cancelled_at IS NULL AND c.ends_at > $2
                AND {place}
              ORDER BY c.ends_at {order}, c.id {order} LIMIT $5)"
        )
    };
    let statement = format!(
        "SELECT * FROM ({public} UNION ALL {own} UNION ALL {followed}) AS seen ORDER BY ends_at {order}, id {order} LIMIT $5",
        public = part("c.privacy = 'PUBLIC'"),
        own = part("c.creator_id = $1"),
        followed = part(
            "c.privacy = 'FOLLOWERS' AND c.creator_id <> $1
                AND c.creator_id IN (SELECT f.user_id FROM follows f WHERE f.follower_id = $1 AND f.following)"
        ),
    );
    let (at, id) = from(page);
    let rows = diesel::sql_query(statement)
        .bind::<Nullable<SqlUuid>, _>(viewer)
        .bind::<Timestamptz, _>(now)
        .bind::<Nullable<Timestamptz>, _>(at)
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}

/// One page of what somebody takes part in, over or not, what ends last before the rest.
pub(crate) async fn joined(
    connection: &mut Connection,
    page: &Page<Key>,
    user: Uuid,
) -> QueryResult<Slice<Challenge>> {
    let (compare, order) = match page.direction {
        Direction::Forward => ("<", "DESC"),
        Direction::Backward => (">", "ASC"),
    };
    let place = beyond(page.from.is_some(), "c.ends_at, c.id", compare, 2);
    let statement = format!(
        "SELECT c.* FROM participants p JOIN challenges c ON c.id = p.challenge_id
         WHERE p.user_id = $1 AND {place}
         ORDER BY c.ends_at {order}, c.id {order} LIMIT $4"
    );
    let (at, id) = from(page);
    let rows = diesel::sql_query(statement)
        .bind::<SqlUuid, _>(user)
        .bind::<Nullable<Timestamptz>, _>(at)
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}
