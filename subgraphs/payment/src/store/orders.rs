//! Orders.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page, Slice};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{Order, OrderKind, OrderStatus};
use crate::tables::orders;

/// The name of the list in cursors.
pub(crate) const LIST: &str = "orders";

/// Microseconds of creation, and id.
pub(crate) type Key = (i64, Uuid);

/// The place of an order in the list.
pub(crate) fn key(order: &Order) -> Key {
    let micros = order.created_at.unix_timestamp_nanos() / 1000;
    (i64::try_from(micros).unwrap_or(i64::MAX), order.id)
}

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

/// One page of someone's orders, the newest first.
pub(crate) async fn list(
    connection: &mut Connection,
    page: &Page<Key>,
    user: Uuid,
) -> QueryResult<Slice<Order>> {
    let mut query = orders::table.filter(orders::user_id.eq(user)).into_boxed();
    let forward = page.direction == Direction::Forward;
    if let Some((micros, id)) = page.from {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let compare = if forward {
            "(created_at, id) < ("
        } else {
            "(created_at, id) > ("
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
        query.order((orders::created_at.desc(), orders::id.desc()))
    } else {
        query.order((orders::created_at.asc(), orders::id.asc()))
    };
    let rows = query
        .limit(page.limit())
        .select(Order::as_select())
        .load(connection)
        .await?;
    Ok(Slice::new(page, rows))
}
