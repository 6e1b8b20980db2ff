//! Sales and what they earned.

use coko_core::database::Connection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{Accrual, AccrualStatus, Sale, SaleStatus};
use crate::tables::{accruals, sales};

coko_core::newest_first!("royaltyAccruals", accruals, payee_id, accrued_at, Accrual);

/// Writes a sale; false when the order is known.
pub(crate) async fn insert_sale(connection: &mut Connection, sale: &Sale) -> QueryResult<bool> {
    diesel::insert_into(sales::table)
        .values(sale)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}

/// The sale, locked until the transaction ends.
pub(crate) async fn lock_sale(
    connection: &mut Connection,
    order: Uuid,
) -> QueryResult<Option<Sale>> {
    sales::table
        .find(order)
        .select(Sale::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Notes where a locked sale stands.
pub(crate) async fn set_sale(
    connection: &mut Connection,
    order: Uuid,
    status: SaleStatus,
) -> QueryResult<()> {
    diesel::update(sales::table.find(order))
        .set(sales::status.eq(status))
        .execute(connection)
        .await
        .map(drop)
}

/// Writes accruals.
pub(crate) async fn insert(connection: &mut Connection, earned: &[Accrual]) -> QueryResult<()> {
    if earned.is_empty() {
        return Ok(());
    }
    diesel::insert_into(accruals::table)
        .values(earned)
        .execute(connection)
        .await
        .map(drop)
}

/// What an order earned, locked until the transaction ends.
pub(crate) async fn lock_of_order(
    connection: &mut Connection,
    order: Uuid,
) -> QueryResult<Vec<Accrual>> {
    accruals::table
        .filter(accruals::order_id.eq(order))
        .order(accruals::id)
        .select(Accrual::as_select())
        .for_update()
        .load(connection)
        .await
}

/// What was held long enough, locked until the transaction ends; what another process has in hand is left to it.
pub(crate) async fn lock_due(
    connection: &mut Connection,
    now: OffsetDateTime,
    limit: i64,
) -> QueryResult<Vec<Accrual>> {
    // As in the index, which has no parameters.
    accruals::table
        .filter(sql::<Bool>("status = 'ESCROW'"))
        .filter(accruals::payable_at.le(now))
        .order(accruals::payable_at)
        .limit(limit)
        .select(Accrual::as_select())
        .for_update()
        .skip_locked()
        .load(connection)
        .await
}

/// Notes that locked accruals can be paid out.
pub(crate) async fn release(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<()> {
    diesel::update(accruals::table.filter(accruals::id.eq_any(ids)))
        .set(accruals::status.eq(AccrualStatus::Payable))
        .execute(connection)
        .await
        .map(drop)
}

/// Notes that locked accruals were taken back.
pub(crate) async fn reverse(
    connection: &mut Connection,
    order: Uuid,
    now: OffsetDateTime,
) -> QueryResult<()> {
    diesel::update(accruals::table.filter(accruals::order_id.eq(order)))
        .set((
            accruals::status.eq(AccrualStatus::Reversed),
            accruals::reversed_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(drop)
}
