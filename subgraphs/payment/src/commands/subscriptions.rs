//! Periods that are bought, end, or are called off.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::payment::{
    SubscriptionActivated, SubscriptionCancelled, SubscriptionExpired, SubscriptionRenewed,
    SubscriptionState,
};
use coko_core::graphql::{Failure, Outcome};
use coko_core::{Result, outbox};
use diesel_async::AsyncConnection as _;
use time::Duration;
use uuid::Uuid;

use super::Payment;
use crate::error::CancelSubscriptionErrorCode;
use crate::model::{Order, Plan, Subscription, SubscriptionStatus};
use crate::store;

/// How many subscriptions one round ends.
const BATCH: i64 = 100;

fn state(subscription: &Subscription, plan: Option<&Plan>) -> SubscriptionState {
    SubscriptionState {
        subscription_id: subscription.id,
        user_id: subscription.user_id,
        plan: plan.map_or_else(|| subscription.plan_code.clone(), |plan| plan.tier.clone()),
        period_start: subscription.period_start,
        period_end: subscription.period_end,
    }
}

/// Begins the period that an order paid, or adds it to the one that runs.
pub(super) async fn begin(
    connection: &mut Connection,
    context: &CommandContext,
    order: &Order,
) -> Result<()> {
    let code = order.plan_code.as_deref().unwrap_or_default();
    let Some(plan) = store::plans::by_code(connection, code).await? else {
        return Ok(());
    };
    if let Some(mut running) = store::plans::running(connection, order.user_id).await? {
        running.renew(&plan.code, plan.days, context.now);
        store::plans::update(connection, &running).await?;
        let subscription = state(&running, Some(&plan));
        outbox::enqueue(connection, context, &SubscriptionRenewed { subscription }).await?;
    } else {
        let fresh = Subscription {
            id: context.id(),
            user_id: order.user_id,
            plan_code: plan.code.clone(),
            status: SubscriptionStatus::Active,
            period_start: context.now,
            period_end: context.now + Duration::days(i64::from(plan.days)),
        };
        store::plans::insert(connection, &fresh).await?;
        let subscription = state(&fresh, Some(&plan));
        outbox::enqueue(connection, context, &SubscriptionActivated { subscription }).await?;
    }
    Ok(())
}

/// Ends someone's subscription at once, because it was paid back.
pub(super) async fn end(
    connection: &mut Connection,
    context: &CommandContext,
    user: Uuid,
) -> Result<()> {
    if let Some(mut running) = store::plans::running(connection, user).await? {
        running.status = SubscriptionStatus::Expired;
        store::plans::update(connection, &running).await?;
        expired(connection, context, &[running]).await?;
    }
    Ok(())
}

async fn expired(
    connection: &mut Connection,
    context: &CommandContext,
    ended: &[Subscription],
) -> Result<()> {
    if ended.is_empty() {
        return Ok(());
    }
    let plans = store::plans::all(connection).await?;
    let events: Vec<_> = ended
        .iter()
        .map(|subscription| {
            let plan = plans
                .iter()
                .find(|plan| plan.code == subscription.plan_code);
            SubscriptionExpired {
                subscription: state(subscription, plan),
            }
        })
        .collect();
    outbox::enqueue_all(connection, context, &events).await?;
    Ok(())
}

/// Ends the subscriptions whose period is over.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn sweep(context: &CommandContext, payment: &Payment) -> Result<usize> {
    let mut connection = payment.pool.get().await?;
    connection
        .transaction(async |connection| {
            let ended = store::plans::expire(connection, context.now, BATCH).await?;
            expired(connection, context, &ended).await?;
            Ok(ended.len())
        })
        .await
}

/// Calls off the viewer's subscription: it runs to the end of what is paid.
///
/// # Errors
/// A refusal when there is none.
pub(crate) async fn cancel(
    context: &CommandContext,
    payment: &Payment,
) -> Outcome<Subscription, CancelSubscriptionErrorCode> {
    let user = context.viewer.require_user()?;
    let mut connection = payment.pool.get().await?;
    connection
        .transaction(async |connection| {
            let mut running = store::plans::running(connection, user)
                .await?
                .ok_or_else(|| Failure::whole(CancelSubscriptionErrorCode::NoSubscription))?;
            if running.status == SubscriptionStatus::Active {
                running.status = SubscriptionStatus::Cancelled;
                store::plans::update(connection, &running).await?;
                let plan = store::plans::by_code(connection, &running.plan_code).await?;
                let subscription = state(&running, plan.as_ref());
                outbox::enqueue(connection, context, &SubscriptionCancelled { subscription })
                    .await?;
            }
            Ok(running)
        })
        .await
}
