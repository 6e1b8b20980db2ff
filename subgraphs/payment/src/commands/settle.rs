//! What a payment's outcome means: the pivot of the purchase, or money that goes back.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::payment::{BookPurchased, PaymentFailed, PaymentSucceeded};
use coko_core::money::Money;
use coko_core::outbox;
use diesel_async::AsyncConnection as _;
use time::Duration;
use uuid::Uuid;

use super::{Payment, invoices, refunds, subscriptions};
use crate::connectors::Payment as Paying;
use crate::fault;
use crate::model::attempt::check_delay;
use crate::model::{
    Attempt, AttemptStatus, FailureKind, Order, OrderKind, OrderStatus, RefundReason, Verdict,
    ledger,
};
use crate::store;

/// Takes in how a payment stands at its provider. Safe to repeat, in any order, from any process.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn settle(
    context: &CommandContext,
    payment: &Payment,
    attempt: Uuid,
    paying: Paying,
) -> Result<()> {
    let mut connection = payment.pool.get().await?;
    connection
        .transaction(async |connection| {
            let Some(found) = store::attempts::by_id(connection, attempt).await? else {
                return Ok(());
            };
            // The order's lock comes first, everywhere; what was read before it is read again.
            let order = store::orders::lock(connection, found.order_id).await?;
            let found = store::attempts::by_id(connection, attempt).await?;
            let (Some(order), Some(attempt)) = (order, found) else {
                return Ok(());
            };
            match paying {
                Paying::Paid {
                    transaction,
                    received,
                } => {
                    paid(
                        connection,
                        context,
                        payment,
                        order,
                        attempt,
                        transaction,
                        received,
                    )
                    .await
                }
                Paying::Failed(kind) => failed(connection, context, order, attempt, kind).await,
                Paying::Waiting | Paying::Absent => {
                    wait(connection, context, payment, attempt).await
                }
            }
        })
        .await?;
    fault::point("paid");
    Ok(())
}

async fn paid(
    connection: &mut Connection,
    context: &CommandContext,
    payment: &Payment,
    order: Order,
    mut attempt: Attempt,
    transaction: Option<String>,
    received: Money,
) -> Result<()> {
    let owned = match order.book_id {
        Some(book) => owned(connection, &order, book).await?,
        None => false,
    };
    let verdict = order.on_paid(&attempt, received, owned);
    if verdict == Verdict::Known {
        return Ok(());
    }
    if transaction.is_some() {
        let mut references = payment.references(&attempt)?;
        references.transaction = transaction;
        attempt.references_sealed = Some(payment.seal(&references)?);
    }
    match verdict {
        Verdict::Known => Ok(()),
        Verdict::Take => take(connection, context, payment, order, &mut attempt).await,
        Verdict::GiveBack(reason) => {
            give_back(connection, context, &order, attempt, received, reason).await
        }
    }
}

/// Whether the buyer has the book by other means than this order.
async fn owned(connection: &mut Connection, order: &Order, book: Uuid) -> Result<bool> {
    let other = store::orders::running(connection, order.user_id, book).await?;
    Ok(other.is_some_and(|other| other.id != order.id)
        || store::books::is_entitled(connection, order.user_id, book).await?)
}

/// The pivot: from here on the order goes forward. Its row is locked, or was just made.
pub(super) async fn take(
    connection: &mut Connection,
    context: &CommandContext,
    payment: &Payment,
    mut order: Order,
    attempt: &mut Attempt,
) -> Result<()> {
    succeed(connection, context, attempt).await?;
    let journal = ledger::capture(&order, attempt);
    store::ledger::book(connection, context.id(), order.id, &journal, context.now).await?;
    let event = PaymentSucceeded {
        order_id: order.id,
        attempt_id: attempt.id,
        user_id: order.user_id,
        provider: attempt.provider.as_str().to_owned(),
        price: order.price(),
        charged: attempt.charged(),
        paid_at: context.now,
    };
    outbox::enqueue(connection, context, &event).await?;
    order.paid_attempt_id = Some(attempt.id);
    order.updated_at = context.now;
    order.due_at = None;
    match order.kind {
        OrderKind::Book => {
            order.status = OrderStatus::Paid;
            order.due_at =
                Some(context.now + Duration::seconds(payment.config.timers.grant_seconds));
            ask_for_grant(connection, context, &order).await?;
        }
        OrderKind::Subscription => {
            order.status = OrderStatus::Fulfilled;
            subscriptions::begin(connection, context, &order).await?;
        }
        OrderKind::TopUp => {
            order.status = OrderStatus::Fulfilled;
            store::ledger::deposit(connection, order.user_id, order.price()).await?;
        }
    }
    store::orders::update(connection, &order).await?;
    invoices::issue(connection, context, payment, &order, attempt).await
}

/// Says `book.purchased`, again where it was said before: whoever grants deduplicates by the order.
pub(super) async fn ask_for_grant(
    connection: &mut Connection,
    context: &CommandContext,
    order: &Order,
) -> Result<()> {
    if let Some(book_id) = order.book_id {
        let event = BookPurchased {
            order_id: order.id,
            user_id: order.user_id,
            book_id,
            price: order.price(),
            purchased_at: context.now,
        };
        outbox::enqueue(connection, context, &event).await?;
    }
    Ok(())
}

async fn succeed(
    connection: &mut Connection,
    context: &CommandContext,
    attempt: &mut Attempt,
) -> Result<()> {
    attempt.status = AttemptStatus::Succeeded;
    attempt.failure = None;
    attempt.check_at = None;
    attempt.reconciled_at = None;
    attempt.updated_at = context.now;
    store::attempts::update(connection, attempt).await?;
    count(attempt, "SUCCEEDED");
    Ok(())
}

async fn give_back(
    connection: &mut Connection,
    context: &CommandContext,
    order: &Order,
    mut attempt: Attempt,
    received: Money,
    reason: RefundReason,
) -> Result<()> {
    tracing::warn!(order = %order.id, attempt = %attempt.id, reason = reason.as_str(), "money that is not owed goes back");
    succeed(connection, context, &mut attempt).await?;
    let journal = ledger::suspend(order, &attempt, received);
    store::ledger::book(connection, context.id(), order.id, &journal, context.now).await?;
    refunds::begin(connection, context, &attempt, reason).await
}

async fn failed(
    connection: &mut Connection,
    context: &CommandContext,
    mut order: Order,
    mut attempt: Attempt,
    kind: FailureKind,
) -> Result<()> {
    // A failure that comes late takes nothing back; one that is known stays as it is.
    if !attempt.is_open() {
        return Ok(());
    }
    attempt.status = AttemptStatus::Failed;
    attempt.failure = Some(kind);
    attempt.check_at = None;
    attempt.updated_at = context.now;
    store::attempts::update(connection, &attempt).await?;
    count(&attempt, kind.as_str());
    let event = PaymentFailed {
        order_id: order.id,
        attempt_id: attempt.id,
        user_id: order.user_id,
        provider: attempt.provider.as_str().to_owned(),
        failure: kind.as_str().to_owned(),
        failed_at: context.now,
    };
    outbox::enqueue(connection, context, &event).await?;
    let others = store::attempts::of_orders(connection, &[order.id]).await?;
    if order.status == OrderStatus::AwaitingPayer && !others.iter().any(Attempt::is_open) {
        order.status = OrderStatus::Pending;
        order.updated_at = context.now;
        store::orders::update(connection, &order).await?;
    }
    Ok(())
}

async fn wait(
    connection: &mut Connection,
    context: &CommandContext,
    payment: &Payment,
    mut attempt: Attempt,
) -> Result<()> {
    if attempt.is_open() {
        let delay = check_delay(payment.first_check(), attempt.checks);
        attempt.check_at = Some(context.now + delay);
        store::attempts::update(connection, &attempt).await?;
    }
    Ok(())
}

fn count(attempt: &Attempt, outcome: &'static str) {
    metrics::counter!("payment_transactions_total", "provider" => attempt.provider.as_str(), "outcome" => outcome)
        .increment(1);
}
