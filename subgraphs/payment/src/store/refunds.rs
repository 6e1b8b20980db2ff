//! Refunds.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Refund;
use crate::tables::refunds;

/// The refund.
pub(crate) async fn by_id(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Refund>> {
    refunds::table
        .find(id)
        .select(Refund::as_select())
        .first(connection)
        .await
        .optional()
}

/// The refunds of these orders, the oldest first.
pub(crate) async fn of_orders(
    connection: &mut Connection,
    orders: &[Uuid],
) -> QueryResult<Vec<Refund>> {
    refunds::table
        .filter(refunds::order_id.eq_any(orders))
        .order((refunds::created_at, refunds::id))
        .select(Refund::as_select())
        .load(connection)
        .await
}

/// Writes a new refund, unless the attempt has one; returns whether it was new.
pub(crate) async fn insert(connection: &mut Connection, refund: &Refund) -> QueryResult<bool> {
    diesel::insert_into(refunds::table)
        .values(refund)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}

/// Writes a refund back, whose order is locked.
pub(crate) async fn update(connection: &mut Connection, refund: &Refund) -> QueryResult<()> {
    diesel::update(refunds::table.find(refund.id))
        .set(refund)
        .execute(connection)
        .await
        .map(drop)
}

super::lease::lease_due!(refunds, due_at, tries, Refund);
