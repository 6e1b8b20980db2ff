//! Clubs, their members and schedules.

use std::collections::HashMap;

use coko_core::database::Connection;
use coko_core::paging::{Page, Slice};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{slices, start, turned};
use crate::model::{Club, ClubMember, ClubRole, ScheduleEntry};
use crate::tables::{club_members, club_schedule, clubs};

/// The names of the lists in cursors.
pub(crate) const LIST: &str = "clubs";
/// See [`LIST`].
pub(crate) const MINE: &str = "my-clubs";
/// See [`LIST`].
pub(crate) const MEMBERS: &str = "club-members";

/// The clubs with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Club>> {
    clubs::table
        .filter(clubs::id.eq_any(ids))
        .select(Club::as_select())
        .load(connection)
        .await
}

/// The club, locked until the transaction ends; none when it is disbanded.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Club>> {
    clubs::table
        .find(id)
        .filter(clubs::disbanded.eq(false))
        .select(Club::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new club.
pub(crate) async fn insert(connection: &mut Connection, club: &Club) -> QueryResult<()> {
    diesel::insert_into(clubs::table)
        .values(club)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked club back.
pub(crate) async fn update(connection: &mut Connection, club: &Club) -> QueryResult<()> {
    diesel::update(clubs::table.find(club.id))
        .set(club)
        .execute(connection)
        .await
        .map(drop)
}

/// How many clubs someone owns.
pub(crate) async fn count_owned(connection: &mut Connection, owner: Uuid) -> QueryResult<i64> {
    clubs::table
        .filter(clubs::owner_id.eq(owner))
        .filter(clubs::disbanded.eq(false))
        .count()
        .get_result(connection)
        .await
}

/// One page of clubs, of those that read a book if one is given; the newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Uuid>,
    (viewer, moderates): (Option<Uuid>, bool),
    book: Option<Uuid>,
) -> QueryResult<Slice<Club>> {
    let of_book = match book {
        Some(_) => "book_id = $3",
        None => "$3 IS NULL",
    };
    let query = format!(
        "SELECT * FROM clubs c WHERE NOT disbanded AND {of_book} AND id {{<}} $4 AND ($2 OR community_hears($1, owner_id))
         ORDER BY id {{DESC}} LIMIT $5"
    );
    let rows = diesel::sql_query(turned(&query, page.direction))
        .bind::<Nullable<SqlUuid>, _>(viewer)
        .bind::<Bool, _>(moderates)
        .bind::<Nullable<SqlUuid>, _>(book)
        .bind::<SqlUuid, _>(start(page))
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}

/// What these people are in these clubs, as far as they are something.
pub(crate) async fn roles(
    connection: &mut Connection,
    user: Uuid,
    clubs: &[Uuid],
) -> QueryResult<Vec<ClubMember>> {
    club_members::table
        .filter(club_members::user_id.eq(user))
        .filter(club_members::club_id.eq_any(clubs))
        .select(ClubMember::as_select())
        .load(connection)
        .await
}

/// One page of the clubs that someone belongs to or waits for, the last joined first.
pub(crate) async fn of_user(
    connection: &mut Connection,
    page: &Page<Uuid>,
    user: Uuid,
) -> QueryResult<Slice<ClubMember>> {
    let query = "SELECT m.* FROM club_members m JOIN clubs c ON c.id = m.club_id
        WHERE m.user_id = $1 AND NOT c.disbanded AND m.id {<} $2 ORDER BY m.id {DESC} LIMIT $3";
    let rows = diesel::sql_query(turned(query, page.direction))
        .bind::<SqlUuid, _>(user)
        .bind::<SqlUuid, _>(start(page))
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}

/// The same page of the members (or those who wait) of each of these clubs, as far as nothing stands between those and the viewer.
pub(crate) async fn members_of(
    connection: &mut Connection,
    page: &Page<Uuid>,
    (viewer, moderates): (Option<Uuid>, bool),
    waiting: bool,
    clubs: &[Uuid],
) -> QueryResult<HashMap<Uuid, Slice<ClubMember>>> {
    let query = "SELECT found.* FROM unnest($3) AS wanted (club) CROSS JOIN LATERAL (
            SELECT * FROM club_members m
            WHERE m.club_id = wanted.club AND (m.role = 'APPLICANT') = $6 AND m.id {<} $4
              AND ($2 OR community_hears($1, m.user_id))
            ORDER BY m.id {DESC} LIMIT $5) AS found";
    let rows: Vec<ClubMember> = diesel::sql_query(turned(query, page.direction))
        .bind::<Nullable<SqlUuid>, _>(viewer)
        .bind::<Bool, _>(moderates)
        .bind::<Array<SqlUuid>, _>(clubs)
        .bind::<SqlUuid, _>(start(page))
        .bind::<BigInt, _>(page.limit())
        .bind::<Bool, _>(waiting)
        .load(connection)
        .await?;
    Ok(slices(page, rows, |member| member.club_id))
}

/// How many wait to be admitted.
pub(crate) async fn count_waiting(connection: &mut Connection, club: Uuid) -> QueryResult<i64> {
    club_members::table
        .filter(club_members::club_id.eq(club))
        .filter(club_members::role.eq(ClubRole::Applicant))
        .count()
        .get_result(connection)
        .await
}

/// Writes what someone is in a club.
pub(crate) async fn put_member(
    connection: &mut Connection,
    member: &ClubMember,
) -> QueryResult<()> {
    diesel::insert_into(club_members::table)
        .values(member)
        .on_conflict((club_members::club_id, club_members::user_id))
        .do_update()
        .set(member)
        .execute(connection)
        .await
        .map(drop)
}

/// Takes someone out of a club.
pub(crate) async fn remove_member(
    connection: &mut Connection,
    club: Uuid,
    user: Uuid,
) -> QueryResult<()> {
    diesel::delete(club_members::table.find((club, user)))
        .execute(connection)
        .await
        .map(drop)
}

/// The schedules of these clubs, by time.
pub(crate) async fn schedules(
    connection: &mut Connection,
    clubs: &[Uuid],
) -> QueryResult<Vec<ScheduleEntry>> {
    // A club has few entries, as commands see to.
    club_schedule::table
        .filter(club_schedule::club_id.eq_any(clubs))
        .order((club_schedule::due_at, club_schedule::id))
        .select(ScheduleEntry::as_select())
        .load(connection)
        .await
}

/// Gives a club this schedule and no other; the club is locked.
pub(crate) async fn set_schedule(
    connection: &mut Connection,
    club: Uuid,
    entries: &[ScheduleEntry],
) -> QueryResult<()> {
    diesel::delete(club_schedule::table.filter(club_schedule::club_id.eq(club)))
        .execute(connection)
        .await?;
    if entries.is_empty() {
        return Ok(());
    }
    diesel::insert_into(club_schedule::table)
        .values(entries)
        .execute(connection)
        .await
        .map(drop)
}
