//! Who takes part in which challenge, and how far they are.

use std::collections::HashMap;

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{beyond, micros, moment};
use crate::model::{Challenge, ChallengeMetric, Participant};
use crate::tables::{challenges, participants};

/// The name of the list in cursors.
pub(crate) const LIST: &str = "participants";

/// Microseconds of joining, and account.
pub(crate) type Key = (i64, Uuid);

/// The place of a participant in the list.
pub(crate) fn key(participant: &Participant) -> Key {
    (micros(participant.joined_at), participant.user_id)
}

/// Adds a participant; false when they take part already.
pub(crate) async fn insert(
    connection: &mut Connection,
    participant: &Participant,
) -> QueryResult<bool> {
    let added = diesel::insert_into(participants::table)
        .values(participant)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if added > 0 {
        change_count(connection, participant.challenge_id, 1).await?;
    }
    Ok(added > 0)
}

/// Takes a participant out; false when they took no part.
pub(crate) async fn remove(
    connection: &mut Connection,
    challenge: Uuid,
    user: Uuid,
) -> QueryResult<bool> {
    let removed = diesel::delete(participants::table.find((challenge, user)))
        .execute(connection)
        .await?;
    if removed > 0 {
        change_count(connection, challenge, -1).await?;
    }
    Ok(removed > 0)
}

async fn change_count(connection: &mut Connection, challenge: Uuid, by: i32) -> QueryResult<()> {
    diesel::update(challenges::table.find(challenge))
        .set(challenges::participants.eq(challenges::participants + by))
        .execute(connection)
        .await
        .map(drop)
}

/// Notes that a participant did what is asked.
pub(crate) async fn complete(
    connection: &mut Connection,
    user: Uuid,
    done: &[Uuid],
    at: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(participants::table)
        .filter(participants::user_id.eq(user))
        .filter(participants::challenge_id.eq_any(done))
        .filter(participants::completed_at.is_null())
        .set(participants::completed_at.eq(at))
        .execute(connection)
        .await
        .map(drop)
}

/// Somebody's part in these challenges.
pub(crate) async fn of(
    connection: &mut Connection,
    user: Uuid,
    of: &[Uuid],
) -> QueryResult<Vec<Participant>> {
    participants::table
        .filter(participants::user_id.eq(user))
        .filter(participants::challenge_id.eq_any(of))
        .select(Participant::as_select())
        .load(connection)
        .await
}

/// What somebody takes part in that counts `metric` and is neither done nor called off.
pub(crate) async fn unfinished(
    connection: &mut Connection,
    user: Uuid,
    metric: ChallengeMetric,
) -> QueryResult<Vec<Challenge>> {
    participants::table
        .inner_join(challenges::table.on(challenges::id.eq(participants::challenge_id)))
        .filter(participants::user_id.eq(user))
        .filter(participants::completed_at.is_null())
        .filter(challenges::metric.eq(metric))
        .filter(challenges::cancelled_at.is_null())
        .select(Challenge::as_select())
        .load(connection)
        .await
}

/// How many challenges somebody takes part in that are not over.
pub(crate) async fn running(
    connection: &mut Connection,
    user: Uuid,
    now: OffsetDateTime,
) -> QueryResult<i64> {
    participants::table
        .inner_join(challenges::table.on(challenges::id.eq(participants::challenge_id)))
        .filter(participants::user_id.eq(user))
        .filter(challenges::ends_at.gt(now))
        .filter(challenges::cancelled_at.is_null())
        .count()
        .get_result(connection)
        .await
}

#[derive(QueryableByName)]
struct Deeds {
    #[diesel(sql_type = SqlUuid)]
    challenge_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = BigInt)]
    done: i64,
}

/// How much each of `users` did of each challenge, `(challenge, user) -> count`; who did nothing is left out.
pub(crate) async fn done(
    connection: &mut Connection,
    of: &[Uuid],
    users: &[Uuid],
) -> QueryResult<Vec<((Uuid, Uuid), i64)>> {
    let rows: Vec<Deeds> = diesel::sql_query(
        "SELECT c.id AS challenge_id, f.user_id, count(DISTINCT f.source) AS done
         FROM challenges c
         JOIN facts f ON f.user_id = ANY($2) AND f.at >= c.starts_at AND f.at < c.ends_at AND f.kind =
              CASE c.metric WHEN 'BOOKS_COMPLETED' THEN 'BOOK_COMPLETED' WHEN 'READING_DAYS' THEN 'READING_DAY' ELSE 'REVIEW_POSTED' END
         WHERE c.id = ANY($1)
         GROUP BY c.id, f.user_id",
    )
    .bind::<Array<SqlUuid>, _>(of)
    .bind::<Array<SqlUuid>, _>(users)
    .load(connection)
    .await?;
    let pair = |row: Deeds| ((row.challenge_id, row.user_id), row.done);
    Ok(rows.into_iter().map(pair).collect())
}

/// One page of each of these challenges: those who take part and are seen by everyone, and the viewer; who joined first
/// comes first.
pub(crate) async fn pages(
    connection: &mut Connection,
    page: &Page<Key>,
    viewer: Option<Uuid>,
    of: &[Uuid],
) -> QueryResult<HashMap<Uuid, Slice<Participant>>> {
    let (compare, order) = match page.direction {
        Direction::Forward => (">", "ASC"),
        Direction::Backward => ("<", "DESC"),
    };
    let place = beyond(page.from.is_some(), "p.joined_at, p.user_id", compare, 3);
    let statement = format!(
        "SELECT shown.* FROM unnest($1) AS wanted (id) CROSS JOIN LATERAL (
            SELECT p.* FROM participants p JOIN players r ON r.user_id = p.user_id
            WHERE p.challenge_id = wanted.id
              AND {place}
              AND (NOT r.opted_out AND r.privacy = 'PUBLIC' OR p.user_id = $2)
            ORDER BY p.joined_at {order}, p.user_id {order} LIMIT $5) AS shown
         ORDER BY shown.challenge_id, shown.joined_at {order}, shown.user_id {order}"
    );
    let (at, user) = page.from.unzip();
    let rows: Vec<Participant> = diesel::sql_query(statement)
        .bind::<Array<SqlUuid>, _>(of)
        .bind::<Nullable<SqlUuid>, _>(viewer)
        .bind::<Nullable<Timestamptz>, _>(at.map(moment))
        .bind::<Nullable<SqlUuid>, _>(user)
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    let mut grouped: HashMap<Uuid, Vec<Participant>> = HashMap::new();
    for row in rows {
        grouped.entry(row.challenge_id).or_default().push(row);
    }
    let grouped = grouped.into_iter();
    Ok(grouped
        .map(|(challenge, rows)| (challenge, Slice::new(page, rows)))
        .collect())
}
