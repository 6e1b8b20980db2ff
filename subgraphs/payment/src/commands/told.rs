//! What other domains tell: books and their prices, grants. Each runs in its consumer's transaction.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::admin::ReconciliationRequested;
use coko_core::events::reading::{EntitlementGranted, EntitlementRefused};
use uuid::Uuid;

use super::refunds;
use crate::model::{OrderKind, OrderStatus, RefundReason};
use crate::store;

/// A purchase is granted: the saga ends well.
pub(crate) async fn granted(
    connection: &mut Connection,
    context: &CommandContext,
    event: &EntitlementGranted,
) -> Result<()> {
    let whose = (event.user_id, event.book_id);
    if event.source != "SUBSCRIPTION" {
        store::books::entitle(connection, whose, true, event.granted_at).await?;
    }
    let Some(order) = event.order_id else {
        return Ok(());
    };
    let Some(mut order) = store::orders::lock(connection, order).await? else {
        return Ok(());
    };
    if order.status == OrderStatus::Paid {
        order.status = OrderStatus::Fulfilled;
        order.due_at = None;
        order.updated_at = context.now;
        store::orders::update(connection, &order).await?;
        metrics::counter!("payment_purchases_granted_total").increment(1);
    }
    Ok(())
}

/// A purchase can never be granted: it is paid back.
pub(crate) async fn refused(
    connection: &mut Connection,
    context: &CommandContext,
    event: &EntitlementRefused,
) -> Result<()> {
    let Some(mut order) = store::orders::lock(connection, event.order_id).await? else {
        return Ok(());
    };
    let paid = order.paid_attempt_id;
    let (OrderStatus::Paid, OrderKind::Book, Some(paid)) = (order.status, order.kind, paid) else {
        return Ok(());
    };
    if let Some(attempt) = store::attempts::by_id(connection, paid).await? {
        order.status = OrderStatus::Refunding;
        order.due_at = None;
        order.updated_at = context.now;
        store::orders::update(connection, &order).await?;
        refunds::begin(connection, context, &attempt, RefundReason::GrantImpossible).await?;
    }
    Ok(())
}

/// Operators want settled payments compared with the providers' books again; the next round does.
pub(crate) async fn reconcile(
    connection: &mut Connection,
    event: &ReconciliationRequested,
) -> Result<()> {
    let provider = match event.provider.as_deref() {
        Some(name) => match name.parse() {
            Ok(provider) => Some(provider),
            // A provider that this version does not know has no payments here.
            Err(_) => return Ok(()),
        },
        None => None,
    };
    let (from, until) = (event.from, event.until);
    let count = store::attempts::unreconcile_between(connection, provider, from, until).await?;
    tracing::info!(count, "payments are compared once more");
    Ok(())
}

/// Forgets what is not needed of a person who left; orders, refunds, invoices and the ledger stay, as the law requires, under an
/// id that names nobody any more.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> Result<()> {
    store::attempts::anonymise(connection, user).await?;
    Ok(())
}
