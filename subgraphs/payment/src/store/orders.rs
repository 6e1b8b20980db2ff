//! Orders.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{Order, OrderKind, OrderStatus};
use crate::tables::orders;

coko_core::newest_first!("orders", orders, user_id, created_at, Order);

/// The orders with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Order>> {
    orders::table
        .filter(orders::id.eq_any(ids))
        .select(Order::as_select())
        .load(connection)
        .await
}

/// The order, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Order>> {
    orders::table
        .find(id)
        .select(Order::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new order.
pub(crate) async fn insert(connection: &mut Connection, order: &Order) -> QueryResult<()> {
    diesel::insert_into(orders::table)
        .values(order)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked order back.
pub(crate) async fn update(connection: &mut Connection, order: &Order) -> QueryResult<()> {
    diesel::update(orders::table.find(order.id))
        .set(order)
        .execute(connection)
        .await
        .map(drop)
}

/// The buyer's order of a book that runs, is paid or is being paid back.
pub(crate) async fn running(
    connection: &mut Connection,
    user: Uuid,
    book: Uuid,
) -> QueryResult<Option<Order>> {
    orders::table
        .filter(orders::kind.eq(OrderKind::Book))
        .filter(orders::user_id.eq(user))
        .filter(orders::book_id.eq(book))
        .filter(orders::status.ne_all([OrderStatus::Cancelled, OrderStatus::Refunded]))
        .select(Order::as_select())
        .first(connection)
        .await
        .optional()
}

/// Puts the timers of orders that are due off until `again`, and returns them: another process that looks meanwhile does not
/// see them.
pub(crate) async fn lease_due(
    connection: &mut Connection,
    now: OffsetDateTime,
    again: OffsetDateTime,
    limit: i64,
) -> QueryResult<Vec<Uuid>> {
    let due = orders::table
        .filter(orders::due_at.le(now))
        .order(orders::due_at)
        .limit(limit)
        .for_update()
        .skip_locked()
        .select(orders::id);
    diesel::update(orders::table.filter(orders::id.eq_any(due.load::<Uuid>(connection).await?)))
        .filter(orders::due_at.le(now))
        .set(orders::due_at.eq(again))
        .returning(orders::id)
        .get_results(connection)
        .await
}
