//! Payouts.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::Payout;
use crate::tables::payouts;

coko_core::newest_first!("royaltyPayouts", payouts, payee_id, created_at, Payout);

/// The name of the operators' list in cursors.
pub(crate) const QUEUE: &str = "requestedPayouts";

/// The payouts with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Payout>> {
    payouts::table
        .filter(payouts::id.eq_any(ids))
        .select(Payout::as_select())
        .load(connection)
        .await
}

/// The payout, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Payout>> {
    payouts::table
        .find(id)
        .select(Payout::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new payout.
pub(crate) async fn insert(connection: &mut Connection, payout: &Payout) -> QueryResult<()> {
    diesel::insert_into(payouts::table)
        .values(payout)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked payout back.
pub(crate) async fn update(connection: &mut Connection, payout: &Payout) -> QueryResult<()> {
    diesel::update(payouts::table.find(payout.id))
        .set(payout)
        .execute(connection)
        .await
        .map(drop)
}

/// One page of what operators have to transfer, the oldest first; ids rise with time.
pub(crate) async fn queue(
    connection: &mut Connection,
    page: &Page<Uuid>,
) -> QueryResult<Slice<Payout>> {
    // As in the index, which has no parameters.
    let requested = sql::<Bool>("status = 'REQUESTED'");
    let mut query = payouts::table.filter(requested).into_boxed();
    let forward = page.direction == Direction::Forward;
    if let Some(from) = page.from {
        query = if forward {
            query.filter(payouts::id.gt(from))
        } else {
            query.filter(payouts::id.lt(from))
        };
    }
    let query = if forward {
        query.order(payouts::id.asc())
    } else {
        query.order(payouts::id.desc())
    };
    let rows = query
        .limit(page.limit())
        .select(Payout::as_select())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}

/// Forgets whose accounts were paid, of payouts that were settled before `before`; at most `limit` at a time.
pub(crate) async fn forget_destinations(
    connection: &mut Connection,
    before: OffsetDateTime,
    limit: i64,
) -> QueryResult<usize> {
    let settled: Vec<Uuid> = payouts::table
        .filter(payouts::destination_sealed.is_not_null())
        .filter(payouts::settled_at.lt(before))
        .order(payouts::settled_at)
        .limit(limit)
        .for_update()
        .skip_locked()
        .select(payouts::id)
        .load(connection)
        .await?;
    diesel::update(payouts::table.filter(payouts::id.eq_any(settled)))
        .set(payouts::destination_sealed.eq(None::<Vec<u8>>))
        .execute(connection)
        .await
}
