//! Beginning to buy: the order with its price snapshot and its first attempt, kept before any provider is called.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::payment::OrderCreated;
use coko_core::graphql::{Failure, Outcome};
use coko_core::idempotency::{self, Claim};
use coko_core::money::{Currency, Money};
use coko_core::{Error, outbox};
use diesel::result::{DatabaseErrorKind, Error as Diesel};
use diesel_async::AsyncConnection as _;
use time::Duration;
use uuid::Uuid;

use super::{Payment, checkout, settle};
use crate::error::{PurchaseErrorCode, RetryPaymentErrorCode};
use crate::fault;
use crate::model::{Attempt, CurrencyCode, Order, OrderKind, OrderStatus, Provider};
use crate::store;

/// What someone wants to buy.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) enum Wanted {
    /// A book, priced in a currency.
    Book(Uuid, Currency),
    /// A period of the plan with this code.
    Plan(String, Currency),
    /// Money for the wallet.
    TopUp(Money),
}

/// The least and the most that a wallet is topped up with at once, in minor units of each currency.
fn top_up_bounds(currency: Currency) -> std::ops::RangeInclusive<i64> {
    match currency {
        Currency::Xof => 100..=500_000,
        Currency::Eur | Currency::Usd => 100..=100_000,
    }
}

/// Begins to buy: returns the order, with an attempt that waits for the payer, failed, or is not certain yet. A call that is
/// repeated under its key returns the order as it is by then.
///
/// # Errors
/// Refusals of the input; `UNAUTHENTICATED` for a guest; `IDEMPOTENCY_MISMATCH`.
pub(crate) async fn buy(
    context: &CommandContext,
    payment: &Payment,
    wanted: Wanted,
    provider: Provider,
    key: &str,
) -> Outcome<Uuid, PurchaseErrorCode> {
    let user = context.viewer.require_user()?;
    offered(payment, provider)?;
    let mut connection = payment.pool.get().await?;
    let (order, attempt) = connection
        .transaction(async |connection| {
            let id = context.id();
            let call = ("buy", &(&wanted, provider));
            let owner = context.viewer.key();
            match idempotency::claim(connection, &owner, key, call, id, context.now).await? {
                Claim::Seen(order) => return Ok((order, None)),
                Claim::Fresh => {}
            }
            let order = priced(connection, context, payment, user, id, &wanted).await?;
            let charge = provider
                .charge(order.price())
                .ok_or_else(|| refused(PurchaseErrorCode::CurrencyNotTaken, "currency"))?;
            store::orders::insert(connection, &order)
                .await
                .map_err(overtaken)?;
            let event = OrderCreated {
                order_id: order.id,
                user_id: user,
                kind: order.kind.as_str().to_owned(),
                book_id: order.book_id,
                price: order.price(),
                created_at: context.now,
            };
            outbox::enqueue(connection, context, &event).await?;
            let attempt = attempt(connection, context, payment, order, provider, charge).await?;
            let attempt =
                attempt.ok_or_else(|| refused(PurchaseErrorCode::WalletEmpty, "provider"))?;
            Ok::<_, Failure<PurchaseErrorCode>>((id, Some(attempt)))
        })
        .await?;
    drop(connection);
    metrics::counter!("payment_orders_total", "provider" => provider.as_str()).increment(1);
    go_on(context, payment, attempt).await?;
    Ok(order)
}

/// Has an open order paid by another attempt, possibly of another provider.
///
/// # Errors
/// Refusals; `NOT_FOUND` as a refusal for an order that is not the viewer's.
pub(crate) async fn retry(
    context: &CommandContext,
    payment: &Payment,
    order: Uuid,
    provider: Provider,
    key: &str,
) -> Outcome<Uuid, RetryPaymentErrorCode> {
    let user = context.viewer.require_user()?;
    if provider != Provider::Wallet && payment.connectors.of(provider).is_none() {
        return Err(Failure::field(
            RetryPaymentErrorCode::ProviderNotOffered,
            "provider",
        ));
    }
    let mut connection = payment.pool.get().await?;
    let attempt = connection
        .transaction(async |connection| {
            let refused = |code, field: &'static str| Failure::field(code, field);
            let call = ("retryPayment", &(order, provider));
            let owner = context.viewer.key();
            match idempotency::claim(connection, &owner, key, call, order, context.now).await? {
                Claim::Seen(_) => return Ok(None),
                Claim::Fresh => {}
            }
            let order = store::orders::lock(connection, order)
                .await?
                .filter(|order| order.user_id == user)
                .ok_or_else(|| refused(RetryPaymentErrorCode::NotFound, "orderId"))?;
            if !order.status.is_open() {
                return Err(refused(RetryPaymentErrorCode::NotOpen, "orderId"));
            }
            let charge = provider
                .charge(order.price())
                .filter(|_| order.kind != OrderKind::TopUp || provider != Provider::Wallet)
                .ok_or_else(|| refused(RetryPaymentErrorCode::CurrencyNotTaken, "provider"))?;
            let attempt = attempt(connection, context, payment, order, provider, charge).await?;
            attempt
                .map(Some)
                .ok_or_else(|| refused(RetryPaymentErrorCode::WalletEmpty, "provider"))
        })
        .await?;
    drop(connection);
    go_on(context, payment, attempt).await?;
    Ok(order)
}

/// Calls the provider for an attempt that is kept; what it says is in the database afterwards.
async fn go_on(
    context: &CommandContext,
    payment: &Payment,
    attempt: Option<Attempt>,
) -> Result<(), Error> {
    fault::point("order-kept");
    match attempt {
        Some(attempt) if attempt.is_open() => checkout::open(context, payment, &attempt).await,
        _ => Ok(()),
    }
}

/// Keeps a new attempt; from the wallet, pays at once. None when the wallet holds too little.
async fn attempt(
    connection: &mut Connection,
    context: &CommandContext,
    payment: &Payment,
    order: Order,
    provider: Provider,
    charge: Money,
) -> Result<Option<Attempt>, Error> {
    let mut attempt = Attempt::new(context.id(), order.id, provider, charge, context.now);
    if provider == Provider::Wallet {
        if !store::ledger::withdraw(connection, order.user_id, charge).await? {
            return Ok(None);
        }
        store::attempts::insert(connection, &attempt).await?;
        settle::take(connection, context, payment, order, &mut attempt).await?;
    } else {
        attempt.check_at = Some(context.now + payment.first_check());
        store::attempts::insert(connection, &attempt).await?;
    }
    Ok(Some(attempt))
}

/// The order that `wanted` makes, at today's price.
async fn priced(
    connection: &mut Connection,
    context: &CommandContext,
    payment: &Payment,
    user: Uuid,
    id: Uuid,
    wanted: &Wanted,
) -> Outcome<Order, PurchaseErrorCode> {
    use PurchaseErrorCode as C;
    let priced_in = |prices: &[Money], currency| {
        let found = prices.iter().find(|price| price.currency == currency);
        let found = found.copied().filter(|price| price.amount > 0);
        found.ok_or_else(|| refused(C::CurrencyNotTaken, "currency"))
    };
    let (kind, book_id, plan_code, title, price) = match wanted {
        Wanted::Book(book, currency) => {
            let offer = store::books::on_sale(connection, *book)
                .await?
                .ok_or_else(|| refused(C::NotForSale, "bookId"))?;
            if offer.is_free {
                return Err(refused(C::Free, "bookId"));
            }
            if store::books::is_entitled(connection, user, *book).await? {
                return Err(refused(C::AlreadyOwned, "bookId"));
            }
            if let Some(running) = store::orders::running(connection, user, *book).await? {
                return Err(refused(reserved(running.status), "bookId"));
            }
            let price = priced_in(&offer.prices, *currency)?;
            (OrderKind::Book, Some(*book), None, offer.title, price)
        }
        Wanted::Plan(code, currency) => {
            let plan = store::plans::by_code(connection, code)
                .await?
                .ok_or_else(|| refused(C::NotForSale, "planCode"))?;
            let price = priced_in(&store::plans::prices(plan.prices), *currency)?;
            let title = match context.locale.language() {
                "en" => plan.name_en,
                _ => plan.name_fr,
            };
            (OrderKind::Subscription, None, Some(plan.code), title, price)
        }
        Wanted::TopUp(money) => {
            if !top_up_bounds(money.currency).contains(&money.amount) {
                return Err(refused(C::AmountOutOfRange, "amount"));
            }
            (OrderKind::TopUp, None, None, "Coko".to_owned(), *money)
        }
    };
    Ok(Order {
        id,
        user_id: user,
        kind,
        book_id,
        plan_code,
        title,
        amount: price.amount,
        currency: CurrencyCode(price.currency),
        status: OrderStatus::Pending,
        paid_attempt_id: None,
        created_at: context.now,
        updated_at: context.now,
        due_at: Some(context.now + Duration::minutes(payment.config.timers.order_minutes)),
    })
}

fn reserved(status: OrderStatus) -> PurchaseErrorCode {
    if status.is_open() {
        PurchaseErrorCode::AlreadyOrdered
    } else {
        PurchaseErrorCode::AlreadyOwned
    }
}

fn refused(code: PurchaseErrorCode, field: &'static str) -> Failure<PurchaseErrorCode> {
    Failure::field(code, field)
}

fn offered(payment: &Payment, provider: Provider) -> Outcome<(), PurchaseErrorCode> {
    if provider == Provider::Wallet || payment.connectors.of(provider).is_some() {
        Ok(())
    } else {
        Err(refused(PurchaseErrorCode::ProviderNotOffered, "provider"))
    }
}

/// Another order of the same book was faster by a moment.
fn overtaken(error: Diesel) -> Failure<PurchaseErrorCode> {
    match &error {
        Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, about)
            if about.constraint_name() == Some("orders_reservation") =>
        {
            refused(PurchaseErrorCode::AlreadyOrdered, "bookId")
        }
        _ => error.into(),
    }
}
