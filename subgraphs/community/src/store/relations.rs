//! Follows, blocks and mutes.

use std::collections::HashMap;

use coko_core::database::Connection;
use coko_core::paging::{Page, Slice};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{slices, start, turned};
use crate::model::{Barrier, BarrierKind, Follow};
use crate::tables::{barriers, follows};

/// The names of the lists in cursors.
pub(crate) const FOLLOWERS: &str = "followers";
/// See [`FOLLOWERS`].
pub(crate) const FOLLOWING: &str = "following";
/// See [`FOLLOWERS`].
pub(crate) const BARRIERS: &str = "barriers";

/// Has someone follow someone; returns whether they did not before.
pub(crate) async fn follow(connection: &mut Connection, follow: &Follow) -> QueryResult<bool> {
    let written = diesel::insert_into(follows::table)
        .values(follow)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(written > 0)
}

/// Has someone follow someone no more; returns whether they did before.
pub(crate) async fn unfollow(
    connection: &mut Connection,
    follower: Uuid,
    user: Uuid,
) -> QueryResult<bool> {
    let written = diesel::delete(follows::table.find((follower, user)))
        .execute(connection)
        .await?;
    Ok(written > 0)
}

/// Which of `users` `follower` follows.
pub(crate) async fn followed(
    connection: &mut Connection,
    follower: Uuid,
    users: &[Uuid],
) -> QueryResult<Vec<Uuid>> {
    follows::table
        .filter(follows::follower_id.eq(follower))
        .filter(follows::user_id.eq_any(users))
        .select(follows::user_id)
        .load(connection)
        .await
}

/// Puts a barrier up; returns whether it was not there.
pub(crate) async fn raise(connection: &mut Connection, barrier: &Barrier) -> QueryResult<bool> {
    let written = diesel::insert_into(barriers::table)
        .values(barrier)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(written > 0)
}

/// Takes a barrier down.
pub(crate) async fn lower(
    connection: &mut Connection,
    user: Uuid,
    other: Uuid,
    kind: BarrierKind,
) -> QueryResult<()> {
    diesel::delete(barriers::table.find((user, other, kind)))
        .execute(connection)
        .await
        .map(drop)
}

/// Which of `others` `user` put a barrier of each kind before.
pub(crate) async fn raised(
    connection: &mut Connection,
    user: Uuid,
    others: &[Uuid],
) -> QueryResult<Vec<(Uuid, BarrierKind)>> {
    barriers::table
        .filter(barriers::user_id.eq(user))
        .filter(barriers::other_id.eq_any(others))
        .select((barriers::other_id, barriers::kind))
        .load(connection)
        .await
}

/// One page of someone's barriers of a kind, the newest first.
pub(crate) async fn barriers(
    connection: &mut Connection,
    page: &Page<Uuid>,
    user: Uuid,
    kind: BarrierKind,
) -> QueryResult<Slice<Barrier>> {
    let query = "SELECT * FROM barriers WHERE user_id = $1 AND kind = $2 AND id {<} $3 ORDER BY id {DESC} LIMIT $4";
    let rows = diesel::sql_query(turned(query, page.direction))
        .bind::<SqlUuid, _>(user)
        .bind::<Text, _>(kind.as_str())
        .bind::<SqlUuid, _>(start(page))
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}

/// Which end of a follow a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// Whom these people are followed by.
    Followers,
    /// Whom these people follow.
    Following,
}

/// The same page of each of these people's followers, or of those they follow, as far as nothing stands between those and the
/// viewer; the newest first.
pub(crate) async fn follows_of(
    connection: &mut Connection,
    page: &Page<Uuid>,
    end: End,
    (viewer, moderates): (Option<Uuid>, bool),
    people: &[Uuid],
) -> QueryResult<HashMap<Uuid, Slice<Follow>>> {
    let (owner, other) = match end {
        End::Followers => ("user_id", "follower_id"),
        End::Following => ("follower_id", "user_id"),
    };
    let query = format!(
        "SELECT found.* FROM unnest($3) AS wanted (person) CROSS JOIN LATERAL (
            SELECT * FROM follows f
            WHERE f.{owner} = wanted.person AND f.id {{<}} $4 AND ($2 OR community_hears($1, f.{other}))
            ORDER BY f.id {{DESC}} LIMIT $5) AS found"
    );
    let rows: Vec<Follow> = diesel::sql_query(turned(&query, page.direction))
        .bind::<Nullable<SqlUuid>, _>(viewer)
        .bind::<Bool, _>(moderates)
        .bind::<Array<SqlUuid>, _>(people)
        .bind::<SqlUuid, _>(start(page))
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(slices(page, rows, |follow| match end {
        End::Followers => follow.user_id,
        End::Following => follow.follower_id,
    }))
}

/// Lets nothing else change between two people until the transaction ends.
pub(crate) async fn lock_pair(
    connection: &mut Connection,
    one: Uuid,
    other: Uuid,
) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind::<Text, _>(format!("{}:{}", one.min(other), one.max(other)))
        .execute(connection)
        .await
        .map(drop)
}
