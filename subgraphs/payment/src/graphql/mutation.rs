//! Root mutations. Each answers with the new state, or with the reasons for which it refused.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use coko_core::money::{Currency, Money};
use uuid::Uuid;

use super::loader::Orders;
use super::types::{OrderType, SubscriptionType};
use super::{key, payment};
use crate::commands::purchase::Wanted;
use crate::commands::{operator, purchase, subscriptions};
use crate::error::{
    CancelOrderError, CancelSubscriptionError, ConfirmRefundError, PurchaseError, RefundOrderError,
    RetryPaymentError,
};
use crate::model::Provider;

/// A book to buy.
#[derive(InputObject)]
struct PurchaseBookInput {
    /// The book.
    book_id: ID,
    /// The currency of the price.
    currency: Currency,
    /// Who takes the money.
    provider: Provider,
    /// 1 to 100 characters; a call that is repeated under its key does nothing again.
    idempotency_key: String,
}

/// A period to buy.
#[derive(InputObject)]
struct SubscribeInput {
    /// The plan.
    plan_code: String,
    /// The currency of the price.
    currency: Currency,
    /// Who takes the money.
    provider: Provider,
    /// 1 to 100 characters; a call that is repeated under its key does nothing again.
    idempotency_key: String,
}

/// Money for the wallet.
#[derive(InputObject)]
struct TopUpWalletInput {
    /// How much, in the currency's minor unit: 100 to 500,000 francs, 1 to 1,000 euros or dollars.
    amount: i64,
    /// The currency of the price.
    currency: Currency,
    /// Who takes the money.
    provider: Provider,
    /// 1 to 100 characters; a call that is repeated under its key does nothing again.
    idempotency_key: String,
}

/// Another attempt to pay.
#[derive(InputObject)]
struct RetryPaymentInput {
    /// The order.
    order_id: ID,
    /// Who takes the money.
    provider: Provider,
    /// 1 to 100 characters; a call that is repeated under its key does nothing again.
    idempotency_key: String,
}

/// An order to call off.
#[derive(InputObject)]
struct CancelOrderInput {
    /// The order.
    order_id: ID,
}

/// An order to pay back.
#[derive(InputObject)]
struct RefundOrderInput {
    /// The order.
    order_id: ID,
    /// 1 to 100 characters; a call that is repeated under its key does nothing again.
    idempotency_key: String,
}

/// A refund that was done by hand.
#[derive(InputObject)]
struct ConfirmRefundInput {
    /// The refund.
    refund_id: ID,
}

/// What `purchaseBook` did.
#[derive(SimpleObject)]
struct PurchaseBookPayload {
    /// The new state; null when refused.
    order: Option<OrderType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<PurchaseError>,
}

/// What `subscribe` did.
#[derive(SimpleObject)]
struct SubscribePayload {
    /// The new state; null when refused.
    order: Option<OrderType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<PurchaseError>,
}

/// What `topUpWallet` did.
#[derive(SimpleObject)]
struct TopUpWalletPayload {
    /// The new state; null when refused.
    order: Option<OrderType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<PurchaseError>,
}

/// What `retryPayment` did.
#[derive(SimpleObject)]
struct RetryPaymentPayload {
    /// The new state; null when refused.
    order: Option<OrderType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<RetryPaymentError>,
}

/// What `cancelOrder` did.
#[derive(SimpleObject)]
struct CancelOrderPayload {
    /// The new state; null when refused.
    order: Option<OrderType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CancelOrderError>,
}

/// What `refundOrder` did.
#[derive(SimpleObject)]
struct RefundOrderPayload {
    /// The new state; null when refused.
    order: Option<OrderType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<RefundOrderError>,
}

/// What `confirmRefund` did.
#[derive(SimpleObject)]
struct ConfirmRefundPayload {
    /// The new state; null when refused.
    order: Option<OrderType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ConfirmRefundError>,
}

/// What `cancelSubscription` did.
#[derive(SimpleObject)]
struct CancelSubscriptionPayload {
    /// The new state; null when refused.
    subscription: Option<SubscriptionType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CancelSubscriptionError>,
}

/// Buys, and reads the order back as it is after the provider was called.
async fn bought(
    context: &Context<'_>,
    wanted: Wanted,
    provider: Provider,
    idempotency_key: &str,
) -> Result<(Option<OrderType>, Vec<PurchaseError>)> {
    let outcome = purchase::buy(
        context.command(),
        payment(context),
        wanted,
        provider,
        idempotency_key,
    )
    .await;
    let (order, errors) = settle(context, outcome, PurchaseError::new)?;
    Ok((read_back(context, order).await?, errors))
}

async fn read_back(context: &Context<'_>, order: Option<Uuid>) -> Result<Option<OrderType>> {
    let Some(order) = order else { return Ok(None) };
    let loader = context.data_unchecked::<DataLoader<Orders>>();
    Ok(loader.load_one(order).await?.map(OrderType))
}

/// Root mutations of payment.
pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Begins to buy a book: send the payer to the attempt's `checkoutUrl`. From the wallet it is paid at once.
    async fn purchase_book(
        &self,
        context: &Context<'_>,
        input: PurchaseBookInput,
    ) -> Result<PurchaseBookPayload> {
        let wanted = Wanted::Book(key(&input.book_id), input.currency);
        let (order, errors) =
            bought(context, wanted, input.provider, &input.idempotency_key).await?;
        Ok(PurchaseBookPayload { order, errors })
    }

    /// Begins to buy a period of a plan; while a subscription runs, the period is added to it.
    async fn subscribe(
        &self,
        context: &Context<'_>,
        input: SubscribeInput,
    ) -> Result<SubscribePayload> {
        let wanted = Wanted::Plan(input.plan_code, input.currency);
        let (order, errors) =
            bought(context, wanted, input.provider, &input.idempotency_key).await?;
        Ok(SubscribePayload { order, errors })
    }

    /// Begins to put money into the wallet.
    async fn top_up_wallet(
        &self,
        context: &Context<'_>,
        input: TopUpWalletInput,
    ) -> Result<TopUpWalletPayload> {
        let wanted = Wanted::TopUp(Money::new(input.amount, input.currency));
        let (order, errors) =
            bought(context, wanted, input.provider, &input.idempotency_key).await?;
        Ok(TopUpWalletPayload { order, errors })
    }

    /// Has an order of the viewer's that is not paid yet paid by another attempt.
    async fn retry_payment(
        &self,
        context: &Context<'_>,
        input: RetryPaymentInput,
    ) -> Result<RetryPaymentPayload> {
        let outcome = purchase::retry(
            context.command(),
            payment(context),
            key(&input.order_id),
            input.provider,
            &input.idempotency_key,
        )
        .await;
        let (order, errors) = settle(context, outcome, RetryPaymentError::new)?;
        let order = read_back(context, order).await?;
        Ok(RetryPaymentPayload { order, errors })
    }

    /// Calls off an order of the viewer's that is not paid yet.
    async fn cancel_order(
        &self,
        context: &Context<'_>,
        input: CancelOrderInput,
    ) -> Result<CancelOrderPayload> {
        let order = key(&input.order_id);
        let outcome = operator::cancel(context.command(), payment(context), order).await;
        let (order, errors) = settle(context, outcome, CancelOrderError::new)?;
        let order = read_back(context, order).await?;
        Ok(CancelOrderPayload { order, errors })
    }

    /// Ends the viewer's subscription with the period that is paid.
    async fn cancel_subscription(
        &self,
        context: &Context<'_>,
    ) -> Result<CancelSubscriptionPayload> {
        let outcome = subscriptions::cancel(context.command(), payment(context)).await;
        let (subscription, errors) = settle(context, outcome, CancelSubscriptionError::new)?;
        Ok(CancelSubscriptionPayload {
            subscription: subscription.map(SubscriptionType),
            errors,
        })
    }

    /// Has a paid order paid back, and what it gave taken away. Needs `payments:refund`.
    async fn refund_order(
        &self,
        context: &Context<'_>,
        input: RefundOrderInput,
    ) -> Result<RefundOrderPayload> {
        let order = key(&input.order_id);
        let outcome = operator::refund(
            context.command(),
            payment(context),
            order,
            &input.idempotency_key,
        )
        .await;
        let (order, errors) = settle(context, outcome, RefundOrderError::new)?;
        let order = read_back(context, order).await?;
        Ok(RefundOrderPayload { order, errors })
    }

    /// Says that a refund with the status `MANUAL` was done. Needs `payments:refund`.
    async fn confirm_refund(
        &self,
        context: &Context<'_>,
        input: ConfirmRefundInput,
    ) -> Result<ConfirmRefundPayload> {
        let refund = key(&input.refund_id);
        let outcome = operator::confirm(context.command(), payment(context), refund).await;
        let (order, errors) = settle(context, outcome, ConfirmRefundError::new)?;
        let order = read_back(context, order).await?;
        Ok(ConfirmRefundPayload { order, errors })
    }
}
