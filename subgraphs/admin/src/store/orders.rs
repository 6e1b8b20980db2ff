//! What was counted of orders already: what is said again is counted once.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::orders;

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It was begun.
    Created,
    /// It was paid.
    Paid,
    /// Its book was sold.
    Sold,
    /// It was paid back.
    Refunded,
}

/// Marks an order; returns whether that is news.
pub(crate) async fn mark(
    connection: &mut Connection,
    order: Uuid,
    mark: Mark,
    now: OffsetDateTime,
) -> QueryResult<bool> {
    let column = match mark {
        Mark::Created => "created",
        Mark::Paid => "paid",
        Mark::Sold => "sold",
        Mark::Refunded => "refunded",
    };
    let query = format!(
        "INSERT INTO orders (order_id, seen_at, {column}) VALUES ($1, $2, true)
         ON CONFLICT (order_id) DO UPDATE SET {column} = true WHERE NOT orders.{column}"
    );
    let written = diesel::sql_query(query)
        .bind::<SqlUuid, _>(order)
        .bind::<Timestamptz, _>(now)
        .execute(connection)
        .await?;
    Ok(written > 0)
}

/// Notes that an order was paid from a wallet.
pub(crate) async fn by_wallet(connection: &mut Connection, order: Uuid) -> QueryResult<()> {
    diesel::update(orders::table.find(order))
        .set(orders::by_wallet.eq(true))
        .execute(connection)
        .await
        .map(drop)
}

/// Whether an order is known to have been paid from a wallet.
pub(crate) async fn is_by_wallet(connection: &mut Connection, order: Uuid) -> QueryResult<bool> {
    let known: Option<bool> = orders::table
        .find(order)
        .select(orders::by_wallet)
        .first(connection)
        .await
        .optional()?;
    Ok(known.unwrap_or_default())
}

/// Forgets orders that nothing more is said of, a bounded number at a time.
pub(crate) async fn forget_before(
    connection: &mut Connection,
    moment: OffsetDateTime,
) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM orders WHERE order_id IN (SELECT order_id FROM orders WHERE seen_at < $1 ORDER BY seen_at LIMIT 10000)",
    )
    .bind::<Timestamptz, _>(moment)
    .execute(connection)
    .await
}
