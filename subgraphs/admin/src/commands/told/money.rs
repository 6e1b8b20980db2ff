//! What payment tells: orders, payments, sales, refunds, comparisons with providers' books.

use coko_core::Result;
use coko_core::consumer::HandlerError;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::payment::{
    BookPurchased, OrderCreated, OrderRefunded, PaymentCompared, PaymentSucceeded,
};

use super::{active, finish, tally};
use crate::model::discrepancy::{AGREES, Kind};
use crate::model::metric::day_of;
use crate::model::{BookMetric, Discrepancy, Metric};
use crate::store;
use crate::store::orders::Mark;

/// What pays from money that was counted when it was put there.
const WALLET: &str = "WALLET";

/// Somebody began to buy something.
pub(crate) async fn ordered(
    connection: &mut Connection,
    context: &CommandContext,
    event: &OrderCreated,
) -> Result<()> {
    let mut person = store::people::lock(connection, event.user_id).await?;
    if !store::orders::mark(connection, event.order_id, Mark::Created, context.now).await? {
        return Ok(());
    }
    let mut tally = tally(&person);
    tally.add(Metric::OrdersCreated, event.created_at, 1);
    active(
        connection,
        context,
        &mut person,
        event.created_at,
        &mut tally,
    )
    .await?;
    finish(connection, &person, tally).await
}

/// A provider took money, or a wallet. Every payment is money, though an order is paid once: the second is paid back.
pub(crate) async fn paid(
    connection: &mut Connection,
    context: &CommandContext,
    event: &PaymentSucceeded,
) -> Result<()> {
    let mut person = store::people::lock(connection, event.user_id).await?;
    let mut tally = tally(&person);
    if store::orders::mark(connection, event.order_id, Mark::Paid, context.now).await? {
        tally.add(Metric::OrdersPaid, event.paid_at, 1);
        if person.paid(event.paid_at) {
            tally.add(Metric::NewBuyers, event.paid_at, 1);
        }
    }
    if event.provider == WALLET {
        store::orders::by_wallet(connection, event.order_id).await?;
    } else {
        tally.money(Metric::Revenue, event.paid_at, event.price);
        if !person.is_gone() {
            let (currency, amount) = (event.price.currency, event.price.amount);
            store::people::spend(connection, person.user_id, currency, amount).await?;
        }
    }
    finish(connection, &person, tally).await
}

/// A book was sold; it is said again until it is granted.
pub(crate) async fn sold(
    connection: &mut Connection,
    context: &CommandContext,
    event: &BookPurchased,
) -> Result<()> {
    let person = store::people::lock(connection, event.user_id).await?;
    if !store::orders::mark(connection, event.order_id, Mark::Sold, context.now).await? {
        return Ok(());
    }
    let (book, day) = (event.book_id, day_of(event.purchased_at));
    store::books::add(connection, book, BookMetric::Sales, day, 1).await?;
    let mut tally = tally(&person);
    tally.add(Metric::BooksSold, event.purchased_at, 1);
    finish(connection, &person, tally).await
}

/// An order was paid back. What went back to a wallet is still here.
pub(crate) async fn refunded(
    connection: &mut Connection,
    context: &CommandContext,
    event: &OrderRefunded,
) -> Result<()> {
    let person = store::people::lock(connection, event.user_id).await?;
    let fresh = store::orders::mark(connection, event.order_id, Mark::Refunded, context.now);
    if !fresh.await? || store::orders::is_by_wallet(connection, event.order_id).await? {
        return Ok(());
    }
    if !person.is_gone() {
        let (currency, amount) = (event.price.currency, event.price.amount);
        store::people::spend(connection, person.user_id, currency, -amount).await?;
    }
    let mut tally = tally(&person);
    tally.money(Metric::Refunds, event.refunded_at, event.price);
    finish(connection, &person, tally).await
}

/// A payment was compared with the provider's books.
pub(crate) async fn compared(
    connection: &mut Connection,
    event: &PaymentCompared,
) -> Result<(), HandlerError> {
    let day = day_of(event.compared_at);
    let (provider, outcome) = (event.provider.as_str(), event.outcome.as_str());
    if outcome != AGREES {
        let kind = outcome.parse::<Kind>().map_err(|error| {
            HandlerError::Poison(format!("a comparison came to something unknown: {error}"))
        })?;
        let found = Discrepancy {
            attempt_id: event.attempt_id,
            order_id: event.order_id,
            provider: provider.to_owned(),
            outcome: kind,
            amount: event.charged.amount,
            currency: event.charged.currency.code().to_owned(),
            found_at: event.compared_at,
            closed_at: None,
            closed_by: None,
            note: None,
        };
        store::payments::keep(connection, &found).await?;
        metrics::counter!("payment_discrepancies_total", "provider" => provider.to_owned())
            .increment(1);
    }
    store::payments::count(connection, day, provider, outcome).await?;
    Ok(())
}
