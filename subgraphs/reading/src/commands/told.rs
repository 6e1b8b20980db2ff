//! What other domains tell: purchases, refunds, subscriptions, departures. Each runs in its consumer's transaction, and comes to
//! the same in whatever order and however often it is told.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::payment::{BookPurchased, OrderRefunded, SubscriptionState};
use coko_core::events::reading::EntitlementRefused;
use coko_core::{Result, outbox};

use super::rights::{self, Given};
use crate::model::{Entitlement, RevocationReason, Source};
use crate::store;

/// A book was paid for: its buyer may read it, or is told that this can never be.
pub(crate) async fn purchased(
    connection: &mut Connection,
    context: &CommandContext,
    event: &BookPurchased,
) -> Result<()> {
    let mut reader = store::readers::lock(connection, event.user_id).await?;
    let refusal = if reader.is_gone() {
        Some("ACCOUNT_GONE")
    } else {
        let books = store::books::by_ids(connection, &[event.book_id]).await?;
        let held = store::entitlements::of(connection, event.user_id, &[event.book_id]).await?;
        let granted_before = held.iter().any(|right| right.source_id == event.order_id);
        if books.iter().any(|book| book.deleted) && !granted_before {
            Some("BOOK_GONE")
        } else {
            let from = (Source::Purchased, event.order_id);
            let given = rights::give(connection, context, &mut reader, event.book_id, from).await?;
            store::readers::update(connection, &reader).await?;
            Some("REFUNDED").filter(|_| given == Given::Ended)
        }
    };
    if let Some(reason) = refusal {
        let refused = EntitlementRefused {
            user_id: event.user_id,
            book_id: event.book_id,
            order_id: event.order_id,
            reason: reason.to_owned(),
            refused_at: context.now,
        };
        metrics::counter!("reading_entitlements_total", "source" => "PURCHASED", "outcome" => reason)
            .increment(1);
        outbox::enqueue(connection, context, &refused).await?;
    }
    Ok(())
}

/// An order was paid back: the right that came from it ends, or is never given.
pub(crate) async fn refunded(
    connection: &mut Connection,
    context: &CommandContext,
    event: &OrderRefunded,
) -> Result<()> {
    let Some(book) = event.book_id else {
        return Ok(());
    };
    let mut reader = store::readers::lock(connection, event.user_id).await?;
    if reader.is_gone() {
        return Ok(());
    }
    let rights = store::entitlements::of(connection, event.user_id, &[book]).await?;
    let known = rights
        .into_iter()
        .find(|right| right.source == Source::Purchased && right.source_id == event.order_id);
    match known {
        None => {
            let never = Entitlement {
                user_id: event.user_id,
                book_id: book,
                source: Source::Purchased,
                source_id: event.order_id,
                granted_at: None,
                revoked_at: Some(context.now),
                reason: Some(RevocationReason::Refunded),
            };
            store::entitlements::keep(connection, &[never]).await?;
        }
        Some(right) if right.holds() => {
            let reason = RevocationReason::Refunded;
            rights::end_all(connection, context, &mut reader, vec![right], reason).await?;
            store::readers::update(connection, &reader).await?;
        }
        Some(_) => {}
    }
    Ok(())
}

/// A subscription runs: what ended with the one before can be read again.
pub(crate) async fn subscribed(
    connection: &mut Connection,
    context: &CommandContext,
    subscription: &SubscriptionState,
) -> Result<()> {
    let user = subscription.user_id;
    let mut reader = store::readers::lock(connection, user).await?;
    if reader.is_gone() {
        return Ok(());
    }
    store::subscriptions::begin(connection, subscription).await?;
    if store::subscriptions::running(connection, user)
        .await?
        .is_none()
    {
        return Ok(());
    }
    let mut ended = store::entitlements::of_subscription(connection, user, false).await?;
    let books: Vec<_> = ended.iter().map(|right| right.book_id).collect();
    let books = store::books::by_ids(connection, &books).await?;
    ended.retain(|right| {
        books
            .iter()
            .any(|book| book.book_id == right.book_id && book.on_shelf)
    });
    if !ended.is_empty() {
        rights::give_all(connection, context, &mut reader, ended).await?;
        store::readers::update(connection, &reader).await?;
    }
    Ok(())
}

/// A subscription ended, and with it the rights that came from it, unless another one runs.
pub(crate) async fn unsubscribed(
    connection: &mut Connection,
    context: &CommandContext,
    subscription: &SubscriptionState,
) -> Result<()> {
    let user = subscription.user_id;
    let mut reader = store::readers::lock(connection, user).await?;
    if reader.is_gone() {
        return Ok(());
    }
    store::subscriptions::end(connection, subscription).await?;
    if store::subscriptions::running(connection, user)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let holding = store::entitlements::of_subscription(connection, user, true).await?;
    if !holding.is_empty() {
        let reason = RevocationReason::SubscriptionEnded;
        rights::end_all(connection, context, &mut reader, holding, reason).await?;
        store::readers::update(connection, &reader).await?;
    }
    Ok(())
}
