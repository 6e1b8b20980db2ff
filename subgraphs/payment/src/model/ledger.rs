//! Double entry: which accounts a step books on. Debits are positive, credits negative.

use coko_core::ledger::{Entry, Journal, credit, debit};
use coko_core::money::Money;
use uuid::Uuid;

use super::{Attempt, Order, OrderKind, Provider};

/// Money that was received and belongs to no order.
const SUSPENSE: &str = "suspense";
/// Where currencies meet at the fixed parity.
const EXCHANGE: &str = "exchange";

/// The account of money that lies at the payer's side: the provider's, or the reader's wallet.
fn source(provider: Provider, user: Uuid) -> String {
    match provider {
        Provider::Wallet => wallet(user),
        provider => format!("provider:{}", provider.slug()),
    }
}

fn wallet(user: Uuid) -> String {
    format!("wallet:{user}")
}

/// The account of what an order sells.
fn sold(order: &Order) -> String {
    match order.kind {
        OrderKind::Book => "sales:books".to_owned(),
        OrderKind::Subscription => "sales:subscriptions".to_owned(),
        OrderKind::TopUp => wallet(order.user_id),
    }
}

/// A payment that pays for its order, in both currencies when the provider takes another one.
pub(crate) fn capture(order: &Order, attempt: &Attempt) -> Journal {
    Journal::new(format!("capture:{}", attempt.id), sale(order, attempt))
}

/// A payment of `received` that nothing is owed for: it waits for its refund.
pub(crate) fn suspend(order: &Order, attempt: &Attempt, received: Money) -> Journal {
    Journal::new(
        format!("capture:{}", attempt.id),
        suspended(order, attempt, received),
    )
}

/// The reversal of what `capture` or `suspend` booked; `booked` are its lines.
pub(crate) fn reversal(refund: Uuid, booked: Vec<Entry>) -> Journal {
    Journal::reversal(format!("refund:{refund}"), booked)
}

fn sale(order: &Order, attempt: &Attempt) -> Vec<Entry> {
    let (price, charged) = (order.price(), attempt.charged());
    let source = source(attempt.provider, order.user_id);
    let mut entries = vec![debit(source, charged)];
    if charged.currency != price.currency {
        entries.push(credit(EXCHANGE, charged));
        entries.push(debit(EXCHANGE, price));
    }
    entries.push(credit(sold(order), price));
    entries
}

fn suspended(order: &Order, attempt: &Attempt, received: Money) -> Vec<Entry> {
    vec![
        debit(source(attempt.provider, order.user_id), received),
        credit(SUSPENSE, received),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use coko_core::money::Currency;
    use proptest::prelude::*;
    use time::OffsetDateTime;

    use super::*;
    use crate::model::{CurrencyCode, OrderStatus};

    proptest! {
        #[test]
        fn every_journal_sums_to_zero(
            amount in 100_i64..10_000_000,
            currency in prop::sample::select(Currency::ALL.to_vec()),
            provider in prop::sample::select(Provider::ALL.to_vec()),
            kind in prop::sample::select(vec![OrderKind::Book, OrderKind::Subscription, OrderKind::TopUp]),
        ) {
            let price = Money::new(amount, currency);
            let Some(charge) = provider.charge(price) else { return Ok(()) };
            let order = Order {
                id: Uuid::from_u128(1), user_id: Uuid::from_u128(2), kind, book_id: None, plan_code: None,
                title: String::new(), amount, currency: CurrencyCode(currency), status: OrderStatus::Pending,
                paid_attempt_id: None, created_at: OffsetDateTime::UNIX_EPOCH, updated_at: OffsetDateTime::UNIX_EPOCH,
                due_at: None,
            };
            let attempt = Attempt::new(Uuid::from_u128(3), order.id, provider, charge, OffsetDateTime::UNIX_EPOCH);
            let captured = capture(&order, &attempt);
            let suspended = suspend(&order, &attempt, charge);
            let reversed = reversal(Uuid::from_u128(4), captured.entries.clone());
            for journal in [&captured, &suspended, &reversed] {
                prop_assert!(journal.sums().values().all(|sum| *sum == 0), "{journal:?}");
            }
            let mut both = captured.entries;
            both.extend(reversed.entries);
            let mut accounts: BTreeMap<(String, Currency), i64> = BTreeMap::new();
            for entry in both {
                *accounts.entry((entry.account, entry.amount.currency)).or_insert(0) += entry.amount.amount;
            }
            prop_assert!(accounts.values().all(|sum| *sum == 0));
        }
    }
}
