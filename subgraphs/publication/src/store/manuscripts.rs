//! Manuscripts.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Manuscript;
use crate::tables::manuscripts;

coko_core::newest_first!(
    "manuscripts",
    manuscripts,
    organization_id,
    created_at,
    Manuscript
);

/// The name of the reviewers' list in cursors.
pub(crate) const QUEUE: &str = "reviewQueue";

/// The manuscripts with these ids, in no order.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<Manuscript>> {
    manuscripts::table
        .filter(manuscripts::id.eq_any(ids))
        .select(Manuscript::as_select())
        .load(connection)
        .await
}

/// The manuscript of a book.
pub(crate) async fn of_book(
    connection: &mut Connection,
    book: Uuid,
) -> QueryResult<Option<Manuscript>> {
    manuscripts::table
        .filter(manuscripts::book_id.eq(book))
        .select(Manuscript::as_select())
        .first(connection)
        .await
        .optional()
}

/// The manuscript, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Manuscript>> {
    manuscripts::table
        .find(id)
        .select(Manuscript::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Those of an organisation that were imported from these ONIX records, locked until the transaction ends.
pub(crate) async fn lock_imported(
    connection: &mut Connection,
    organization: Uuid,
    references: &[&str],
) -> QueryResult<Vec<Manuscript>> {
    manuscripts::table
        .filter(manuscripts::organization_id.eq(organization))
        .filter(manuscripts::onix_reference.eq_any(references))
        .order(manuscripts::id)
        .select(Manuscript::as_select())
        .for_update()
        .load(connection)
        .await
}

/// Which of these ISBNs manuscripts have, with those manuscripts.
pub(crate) async fn isbn_owners(
    connection: &mut Connection,
    isbns: &[&str],
) -> QueryResult<Vec<(Option<String>, Uuid)>> {
    manuscripts::table
        .filter(manuscripts::isbn.eq_any(isbns))
        .select((manuscripts::isbn, manuscripts::id))
        .load(connection)
        .await
}

/// Writes a new manuscript.
pub(crate) async fn insert(
    connection: &mut Connection,
    manuscript: &Manuscript,
) -> QueryResult<()> {
    diesel::insert_into(manuscripts::table)
        .values(manuscript)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked manuscript back.
pub(crate) async fn update(
    connection: &mut Connection,
    manuscript: &Manuscript,
) -> QueryResult<()> {
    diesel::update(manuscripts::table.find(manuscript.id))
        .set(manuscript)
        .execute(connection)
        .await
        .map(drop)
}

/// Scheduled manuscripts that are due, locked until the transaction ends; those that another process has in hand are left to it.
pub(crate) async fn lock_due(
    connection: &mut Connection,
    now: OffsetDateTime,
    limit: i64,
) -> QueryResult<Vec<Manuscript>> {
    manuscripts::table
        .filter(sql::<Bool>("status = 'SCHEDULED'"))
        .filter(manuscripts::publish_at.le(now))
        .order(manuscripts::publish_at)
        .limit(limit)
        .select(Manuscript::as_select())
        .for_update()
        .skip_locked()
        .load(connection)
        .await
}

/// What these organisations never published and nobody of them will, locked until the transaction ends: what is scheduled is
/// published by the clock, and what earned something stays as the books of account say.
pub(crate) async fn lock_abandoned(
    connection: &mut Connection,
    organizations: &[Uuid],
) -> QueryResult<Vec<Manuscript>> {
    manuscripts::table
        .filter(manuscripts::organization_id.eq_any(organizations))
        .filter(manuscripts::published_at.is_null())
        .filter(sql::<Bool>(
            "status IN ('DRAFT', 'SUBMITTED', 'IN_REVIEW', 'CHANGES_REQUESTED', 'APPROVED')
                AND NOT EXISTS (SELECT FROM sales s WHERE s.manuscript_id = manuscripts.id)
                AND NOT EXISTS (SELECT FROM accruals a WHERE a.manuscript_id = manuscripts.id)
                AND NOT EXISTS (SELECT FROM reading_times r WHERE r.manuscript_id = manuscripts.id)",
        ))
        .order(manuscripts::id)
        .select(Manuscript::as_select())
        .for_update()
        .load(connection)
        .await
}

/// Removes locked manuscripts and everything that was written about them.
pub(crate) async fn remove(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<()> {
    for statement in [
        "DELETE FROM manuscript_notes WHERE manuscript_id = ANY($1)",
        "DELETE FROM manuscript_files WHERE manuscript_id = ANY($1)",
        "DELETE FROM manuscript_versions WHERE manuscript_id = ANY($1)",
        "DELETE FROM contract_parties WHERE contract_id IN (SELECT id FROM contracts WHERE manuscript_id = ANY($1))",
        "DELETE FROM contracts WHERE manuscript_id = ANY($1)",
        "DELETE FROM manuscripts WHERE id = ANY($1)",
    ] {
        diesel::sql_query(statement)
            .bind::<Array<SqlUuid>, _>(ids)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The place of a manuscript in the reviewers' list.
pub(crate) fn queue_key(manuscript: &Manuscript) -> Key {
    let at = manuscript
        .submitted_at
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let micros = at.unix_timestamp_nanos() / 1000;
    (i64::try_from(micros).unwrap_or(i64::MAX), manuscript.id)
}

/// One page of what waits for reviewers or is in their hands, the longest waiting first.
pub(crate) async fn queue(
    connection: &mut Connection,
    page: &Page<Key>,
) -> QueryResult<Slice<Manuscript>> {
    let forward = page.direction == Direction::Forward;
    // As in the index, which has no parameters.
    let waiting = sql::<Bool>("status IN ('SUBMITTED', 'IN_REVIEW')");
    let mut query = manuscripts::table.filter(waiting).into_boxed();
    if let Some((micros, id)) = page.from {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let compare = if forward {
            "(submitted_at, id) > ("
        } else {
            "(submitted_at, id) < ("
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
        query.order((manuscripts::submitted_at.asc(), manuscripts::id.asc()))
    } else {
        query.order((manuscripts::submitted_at.desc(), manuscripts::id.desc()))
    };
    let rows = query
        .limit(page.limit())
        .select(Manuscript::as_select())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}
