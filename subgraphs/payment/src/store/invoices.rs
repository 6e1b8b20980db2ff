//! Invoices and their numbers.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::invoice::SeriesNumber;
use crate::model::{Invoice, InvoiceKind};
use crate::tables::invoices;

coko_core::newest_first!("invoices", invoices, user_id, issued_at, Invoice);

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = BigInt)]
    last: i64,
    #[diesel(sql_type = Timestamptz)]
    issued_at: OffsetDateTime,
}

/// Takes the next number of the series of `now`'s year; whoever wants the one after waits for the end of this transaction, so
/// this comes last in it.
pub(crate) async fn next_number(
    connection: &mut Connection,
    kind: InvoiceKind,
    now: OffsetDateTime,
) -> QueryResult<SeriesNumber> {
    let year = now.year();
    let taken: Taken = diesel::sql_query(
        "INSERT INTO invoice_series AS series (kind, year, last, issued_at) VALUES ($1, $2, 1, $3)
         ON CONFLICT (kind, year) DO UPDATE
             SET last = series.last + 1, issued_at = GREATEST(series.issued_at, EXCLUDED.issued_at)
         RETURNING last, issued_at",
    )
    .bind::<Text, _>(kind)
    .bind::<Integer, _>(year)
    .bind::<Timestamptz, _>(now)
    .get_result(connection)
    .await?;
    Ok(SeriesNumber {
        year,
        number: taken.last,
        issued_at: taken.issued_at,
    })
}

/// Writes a new invoice.
pub(crate) async fn insert(connection: &mut Connection, invoice: &Invoice) -> QueryResult<()> {
    diesel::insert_into(invoices::table)
        .values(invoice)
        .execute(connection)
        .await
        .map(drop)
}

/// The invoices with these ids, in no order.
pub(crate) async fn by_ids(connection: &mut Connection, ids: &[Uuid]) -> QueryResult<Vec<Invoice>> {
    invoices::table
        .filter(invoices::id.eq_any(ids))
        .select(Invoice::as_select())
        .load(connection)
        .await
}

/// The invoices of these orders, each before its credit note.
pub(crate) async fn of_orders(
    connection: &mut Connection,
    orders: &[Uuid],
) -> QueryResult<Vec<Invoice>> {
    invoices::table
        .filter(invoices::order_id.eq_any(orders))
        .order((invoices::order_id, invoices::kind.desc()))
        .select(Invoice::as_select())
        .load(connection)
        .await
}
