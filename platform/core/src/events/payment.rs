//! What payment says: orders, payments, purchases, refunds, subscriptions.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::Payload;
use crate::money::{Currency, Money};

const SAMPLE_ORDER: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8501");
const SAMPLE_ATTEMPT: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8502");
const SAMPLE_SUBSCRIPTION: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8503");
const SAMPLE_USER: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8001");
const SAMPLE_BOOK: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8101");

/// Someone began to buy something: `order.created`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCreated {
    /// The order.
    pub order_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// `BOOK`, `SUBSCRIPTION` or `TOP_UP`.
    pub kind: String,
    /// The book, when one is bought.
    pub book_id: Option<Uuid>,
    /// What it costs, fixed for this order.
    pub price: Money,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl Payload for OrderCreated {
    const DOMAIN: &'static str = "payment";
    const TYPE: &'static str = "order.created";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.order_id.to_string()
    }

    fn sample() -> Self {
        Self {
            order_id: SAMPLE_ORDER,
            user_id: SAMPLE_USER,
            kind: "BOOK".to_owned(),
            book_id: Some(SAMPLE_BOOK),
            price: Money::new(2500, Currency::Xof),
            created_at: datetime!(2026-02-01 09:00 UTC),
        }
    }
}

/// The provider confirmed that an order was paid: `payment.succeeded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentSucceeded {
    /// The order.
    pub order_id: Uuid,
    /// The attempt to pay.
    pub attempt_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// `WAVE`, `ORANGE_MONEY`, `STRIPE`, `PAYPAL` or `WALLET`.
    pub provider: String,
    /// What the order costs.
    pub price: Money,
    /// What the provider took, in the currency that it takes.
    pub charged: Money,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub paid_at: OffsetDateTime,
}

impl Payload for PaymentSucceeded {
    const DOMAIN: &'static str = "payment";
    const TYPE: &'static str = "payment.succeeded";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.order_id.to_string()
    }

    fn sample() -> Self {
        Self {
            order_id: SAMPLE_ORDER,
            attempt_id: SAMPLE_ATTEMPT,
            user_id: SAMPLE_USER,
            provider: "WAVE".to_owned(),
            price: Money::new(2500, Currency::Xof),
            charged: Money::new(2500, Currency::Xof),
            paid_at: datetime!(2026-02-01 09:01 UTC),
        }
    }
}

/// An attempt to pay failed; the order can be tried again: `payment.failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailed {
    /// The order.
    pub order_id: Uuid,
    /// The attempt to pay.
    pub attempt_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// `WAVE`, `ORANGE_MONEY`, `STRIPE`, `PAYPAL` or `WALLET`.
    pub provider: String,
    /// The kind of failure: `INSUFFICIENT_FUNDS`, `EXPIRED`, …
    pub failure: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub failed_at: OffsetDateTime,
}

impl Payload for PaymentFailed {
    const DOMAIN: &'static str = "payment";
    const TYPE: &'static str = "payment.failed";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.order_id.to_string()
    }

    fn sample() -> Self {
        Self {
            order_id: SAMPLE_ORDER,
            attempt_id: SAMPLE_ATTEMPT,
            user_id: SAMPLE_USER,
            provider: "WAVE".to_owned(),
            failure: "INSUFFICIENT_FUNDS".to_owned(),
            failed_at: datetime!(2026-02-01 09:01 UTC),
        }
    }
}

/// A settled payment was compared with the provider's books: `payment.compared`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCompared {
    /// The attempt to pay.
    pub attempt_id: Uuid,
    /// The order.
    pub order_id: Uuid,
    /// `WAVE`, `ORANGE_MONEY`, `STRIPE` or `PAYPAL`.
    pub provider: String,
    /// `AGREES`, `MISSED_HERE` (it was paid and we did not know; it is taken in now) or `MISSING_THERE` (our ledger holds what the
    /// provider does not).
    pub outcome: String,
    /// What the provider was asked to take.
    pub charged: Money,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub compared_at: OffsetDateTime,
}

impl Payload for PaymentCompared {
    const DOMAIN: &'static str = "payment";
    const TYPE: &'static str = "payment.compared";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.order_id.to_string()
    }

    fn sample() -> Self {
        Self {
            attempt_id: SAMPLE_ATTEMPT,
            order_id: SAMPLE_ORDER,
            provider: "WAVE".to_owned(),
            outcome: "MISSED_HERE".to_owned(),
            charged: Money::new(2500, Currency::Xof),
            compared_at: datetime!(2026-02-01 10:30 UTC),
        }
    }
}

/// A book was paid for, and its buyer is to be entitled to it; said again until it is granted or refused: `book.purchased`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookPurchased {
    /// The order.
    pub order_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// The book.
    pub book_id: Uuid,
    /// What was paid for it.
    pub price: Money,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub purchased_at: OffsetDateTime,
}

impl Payload for BookPurchased {
    const DOMAIN: &'static str = "payment";
    const TYPE: &'static str = "book.purchased";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.order_id.to_string()
    }

    fn sample() -> Self {
        Self {
            order_id: SAMPLE_ORDER,
            user_id: SAMPLE_USER,
            book_id: SAMPLE_BOOK,
            price: Money::new(2500, Currency::Xof),
            purchased_at: datetime!(2026-02-01 09:01 UTC),
        }
    }
}

/// An order was paid back: what it gave is taken away: `order.refunded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRefunded {
    /// The order.
    pub order_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// The book, when one is bought.
    pub book_id: Option<Uuid>,
    /// What was paid back, in the currency of the order.
    pub price: Money,
    /// `REQUESTED` or `GRANT_IMPOSSIBLE`.
    pub reason: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub refunded_at: OffsetDateTime,
}

impl Payload for OrderRefunded {
    const DOMAIN: &'static str = "payment";
    const TYPE: &'static str = "order.refunded";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.order_id.to_string()
    }

    fn sample() -> Self {
        Self {
            order_id: SAMPLE_ORDER,
            user_id: SAMPLE_USER,
            book_id: Some(SAMPLE_BOOK),
            price: Money::new(2500, Currency::Xof),
            reason: "REQUESTED".to_owned(),
            refunded_at: datetime!(2026-02-03 14:00 UTC),
        }
    }
}

/// A subscription as other domains need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionState {
    /// The subscription.
    pub subscription_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// What it grants, as access tokens say it: `premium`.
    pub plan: String,
    /// The beginning of the period that is paid.
    #[serde(with = "time::serde::rfc3339")]
    pub period_start: OffsetDateTime,
    /// Its end.
    #[serde(with = "time::serde::rfc3339")]
    pub period_end: OffsetDateTime,
}

impl SubscriptionState {
    fn sample() -> Self {
        Self {
            subscription_id: SAMPLE_SUBSCRIPTION,
            user_id: SAMPLE_USER,
            plan: "premium".to_owned(),
            period_start: datetime!(2026-02-01 09:01 UTC),
            period_end: datetime!(2026-03-03 09:01 UTC),
        }
    }
}

/// Declares events that carry a subscription as it is now, alike but for their type; a function cannot declare types.
macro_rules! subscription_events {
    ($($(#[$meta:meta])* $name:ident = $kind:literal;)+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $name {
                /// The subscription as it is now.
                #[serde(flatten)]
                pub subscription: SubscriptionState,
            }

            impl Payload for $name {
                const DOMAIN: &'static str = "payment";
                const TYPE: &'static str = $kind;
                const VERSION: u16 = 1;

                fn subject(&self) -> String {
                    self.subscription.subscription_id.to_string()
                }

                fn sample() -> Self {
                    Self {
                        subscription: SubscriptionState::sample(),
                    }
                }
            }
        )+
    };
}

subscription_events! {
    /// A subscription began: `subscription.activated`.
    SubscriptionActivated = "subscription.activated";
    /// A subscription was paid for another period: `subscription.renewed`.
    SubscriptionRenewed = "subscription.renewed";
    /// A subscription ended: `subscription.expired`.
    SubscriptionExpired = "subscription.expired";
    /// A subscription will end with the period that is paid: `subscription.cancelled`.
    SubscriptionCancelled = "subscription.cancelled";
}
