//! What community knows of accounts, and how far they are in books.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Double, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{Member, Privacy};
use crate::tables::members;

/// The accounts with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Member>> {
    members::table
        .filter(members::user_id.eq_any(ids))
        .select(Member::as_select())
        .load(connection)
        .await
}

/// The account, locked until the transaction ends; made where it does its first thing.
pub(crate) async fn lock(
    connection: &mut Connection,
    user: Uuid,
    now: OffsetDateTime,
) -> QueryResult<Member> {
    diesel::insert_into(members::table)
        .values(Member::new(user, now))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    members::table
        .find(user)
        .select(Member::as_select())
        .for_update()
        .first(connection)
        .await
}

/// Writes a locked account back.
pub(crate) async fn update(connection: &mut Connection, member: &Member) -> QueryResult<()> {
    diesel::update(members::table.find(member.user_id))
        .set(member)
        .execute(connection)
        .await
        .map(drop)
}

/// Notes whether an account is suspended, unless a later word is known.
pub(crate) async fn suspend(
    connection: &mut Connection,
    user: Uuid,
    suspended: bool,
    at: OffsetDateTime,
) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO members (user_id, since, suspended, suspended_at) VALUES ($1, $3, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET suspended = excluded.suspended, suspended_at = excluded.suspended_at
         WHERE coalesce(members.suspended_at < excluded.suspended_at, true)",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<Bool, _>(suspended)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await
    .map(drop)
}

/// Notes who may see a profile, unless a later word is known.
pub(crate) async fn set_privacy(
    connection: &mut Connection,
    user: Uuid,
    privacy: Privacy,
    at: OffsetDateTime,
) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO members (user_id, since, privacy, privacy_at) VALUES ($1, $3, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET privacy = excluded.privacy, privacy_at = excluded.privacy_at
         WHERE coalesce(members.privacy_at < excluded.privacy_at, true)",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<Text, _>(privacy.as_str())
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await
    .map(drop)
}

/// Notes how far someone is in a book, who never goes back; returns whether the book is new to them.
pub(crate) async fn progress(
    connection: &mut Connection,
    user: Uuid,
    book: Uuid,
    furthest: f64,
) -> QueryResult<bool> {
    let written = diesel::sql_query(
        "INSERT INTO positions (user_id, book_id, furthest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<SqlUuid, _>(book)
    .bind::<Double, _>(furthest)
    .execute(connection)
    .await?;
    if written == 0 {
        diesel::sql_query(
            "UPDATE positions SET furthest = $3 WHERE user_id = $1 AND book_id = $2 AND furthest < $3",
        )
        .bind::<SqlUuid, _>(user)
        .bind::<SqlUuid, _>(book)
        .bind::<Double, _>(furthest)
        .execute(connection)
        .await?;
    }
    Ok(written > 0)
}

/// Counts a book that someone reads, where they ever did anything here.
pub(crate) async fn count_book(
    connection: &mut Connection,
    user: Uuid,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO members (user_id, since, books_opened) VALUES ($1, $2, 1)
         ON CONFLICT (user_id) DO UPDATE SET books_opened = members.books_opened + 1",
    )
    .bind::<SqlUuid, _>(user)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Forgets what is only someone's own: where they are in books, what they are going to.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    for query in [
        "DELETE FROM positions WHERE user_id = $1",
        "UPDATE gatherings SET going = going - 1 WHERE id IN (SELECT gathering_id FROM attendances WHERE user_id = $1)",
        "DELETE FROM attendances WHERE user_id = $1",
        "DELETE FROM follows WHERE user_id = $1 OR follower_id = $1",
        "DELETE FROM barriers WHERE user_id = $1 OR other_id = $1",
        "UPDATE clubs SET member_count = member_count - 1
            WHERE id IN (SELECT club_id FROM club_members WHERE user_id = $1 AND role <> 'APPLICANT')",
        "DELETE FROM club_members WHERE user_id = $1",
        "UPDATE clubs SET disbanded = true, name = '…', description = '', description_html = '' WHERE owner_id = $1",
        "UPDATE gatherings SET cancelled = true, title = '…', place = '…', url = NULL, description = '', description_html = ''
            WHERE host_id = $1",
        "UPDATE club_schedule SET title = '…' WHERE club_id IN (SELECT id FROM clubs WHERE owner_id = $1)",
        "UPDATE topics SET title = '…' WHERE author_id = $1 AND title <> ''",
        "UPDATE reports SET note = NULL WHERE reporter_id = $1",
        "UPDATE cases SET appeal = NULL WHERE author_id = $1",
    ] {
        diesel::sql_query(query)
            .bind::<SqlUuid, _>(user)
            .execute(connection)
            .await?;
    }
    Ok(())
}
