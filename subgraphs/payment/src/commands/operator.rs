//! What operators decide: refunds, and that a manual one was done.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome};
use coko_core::idempotency::{self, Claim};
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Payment, refunds, sweep};
use crate::error::{CancelOrderErrorCode, ConfirmRefundErrorCode, RefundOrderErrorCode};
use crate::model::{OrderKind, OrderStatus, RefundReason, RefundStatus};
use crate::store;

/// Has a paid order paid back. Needs `payments:refund`.
///
/// # Errors
/// Refusals; `FORBIDDEN` without the right.
pub(crate) async fn refund(
    context: &CommandContext,
    payment: &Payment,
    id: Uuid,
    key: &str,
) -> Outcome<Uuid, RefundOrderErrorCode> {
    context.viewer.require("payments", "refund")?;
    let mut connection = payment.pool.get().await?;
    connection
        .transaction(async |connection| {
            let owner = context.viewer.key();
            let call = ("refundOrder", &id);
            if let Claim::Seen(_) =
                idempotency::claim(connection, &owner, key, call, id, context.now).await?
            {
                return Ok(id);
            }
            let mut order = store::orders::lock(connection, id)
                .await?
                .ok_or_else(|| Failure::field(RefundOrderErrorCode::NotFound, "orderId"))?;
            let paid = matches!(order.status, OrderStatus::Paid | OrderStatus::Fulfilled);
            let attempt = match order.paid_attempt_id.filter(|_| paid) {
                Some(attempt) => store::attempts::by_id(connection, attempt).await?,
                None => None,
            };
            let attempt =
                attempt.ok_or_else(|| Failure::field(RefundOrderErrorCode::NotPaid, "orderId"))?;
            if order.kind == OrderKind::TopUp
                && !store::ledger::withdraw(connection, order.user_id, order.price()).await?
            {
                return Err(Failure::field(RefundOrderErrorCode::Spent, "orderId"));
            }
            order.status = OrderStatus::Refunding;
            order.due_at = None;
            order.updated_at = context.now;
            store::orders::update(connection, &order).await?;
            refunds::begin(connection, context, &attempt, RefundReason::Requested).await?;
            Ok(id)
        })
        .await
}

/// Says that a refund was done by hand. Needs `payments:refund`.
///
/// # Errors
/// Refusals; `FORBIDDEN` without the right.
pub(crate) async fn confirm(
    context: &CommandContext,
    payment: &Payment,
    id: Uuid,
) -> Outcome<Uuid, ConfirmRefundErrorCode> {
    context.viewer.require("payments", "refund")?;
    let mut connection = payment.pool.get().await?;
    let refund = store::refunds::by_id(&mut connection, id)
        .await?
        .ok_or_else(|| Failure::field(ConfirmRefundErrorCode::NotFound, "refundId"))?;
    drop(connection);
    match refund.status {
        RefundStatus::Pending => Err(Failure::field(
            ConfirmRefundErrorCode::NotManual,
            "refundId",
        )),
        RefundStatus::Manual | RefundStatus::Done => {
            refunds::finish(context, payment, &refund).await?;
            Ok(refund.order_id)
        }
    }
}

/// Calls off an order of the viewer's that is not paid.
///
/// # Errors
/// Refusals for an order that is not the viewer's, or is not open.
pub(crate) async fn cancel(
    context: &CommandContext,
    payment: &Payment,
    id: Uuid,
) -> Outcome<Uuid, CancelOrderErrorCode> {
    let user = context.viewer.require_user()?;
    let mut connection = payment.pool.get().await?;
    let found = store::orders::by_ids(&mut connection, &[id]).await?;
    drop(connection);
    let order = found.into_iter().find(|order| order.user_id == user);
    let order = order.ok_or_else(|| Failure::field(CancelOrderErrorCode::NotFound, "orderId"))?;
    if !order.status.is_open() {
        return Err(Failure::field(CancelOrderErrorCode::NotOpen, "orderId"));
    }
    sweep::call_off(context, payment, id).await?;
    Ok(id)
}
