//! Contents that were reported.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{micros, moment};
use crate::model::{ReportedContent, ReportedStatus};
use crate::tables::reported_contents;

/// The name of the list in cursors.
pub(crate) const LIST: &str = "reported-contents";

/// When the first report came, and the case.
pub(crate) type Key = (i64, Uuid);

/// The place of a content in the queue.
pub(crate) fn key(content: &ReportedContent) -> Key {
    (micros(content.reported_at), content.case_id)
}

/// The content, locked until the transaction ends; made as `new` says at the first call.
pub(crate) async fn lock(
    connection: &mut Connection,
    new: &ReportedContent,
) -> QueryResult<ReportedContent> {
    diesel::insert_into(reported_contents::table)
        .values(new)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    reported_contents::table
        .find(new.case_id)
        .select(ReportedContent::as_select())
        .for_update()
        .first(connection)
        .await
}

/// Writes a locked content back.
pub(crate) async fn update(
    connection: &mut Connection,
    content: &ReportedContent,
) -> QueryResult<()> {
    diesel::update(reported_contents::table.find(content.case_id))
        .set(content)
        .execute(connection)
        .await
        .map(drop)
}

/// One page of the contents that stand so, the one that was reported first at the beginning.
pub(crate) async fn page(
    connection: &mut Connection,
    page: &Page<Key>,
    status: ReportedStatus,
) -> QueryResult<Slice<ReportedContent>> {
    use reported_contents as r;
    let mut query = r::table
        .filter(r::status.eq(status))
        .limit(page.limit())
        .select(ReportedContent::as_select())
        .into_boxed();
    let forward = page.direction == Direction::Forward;
    if let Some((at, case)) = page.from {
        let at = moment(at);
        query = if forward {
            query.filter(
                r::reported_at
                    .gt(at)
                    .or(r::reported_at.eq(at).and(r::case_id.gt(case))),
            )
        } else {
            query.filter(
                r::reported_at
                    .lt(at)
                    .or(r::reported_at.eq(at).and(r::case_id.lt(case))),
            )
        };
    }
    let query = if forward {
        query.order((r::reported_at.asc(), r::case_id.asc()))
    } else {
        query.order((r::reported_at.desc(), r::case_id.desc()))
    };
    Ok(Slice::new(page, query.load(connection).await?))
}

/// Forgets what was decided long ago, a bounded number at a time; the domain that decided keeps its log.
pub(crate) async fn forget_before(
    connection: &mut Connection,
    time: OffsetDateTime,
) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM reported_contents WHERE case_id IN (SELECT case_id FROM reported_contents
         WHERE status = 'DECIDED' AND reported_at < $1 AND status_at < $1 ORDER BY reported_at LIMIT 10000)",
    )
    .bind::<diesel::sql_types::Timestamptz, _>(time)
    .execute(connection)
    .await
}
