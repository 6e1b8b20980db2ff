//! Money that goes back, and what it undoes.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::payment::OrderRefunded;
use coko_core::outbox;
use diesel_async::AsyncConnection as _;
use time::Duration;

use super::{Payment, invoices, subscriptions};
use crate::connectors::{Refunded, Trouble};
use crate::fault;
use crate::model::{
    Attempt, OrderKind, OrderStatus, Provider, Refund, RefundReason, RefundStatus, ledger,
};
use crate::store;

/// How many refunds one round takes.
const BATCH: i64 = 32;

/// Keeps that an attempt is to be paid back; the worker does it. Its order's row is locked.
pub(super) async fn begin(
    connection: &mut Connection,
    context: &CommandContext,
    attempt: &Attempt,
    reason: RefundReason,
) -> Result<()> {
    let refund = Refund {
        id: context.id(),
        order_id: attempt.order_id,
        attempt_id: attempt.id,
        reason,
        status: RefundStatus::Pending,
        created_at: context.now,
        due_at: Some(context.now),
        tries: 0,
        done_at: None,
    };
    store::refunds::insert(connection, &refund).await?;
    Ok(())
}

/// Asks providers for the refunds that are due; returns how many were looked at.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn work(context: &CommandContext, payment: &Payment) -> Result<usize> {
    let again = context.now + Duration::seconds(payment.config.timers.refund_retry_seconds);
    let mut connection = payment.pool.get().await?;
    let due = connection
        .transaction(async |connection| {
            store::refunds::lease_due(connection, context.now, again, BATCH).await
        })
        .await?;
    drop(connection);
    for refund in &due {
        one(context, payment, refund).await?;
    }
    Ok(due.len())
}

async fn one(context: &CommandContext, payment: &Payment, refund: &Refund) -> Result<()> {
    let mut connection = payment.pool.get().await?;
    let attempt = store::attempts::by_id(&mut connection, refund.attempt_id).await?;
    drop(connection);
    let Some(attempt) = attempt else {
        return Ok(());
    };
    let outcome = match payment.connectors.of(attempt.provider) {
        // The wallet is ours: what is put back is written with the rest.
        None if attempt.provider == Provider::Wallet => Ok(Refunded::Done),
        None => Ok(Refunded::ByHand),
        Some(connector) => connector.refund(refund.id, &payment.known(&attempt)?).await,
    };
    fault::point("refund-called");
    match outcome {
        Ok(Refunded::Done) => finish(context, payment, refund).await?,
        Ok(Refunded::ByHand) => by_hand(context, payment, refund).await?,
        Err(trouble @ Trouble::Refused { .. }) => {
            tracing::error!(refund = %refund.id, %trouble, "a refund was refused: a person must pay it back");
            by_hand(context, payment, refund).await?;
        }
        // The timer of the lease tries again under the same key.
        Err(trouble) => tracing::warn!(refund = %refund.id, %trouble, "a refund is tried again"),
    }
    fault::point("refunded");
    Ok(())
}

async fn by_hand(context: &CommandContext, payment: &Payment, refund: &Refund) -> Result<()> {
    let mut connection = payment.pool.get().await?;
    connection
        .transaction(async |connection| {
            store::orders::lock(connection, refund.order_id).await?;
            let found = store::refunds::by_id(connection, refund.id).await?;
            if let Some(mut refund) = found.filter(|refund| refund.status == RefundStatus::Pending)
            {
                refund.status = RefundStatus::Manual;
                refund.due_at = None;
                store::refunds::update(connection, &refund).await?;
                metrics::counter!("payment_manual_refunds_total").increment(1);
            }
            Ok::<_, coko_core::Error>(())
        })
        .await?;
    tracing::info!(refund = %refund.id, at = %context.now, "a refund waits for a person");
    Ok(())
}

/// The money went back: the ledger is reversed, and what the order gave is taken away. Safe to repeat.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn finish(
    context: &CommandContext,
    payment: &Payment,
    refund: &Refund,
) -> Result<()> {
    let mut connection = payment.pool.get().await?;
    connection
        .transaction(async |connection| {
            let order = store::orders::lock(connection, refund.order_id).await?;
            let refund = store::refunds::by_id(connection, refund.id).await?;
            let (Some(mut order), Some(mut refund)) = (order, refund) else {
                return Ok(());
            };
            if refund.status == RefundStatus::Done {
                return Ok(());
            }
            refund.status = RefundStatus::Done;
            refund.due_at = None;
            refund.done_at = Some(context.now);
            store::refunds::update(connection, &refund).await?;
            let step = format!("capture:{}", refund.attempt_id);
            let booked = store::ledger::booked(connection, &step).await?;
            let journal = ledger::reversal(refund.id, booked);
            store::ledger::book(connection, context.id(), order.id, &journal, context.now).await?;
            let attempt = store::attempts::by_id(connection, refund.attempt_id).await?;
            if let Some(attempt) = attempt.filter(|attempt| attempt.provider == Provider::Wallet) {
                store::ledger::deposit(connection, order.user_id, attempt.charged()).await?;
            }
            metrics::counter!("payment_refunds_total", "reason" => refund.reason.as_str())
                .increment(1);
            if !refund.reason.undoes_order() {
                return Ok(());
            }
            order.status = OrderStatus::Refunded;
            order.due_at = None;
            order.updated_at = context.now;
            store::orders::update(connection, &order).await?;
            if order.kind == OrderKind::Subscription {
                subscriptions::end(connection, context, order.user_id).await?;
            }
            let event = OrderRefunded {
                order_id: order.id,
                user_id: order.user_id,
                book_id: order.book_id,
                price: order.price(),
                reason: refund.reason.as_str().to_owned(),
                refunded_at: context.now,
            };
            outbox::enqueue(connection, context, &event).await?;
            invoices::undo(connection, context, &order).await
        })
        .await
}
