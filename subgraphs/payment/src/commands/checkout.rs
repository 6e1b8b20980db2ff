//! Opening a checkout at the provider, and finding out how one stands.

use coko_core::context::CommandContext;
use coko_core::{Error, Result};
use diesel_async::AsyncConnection as _;

use super::{NOTICE_TOKEN, Payment, settle};
use crate::connectors::{Checkout, Connector, Opened, Payment as Paying, Trouble};
use crate::fault;
use crate::model::{Attempt, AttemptStatus, Order, OrderStatus, Provider};
use crate::store;

/// Opens the checkout of an attempt that is kept. What the provider refuses fails the attempt; what stays uncertain is found
/// out by the sweeper.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn open(
    context: &CommandContext,
    payment: &Payment,
    attempt: &Attempt,
) -> Result<()> {
    let Some(connector) = payment.connectors.of(attempt.provider) else {
        return Ok(());
    };
    let order = order_of(payment, attempt).await?;
    let opened = match call(context, payment, connector, &order, attempt).await {
        Err(Trouble::Uncertain(why)) => {
            tracing::warn!(attempt = %attempt.id, provider = attempt.provider.as_str(), why, "opening a checkout is uncertain");
            // Whether it worked can be asked where there is a search, and tried again where the provider deduplicates.
            let known = payment.known(attempt)?;
            match connector.status(&known).await {
                Ok(status) if status.found.is_some() => status.found.ok_or(Trouble::Uncertain(why)),
                Ok(_) if attempt.provider != Provider::OrangeMoney => {
                    call(context, payment, connector, &order, attempt).await
                }
                Ok(_) | Err(_) => return Ok(()),
            }
        }
        outcome => outcome,
    };
    fault::point("provider-called");
    match opened {
        Ok(opened) => {
            keep(context, payment, attempt, opened).await?;
            fault::point("checkout-kept");
            Ok(())
        }
        Err(Trouble::Refused { kind, detail }) => {
            tracing::info!(attempt = %attempt.id, provider = attempt.provider.as_str(), detail, "a checkout was refused");
            settle::settle(context, payment, attempt.id, Paying::Failed(kind)).await
        }
        Err(Trouble::Uncertain(_)) => Ok(()),
    }
}

async fn call(
    context: &CommandContext,
    payment: &Payment,
    connector: &dyn Connector,
    order: &Order,
    attempt: &Attempt,
) -> Result<Opened, Trouble> {
    let back = |outcome: &str| format!("{}/orders/{}?{outcome}", payment.site_url, order.id);
    let checkout = Checkout {
        attempt: attempt.id,
        charge: attempt.charged(),
        title: &order.title,
        success_url: &back("paid"),
        cancel_url: &back("cancelled"),
        notice_url: &format!(
            "{}/webhooks/{}",
            payment.webhook_url,
            attempt.provider.slug()
        ),
        language: match context.locale.language() {
            "en" => "en",
            _ => "fr",
        },
    };
    connector.open(&checkout).await
}

async fn order_of(payment: &Payment, attempt: &Attempt) -> Result<Order> {
    let mut connection = payment.pool.get().await?;
    let found = store::orders::by_ids(&mut connection, &[attempt.order_id]).await?;
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// Keeps what the provider calls a checkout, and where the payer pays.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn keep(
    context: &CommandContext,
    payment: &Payment,
    attempt: &Attempt,
    opened: Opened,
) -> Result<()> {
    let mut connection = payment.pool.get().await?;
    connection
        .transaction(async |connection| {
            let order = store::orders::lock(connection, attempt.order_id).await?;
            let attempt = store::attempts::by_id(connection, attempt.id).await?;
            let (Some(mut order), Some(mut attempt)) = (order, attempt) else {
                return Ok(());
            };
            if attempt.references_sealed.is_none() {
                attempt.references_sealed = Some(payment.seal(&opened.references)?);
                let index = |token: String| payment.cipher.blind_index(NOTICE_TOKEN, &token);
                attempt.notice_index = opened.notice_token.map(index);
            }
            attempt.checkout_url = Some(opened.checkout_url);
            attempt.updated_at = context.now;
            // The notice may have been faster than the answer to the call.
            if attempt.status == AttemptStatus::Created {
                attempt.status = AttemptStatus::AwaitingPayer;
            }
            store::attempts::update(connection, &attempt).await?;
            if order.status == OrderStatus::Pending && attempt.is_open() {
                order.status = OrderStatus::AwaitingPayer;
                order.updated_at = context.now;
                store::orders::update(connection, &order).await?;
            }
            Ok(())
        })
        .await
}

/// Asks the provider how an attempt stands, and settles what it says. Returns whether the answer is certain.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn ask(
    context: &CommandContext,
    payment: &Payment,
    attempt: &Attempt,
) -> Result<bool> {
    let Some(connector) = payment.connectors.of(attempt.provider) else {
        return Ok(false);
    };
    let status = match connector.status(&payment.known(attempt)?).await {
        Ok(status) => status,
        Err(trouble) => {
            tracing::warn!(attempt = %attempt.id, provider = attempt.provider.as_str(), %trouble, "a status is not known");
            return Ok(false);
        }
    };
    fault::point("status-known");
    if let Some(found) = status.found {
        keep(context, payment, attempt, found).await?;
    }
    settle::settle(context, payment, attempt.id, status.payment).await?;
    Ok(true)
}
