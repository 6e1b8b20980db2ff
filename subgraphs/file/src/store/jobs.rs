//! What is still to be done: files to process, objects to remove.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::{jobs, purges};

/// A job that this process holds.
#[derive(Clone, Debug, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = jobs)]
pub(crate) struct Job {
    pub file_id: Uuid,
    /// How often it was begun, this time included.
    pub attempts: i32,
    pub lease: Option<Uuid>,
    /// The request that completed the upload.
    pub request_id: String,
    /// Its trace.
    pub traceparent: Option<String>,
}

/// Puts a file into the queue.
pub(crate) async fn enqueue(
    connection: &mut Connection,
    file: Uuid,
    now: OffsetDateTime,
    request_id: &str,
    traceparent: Option<&str>,
) -> QueryResult<()> {
    diesel::insert_into(jobs::table)
        .values((
            jobs::file_id.eq(file),
            jobs::next_at.eq(now),
            jobs::request_id.eq(request_id),
            jobs::traceparent.eq(traceparent),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(drop)
}

/// Takes the job that has waited longest, for as long as `until`: a worker that dies leaves it to the next.
pub(crate) async fn lease(
    connection: &mut Connection,
    lease: Uuid,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> QueryResult<Option<Job>> {
    diesel::sql_query(
        "UPDATE jobs SET lease = $1, next_at = $3, attempts = attempts + 1
         WHERE file_id = (SELECT file_id FROM jobs WHERE next_at <= $2 ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING file_id, attempts, lease, request_id, traceparent",
    )
    .bind::<SqlUuid, _>(lease)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(until)
    .get_result(connection)
    .await
    .optional()
}

/// Keeps a job until `until`, or leaves it for another try then; says whether it was still held.
pub(crate) async fn hold(
    connection: &mut Connection,
    job: &Job,
    until: OffsetDateTime,
) -> QueryResult<bool> {
    let held = diesel::update(
        jobs::table
            .find(job.file_id)
            .filter(jobs::lease.is_not_distinct_from(job.lease)),
    )
    .set(jobs::next_at.eq(until))
    .execute(connection)
    .await?;
    Ok(held > 0)
}

/// Ends a job; says whether it was still held.
pub(crate) async fn finish(connection: &mut Connection, job: &Job) -> QueryResult<bool> {
    let finished = diesel::delete(
        jobs::table
            .find(job.file_id)
            .filter(jobs::lease.is_not_distinct_from(job.lease)),
    )
    .execute(connection)
    .await?;
    Ok(finished > 0)
}

/// Notes that every object whose name begins with `prefix` is to be removed, from `at` on.
pub(crate) async fn purge(
    connection: &mut Connection,
    prefix: &str,
    at: OffsetDateTime,
) -> QueryResult<()> {
    diesel::insert_into(purges::table)
        .values((purges::prefix.eq(prefix), purges::next_at.eq(at)))
        .on_conflict(purges::prefix)
        .do_update()
        .set(purges::next_at.eq(at))
        .execute(connection)
        .await
        .map(drop)
}

/// Prefixes to be removed now, at most a hundred; each is tried again at `retry` unless it is forgotten.
pub(crate) async fn due_purges(
    connection: &mut Connection,
    now: OffsetDateTime,
    retry: OffsetDateTime,
) -> QueryResult<Vec<String>> {
    let due: Vec<String> = purges::table
        .filter(purges::next_at.le(now))
        .order(purges::next_at)
        .limit(100)
        .for_update()
        .skip_locked()
        .select(purges::prefix)
        .load(connection)
        .await?;
    diesel::update(purges::table.filter(purges::prefix.eq_any(&due)))
        .set(purges::next_at.eq(retry))
        .execute(connection)
        .await?;
    Ok(due)
}

/// Forgets a prefix whose objects are gone.
pub(crate) async fn purged(connection: &mut Connection, prefix: &str) -> QueryResult<()> {
    diesel::delete(purges::table.find(prefix))
        .execute(connection)
        .await
        .map(drop)
}
