//! Timers that have run out: attempts whose notice never came, orders that expire or wait for their grant, books to compare.

use coko_core::context::CommandContext;
use coko_core::events::payment::PaymentCompared;
use coko_core::{Result, outbox};
use diesel_async::AsyncConnection as _;
use futures::TryStreamExt as _;
use time::Duration;
use uuid::Uuid;

use super::{Payment, checkout, settle};
use crate::connectors::Payment as Paying;
use crate::model::{Attempt, AttemptStatus, FailureKind, OrderStatus};
use crate::store;

/// How many rows one round takes.
const BATCH: i64 = 64;
/// A round that finds as much is followed by another at once.
const PLENTY: usize = 32;
/// How many providers' answers are waited for at once.
const PARALLEL: usize = 8;
/// How long a row that one process works on is hidden from the others.
const LEASE: Duration = Duration::seconds(60);

/// Asks about the attempts that are due; returns how many were looked at.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn attempts(context: &CommandContext, payment: &Payment) -> Result<usize> {
    let mut connection = payment.pool.get().await?;
    let due = connection
        .transaction(async |connection| {
            store::attempts::lease_due(connection, context.now, context.now + LEASE, BATCH).await
        })
        .await?;
    drop(connection);
    let count = due.len();
    futures::stream::iter(due.into_iter().map(Ok))
        .try_for_each_concurrent(PARALLEL, |attempt| async move {
            check(context, payment, &attempt).await
        })
        .await?;
    Ok(count)
}

/// One whose opening was never answered is opened again where the provider knows nothing of it.
async fn check(context: &CommandContext, payment: &Payment, attempt: &Attempt) -> Result<()> {
    let unopened = attempt.status == AttemptStatus::Created && attempt.references_sealed.is_none();
    if !unopened {
        return checkout::ask(context, payment, attempt).await.map(drop);
    }
    let Some(connector) = payment.connectors.of(attempt.provider) else {
        return Ok(());
    };
    match connector.status(&payment.known(attempt)?).await {
        Ok(status) if status.payment == Paying::Absent => {
            if attempt.provider == crate::model::Provider::OrangeMoney {
                let failed = Paying::Failed(FailureKind::OperatorDown);
                settle::settle(context, payment, attempt.id, failed).await
            } else {
                checkout::open(context, payment, attempt).await
            }
        }
        Ok(status) => {
            if let Some(found) = status.found {
                checkout::keep(context, payment, attempt, found).await?;
            }
            settle::settle(context, payment, attempt.id, status.payment).await
        }
        Err(_) => Ok(()),
    }
}

/// Lets orders expire, and asks again for grants that do not come; returns how many were looked at.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn orders(context: &CommandContext, payment: &Payment) -> Result<usize> {
    let mut connection = payment.pool.get().await?;
    let due = connection
        .transaction(async |connection| {
            store::orders::lease_due(connection, context.now, context.now + LEASE, BATCH).await
        })
        .await?;
    drop(connection);
    let count = due.len();
    futures::stream::iter(due.into_iter().map(Ok))
        .try_for_each_concurrent(PARALLEL, |order| order_due(context, payment, order))
        .await?;
    Ok(count)
}

async fn order_due(context: &CommandContext, payment: &Payment, id: Uuid) -> Result<()> {
    let mut connection = payment.pool.get().await?;
    let found = store::orders::by_ids(&mut connection, &[id]).await?;
    let Some(order) = found.into_iter().next() else {
        return Ok(());
    };
    drop(connection);
    if order.status.is_open() {
        return call_off(context, payment, id).await;
    }
    let mut connection = payment.pool.get().await?;
    connection
        .transaction(async |connection| {
            let Some(mut order) = store::orders::lock(connection, id).await? else {
                return Ok(());
            };
            order.due_at = None;
            if order.status == OrderStatus::Paid {
                settle::ask_for_grant(connection, context, &order).await?;
                let wait = Duration::seconds(payment.config.timers.grant_seconds);
                order.due_at = Some(context.now + wait);
            }
            store::orders::update(connection, &order).await?;
            Ok(())
        })
        .await
}

/// Closes a checkout at the provider, and takes in whether it was paid in the last moment.
async fn close(context: &CommandContext, payment: &Payment, attempt: &Attempt) -> Result<()> {
    let Some(connector) = payment.connectors.of(attempt.provider) else {
        return Ok(());
    };
    // Should it not work, the status still says how it ended; what is paid later is taken, or goes back.
    if let Err(trouble) = connector.expire(&payment.known(attempt)?).await {
        tracing::debug!(attempt = %attempt.id, %trouble, "a checkout could not be closed");
    }
    checkout::ask(context, payment, attempt).await.map(drop)
}

/// Closes the checkouts of an order, and calls it off unless one of them was paid in the last moment.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn call_off(context: &CommandContext, payment: &Payment, id: Uuid) -> Result<()> {
    let mut connection = payment.pool.get().await?;
    let attempts = store::attempts::of_orders(&mut connection, &[id]).await?;
    drop(connection);
    for attempt in attempts.iter().filter(|attempt| attempt.is_open()) {
        close(context, payment, attempt).await?;
    }
    cancel(context, payment, id).await
}

async fn cancel(context: &CommandContext, payment: &Payment, id: Uuid) -> Result<()> {
    let mut connection = payment.pool.get().await?;
    let open = connection
        .transaction(async |connection| {
            let Some(mut order) = store::orders::lock(connection, id).await? else {
                return Ok(Vec::new());
            };
            if !order.status.is_open() {
                return Ok(Vec::new());
            }
            order.status = OrderStatus::Cancelled;
            order.due_at = None;
            order.updated_at = context.now;
            store::orders::update(connection, &order).await?;
            let mut attempts = store::attempts::of_orders(connection, &[id]).await?;
            attempts.retain(Attempt::is_open);
            Ok::<_, coko_core::Error>(attempts)
        })
        .await?;
    drop(connection);
    for attempt in open {
        let expired = Paying::Failed(FailureKind::Expired);
        settle::settle(context, payment, attempt.id, expired).await?;
    }
    Ok(())
}

/// Compares settled attempts with the providers' books once more; a payment that was missed is taken in. Returns how many
/// were compared.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn reconcile(context: &CommandContext, payment: &Payment) -> Result<usize> {
    let age = Duration::minutes(payment.config.timers.reconcile_minutes);
    let mut connection = payment.pool.get().await?;
    let due = connection
        .transaction(async |connection| {
            store::attempts::lease_unreconciled(connection, context.now, age, BATCH).await
        })
        .await?;
    drop(connection);
    for attempt in &due {
        compare(context, payment, attempt).await?;
    }
    Ok(due.len())
}

async fn compare(context: &CommandContext, payment: &Payment, attempt: &Attempt) -> Result<()> {
    let Some(connector) = payment.connectors.of(attempt.provider) else {
        return Ok(());
    };
    let known = payment.known(attempt)?;
    let ours = attempt.status == AttemptStatus::Succeeded;
    let outcome = match connector.status(&known).await {
        Err(_) => {
            let mut connection = payment.pool.get().await?;
            store::attempts::unreconcile(&mut connection, attempt.id).await?;
            "UNANSWERED"
        }
        Ok(status) => {
            let outcome = match status.payment {
                Paying::Paid { .. } if ours => "AGREES",
                paid @ Paying::Paid { .. } => {
                    tracing::warn!(attempt = %attempt.id, "the provider was paid and we did not know");
                    settle::settle(context, payment, attempt.id, paid).await?;
                    "MISSED_HERE"
                }
                _ if ours => {
                    tracing::error!(attempt = %attempt.id, "the ledger holds a payment that the provider does not");
                    "MISSING_THERE"
                }
                _ => "AGREES",
            };
            tell(context, payment, attempt, outcome).await?;
            outcome
        }
    };
    metrics::counter!("payment_reconciled_total", "provider" => attempt.provider.as_str(), "outcome" => outcome)
        .increment(1);
    Ok(())
}

/// Tells operators what a comparison came to.
async fn tell(
    context: &CommandContext,
    payment: &Payment,
    attempt: &Attempt,
    outcome: &str,
) -> Result<()> {
    let event = PaymentCompared {
        attempt_id: attempt.id,
        order_id: attempt.order_id,
        provider: attempt.provider.as_str().to_owned(),
        outcome: outcome.to_owned(),
        charged: attempt.charged(),
        compared_at: context.now,
    };
    let mut connection = payment.pool.get().await?;
    outbox::enqueue(&mut connection, context, &event).await?;
    Ok(())
}

/// Runs `work` as long as it finds much to do.
///
/// # Errors
/// As `work`.
pub(crate) async fn drain<F: Future<Output = Result<usize>>>(work: impl Fn() -> F) -> Result<()> {
    while work().await? >= PLENTY {}
    Ok(())
}
