//! Downloads: the links that were given out, and what runs now.

use coko_core::database::Connection;
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::{downloads, transfers};

/// Notes a link that is given out.
pub(crate) async fn announce(
    connection: &mut Connection,
    id: Uuid,
    file: Uuid,
    user: Uuid,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::insert_into(downloads::table)
        .values((
            downloads::id.eq(id),
            downloads::file_id.eq(file),
            downloads::user_id.eq(user),
            downloads::created_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Forgets links that were given out before `before`, a thousand at most; returns how many.
pub(crate) async fn forget_links(
    connection: &mut Connection,
    before: OffsetDateTime,
) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM downloads WHERE id IN (
            SELECT id FROM downloads WHERE created_at < $1 ORDER BY created_at LIMIT 1000
         )",
    )
    .bind::<Timestamptz, _>(before)
    .execute(connection)
    .await
}

/// Notes the first use of a link; says whether it was the first.
pub(crate) async fn start(
    connection: &mut Connection,
    id: Uuid,
    now: OffsetDateTime,
) -> QueryResult<bool> {
    let started = diesel::update(
        downloads::table
            .find(id)
            .filter(downloads::started_at.is_null()),
    )
    .set(downloads::started_at.eq(now))
    .execute(connection)
    .await?;
    Ok(started > 0)
}

/// Takes one of `most` places for a reader's download until `until`; says whether there was one.
pub(crate) async fn occupy(
    connection: &mut Connection,
    id: Uuid,
    user: Uuid,
    most: u32,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> QueryResult<bool> {
    // Two downloads that begin in the same moment are counted one after the other.
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 1))")
        .bind::<SqlUuid, _>(user)
        .execute(connection)
        .await?;
    diesel::delete(transfers::table.filter(transfers::expires_at.le(now)))
        .execute(connection)
        .await?;
    let running: i64 = transfers::table
        .filter(transfers::user_id.eq(user))
        .select(count_star())
        .first(connection)
        .await?;
    if running >= i64::from(most) {
        return Ok(false);
    }
    diesel::insert_into(transfers::table)
        .values((
            transfers::id.eq(id),
            transfers::user_id.eq(user),
            transfers::expires_at.eq(until),
        ))
        .execute(connection)
        .await?;
    Ok(true)
}

/// Keeps a place until `until`.
pub(crate) async fn renew(
    connection: &mut Connection,
    id: Uuid,
    until: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(transfers::table.find(id))
        .set(transfers::expires_at.eq(until))
        .execute(connection)
        .await
        .map(drop)
}

/// Gives a place back.
pub(crate) async fn vacate(connection: &mut Connection, id: Uuid) -> QueryResult<()> {
    diesel::delete(transfers::table.find(id))
        .execute(connection)
        .await
        .map(drop)
}
