//! Attempts to pay an order through a provider.

use coko_core::money::{Currency, Money};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{CurrencyCode, money};
use crate::tables::attempts;

coko_core::text_enum! {
    /// Who takes the money.
    pub(crate) Provider {
        /// Wave, in XOF.
        Wave = "WAVE",
        /// Orange Money, in XOF.
        OrangeMoney = "ORANGE_MONEY",
        /// Cards through Stripe, in XOF, EUR or USD.
        Stripe = "STRIPE",
        /// PayPal, in EUR or USD.
        Paypal = "PAYPAL",
        /// The reader's own wallet here.
        Wallet = "WALLET",
    }
}

impl Provider {
    /// The currencies that it takes, the preferred one first.
    fn currencies(self) -> &'static [Currency] {
        match self {
            Self::Wave | Self::OrangeMoney => &[Currency::Xof],
            Self::Paypal => &[Currency::Eur, Currency::Usd],
            Self::Stripe | Self::Wallet => &Currency::ALL,
        }
    }

    /// What it is asked to take for `price`: the price itself, or its worth at the fixed parity; none when it cannot.
    pub(crate) fn charge(self, price: Money) -> Option<Money> {
        if self.currencies().contains(&price.currency) {
            return Some(price);
        }
        let converted = self.currencies().iter();
        let mut converted = converted.filter_map(|currency| money::convert(price, *currency));
        converted.next().filter(|charge| charge.amount > 0)
    }

    /// The part of its webhook's path.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Wave => "wave",
            Self::OrangeMoney => "orange-money",
            Self::Stripe => "stripe",
            Self::Paypal => "paypal",
            Self::Wallet => "wallet",
        }
    }
}

coko_core::text_enum! {
    /// Where an attempt stands.
    pub(crate) AttemptStatus {
        /// Kept here; whether the provider knows of it is not certain yet.
        Created = "CREATED",
        /// The provider waits for the payer.
        AwaitingPayer = "AWAITING_PAYER",
        /// The provider confirmed the payment.
        Succeeded = "SUCCEEDED",
        /// Nothing was paid.
        Failed = "FAILED",
    }
}

coko_core::text_enum! {
    /// Why an attempt failed, alike for all providers.
    pub(crate) FailureKind {
        /// The payer has not enough money.
        InsufficientFunds = "INSUFFICIENT_FUNDS",
        /// The payer reached a limit of the account.
        LimitExceeded = "LIMIT_EXCEEDED",
        /// The provider is out of order.
        OperatorDown = "OPERATOR_DOWN",
        /// The payer called it off.
        PayerCancelled = "PAYER_CANCELLED",
        /// The payer did not pay in time.
        Expired = "EXPIRED",
        /// The provider refused, and does not say why.
        Declined = "DECLINED",
        /// The provider suspects fraud.
        FraudSuspected = "FRAUD_SUSPECTED",
        /// Anything else.
        Unknown = "UNKNOWN",
    }
}

/// The provider's own names for an attempt; sealed in the database.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct References {
    /// The checkout session or order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) external_id: Option<String>,
    /// What asking for the status takes, where that is not the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// What a refund names: the transaction, payment intent or capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) transaction: Option<String>,
}

impl std::fmt::Debug for References {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("References(…)")
    }
}

/// One attempt to have an order paid.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = attempts, treat_none_as_null = true)]
pub(crate) struct Attempt {
    pub(crate) id: Uuid,
    pub(crate) order_id: Uuid,
    pub(crate) provider: Provider,
    pub(crate) status: AttemptStatus,
    pub(crate) charged_amount: i64,
    pub(crate) charged_currency: CurrencyCode,
    pub(crate) checkout_url: Option<String>,
    pub(crate) references_sealed: Option<Vec<u8>>,
    pub(crate) notice_index: Option<Vec<u8>>,
    pub(crate) failure: Option<FailureKind>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) check_at: Option<OffsetDateTime>,
    pub(crate) checks: i32,
    pub(crate) reconciled_at: Option<OffsetDateTime>,
}

impl Attempt {
    /// A fresh attempt that the provider does not know of yet.
    pub(crate) fn new(
        id: Uuid,
        order_id: Uuid,
        provider: Provider,
        charge: Money,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            order_id,
            provider,
            status: AttemptStatus::Created,
            charged_amount: charge.amount,
            charged_currency: CurrencyCode(charge.currency),
            checkout_url: None,
            references_sealed: None,
            notice_index: None,
            failure: None,
            created_at: now,
            updated_at: now,
            check_at: None,
            checks: 0,
            reconciled_at: None,
        }
    }

    /// What the provider is asked to take.
    pub(crate) fn charged(&self) -> Money {
        Money::new(self.charged_amount, self.charged_currency.0)
    }

    /// Whether the provider may still take money for it, as far as we know.
    pub(crate) fn is_open(&self) -> bool {
        matches!(
            self.status,
            AttemptStatus::Created | AttemptStatus::AwaitingPayer
        )
    }
}

/// How long to wait before the provider is asked again, after `checks` times: 20 s, 40 s … at most five minutes.
pub(crate) fn check_delay(first: Duration, checks: i32) -> Duration {
    let doubled = first * 2_i32.pow(u32::try_from(checks.clamp(0, 10)).unwrap_or(0));
    doubled.min(Duration::minutes(5).max(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_take_what_they_can() {
        let charge =
            |provider: Provider, amount, currency| provider.charge(Money::new(amount, currency));
        assert_eq!(
            charge(Provider::Paypal, 1500, Currency::Xof),
            Some(Money::new(229, Currency::Eur))
        );
        assert_eq!(
            charge(Provider::Wave, 229, Currency::Eur),
            Some(Money::new(1502, Currency::Xof))
        );
        assert_eq!(
            charge(Provider::Stripe, 1500, Currency::Xof),
            Some(Money::new(1500, Currency::Xof))
        );
        assert_eq!(charge(Provider::Wave, 229, Currency::Usd), None);
        // Three francs are worth no cent.
        assert_eq!(charge(Provider::Paypal, 3, Currency::Xof), None);
    }

    #[test]
    fn waits_grow_to_five_minutes() {
        let first = Duration::seconds(20);
        let waits: Vec<i64> = (0..6)
            .map(|checks| check_delay(first, checks).whole_seconds())
            .collect();
        assert_eq!(waits, [20, 40, 80, 160, 300, 300]);
    }
}
