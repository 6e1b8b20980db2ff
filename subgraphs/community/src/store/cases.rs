//! Reports, cases, and the log of what moderators did.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{start, turned};
use crate::model::{Case, CaseStatus, ContentKind, LogEntry, Report, moderation};
use crate::tables::{cases, moderation_log, reports};

/// The names of the lists in cursors.
pub(crate) const QUEUE: &str = "moderation-queue";
/// See [`QUEUE`].
pub(crate) const MINE: &str = "my-cases";
/// See [`QUEUE`].
pub(crate) const LOG: &str = "moderation-log";

/// The cases with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Case>> {
    cases::table
        .filter(cases::id.eq_any(ids))
        .select(Case::as_select())
        .load(connection)
        .await
}

/// The case, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Case>> {
    cases::table
        .find(id)
        .select(Case::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// The case of a content that waits for a decision, locked; the content itself is locked already, so no two are made.
pub(crate) async fn lock_open(
    connection: &mut Connection,
    kind: ContentKind,
    content: Uuid,
) -> QueryResult<Option<Case>> {
    cases::table
        .filter(cases::kind.eq(kind))
        .filter(cases::content_id.eq(content))
        .filter(cases::status.eq_any([CaseStatus::Open, CaseStatus::Appealed]))
        .select(Case::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new case.
pub(crate) async fn insert(connection: &mut Connection, case: &Case) -> QueryResult<()> {
    diesel::insert_into(cases::table)
        .values(case)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked case back.
pub(crate) async fn update(connection: &mut Connection, case: &Case) -> QueryResult<()> {
    diesel::update(cases::table.find(case.id))
        .set(case)
        .execute(connection)
        .await
        .map(drop)
}

/// Adds a report; returns whether this person had not reported yet.
pub(crate) async fn report(connection: &mut Connection, report: &Report) -> QueryResult<bool> {
    let written = diesel::insert_into(reports::table)
        .values(report)
        .on_conflict((reports::case_id, reports::reporter_id))
        .do_nothing()
        .execute(connection)
        .await?;
    Ok(written > 0)
}

/// Locks the accounts that a decision is about, its author and everyone who reported, in one order: two decisions do not wait
/// for each other.
pub(crate) async fn lock_people(
    connection: &mut Connection,
    case: Uuid,
    author: Uuid,
) -> QueryResult<()> {
    diesel::sql_query(
        "SELECT 1 FROM members
         WHERE user_id IN (SELECT $2 UNION SELECT reporter_id FROM reports WHERE case_id = $1)
         ORDER BY user_id FOR UPDATE",
    )
    .bind::<SqlUuid, _>(case)
    .bind::<SqlUuid, _>(author)
    .execute(connection)
    .await
    .map(drop)
}

/// Counts a decision for or against everyone who reported: `upheld` and `rejected` are added to what they had.
pub(crate) async fn credit_reporters(
    connection: &mut Connection,
    case: Uuid,
    upheld: i32,
    rejected: i32,
) -> QueryResult<()> {
    diesel::sql_query(
        "UPDATE members SET reports_upheld = greatest(reports_upheld + $2, 0),
                            reports_rejected = greatest(reports_rejected + $3, 0)
         WHERE user_id IN (SELECT reporter_id FROM reports WHERE case_id = $1)",
    )
    .bind::<SqlUuid, _>(case)
    .bind::<Integer, _>(upheld)
    .bind::<Integer, _>(rejected)
    .execute(connection)
    .await
    .map(drop)
}

/// Counts a removal of something that someone wrote, or takes one back.
pub(crate) async fn charge_author(
    connection: &mut Connection,
    author: Uuid,
    removals: i32,
) -> QueryResult<()> {
    diesel::sql_query("UPDATE members SET removals = greatest(removals + $2, 0) WHERE user_id = $1")
        .bind::<SqlUuid, _>(author)
        .bind::<Integer, _>(removals)
        .execute(connection)
        .await
        .map(drop)
}

/// The first reports of each of these cases.
pub(crate) async fn reports_of(
    connection: &mut Connection,
    cases: &[Uuid],
) -> QueryResult<Vec<Report>> {
    diesel::sql_query(
        "SELECT found.* FROM unnest($1) AS wanted (id) CROSS JOIN LATERAL (
            SELECT * FROM reports r WHERE r.case_id = wanted.id ORDER BY r.reporter_id LIMIT $2) AS found",
    )
    .bind::<Array<SqlUuid>, _>(cases)
    .bind::<BigInt, _>(moderation::SHOWN_REPORTS)
    .load(connection)
    .await
}

/// One page of the cases that stand so, the oldest first.
pub(crate) async fn queue(
    connection: &mut Connection,
    page: &Page<Uuid>,
    status: CaseStatus,
) -> QueryResult<Slice<Case>> {
    let (compare, order, start) = match page.direction {
        Direction::Forward => (">", "ASC", Uuid::nil()),
        Direction::Backward => ("<", "DESC", Uuid::max()),
    };
    let query = format!(
        "SELECT * FROM cases WHERE status = $1 AND id {compare} $2 ORDER BY id {order} LIMIT $3"
    );
    let rows = diesel::sql_query(query)
        .bind::<Text, _>(status.as_str())
        .bind::<SqlUuid, _>(page.from.unwrap_or(start))
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}

/// One page of the cases about someone's contents in which something was decided, the newest first.
pub(crate) async fn of_author(
    connection: &mut Connection,
    page: &Page<Uuid>,
    author: Uuid,
) -> QueryResult<Slice<Case>> {
    let query =
        "SELECT * FROM cases WHERE author_id = $1 AND status NOT IN ('OPEN', 'KEPT') AND id {<} $2
        ORDER BY id {DESC} LIMIT $3";
    let rows = diesel::sql_query(turned(query, page.direction))
        .bind::<SqlUuid, _>(author)
        .bind::<SqlUuid, _>(start(page))
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}

/// Adds to the log.
pub(crate) async fn log(connection: &mut Connection, entry: &LogEntry) -> QueryResult<()> {
    diesel::insert_into(moderation_log::table)
        .values(entry)
        .execute(connection)
        .await
        .map(drop)
}

/// One page of the log, of one subject if given, the newest first.
pub(crate) async fn log_page(
    connection: &mut Connection,
    page: &Page<Uuid>,
    subject: Option<Uuid>,
) -> QueryResult<Slice<LogEntry>> {
    let of_subject = match subject {
        Some(_) => "subject_id = $1",
        None => "$1 IS NULL",
    };
    let query = format!(
        "SELECT * FROM moderation_log WHERE {of_subject} AND id {{<}} $2 ORDER BY id {{DESC}} LIMIT $3"
    );
    let rows = diesel::sql_query(turned(&query, page.direction))
        .bind::<Nullable<SqlUuid>, _>(subject)
        .bind::<SqlUuid, _>(start(page))
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}
