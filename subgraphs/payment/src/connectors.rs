//! Payment providers behind one trait. A connector speaks a provider's wire format and knows nothing of orders.
//!
//! What a connector is not sure of, such as a call that timed out, it says so: [`Trouble::Uncertain`]. The caller has
//! persisted the attempt before, and asks for its status later.

mod http;
mod orange_money;
mod paypal;
mod signature;
mod stripe;
mod wave;

use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use coko_core::money::Money;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::config::Config;
use crate::model::{FailureKind, Provider, References};

/// What is to be paid, and where the payer goes afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Checkout<'a> {
    /// The attempt; idempotency key and reference where the provider takes a UUID.
    pub(crate) attempt: Uuid,
    /// What the provider takes.
    pub(crate) charge: Money,
    /// What is bought, in the words of the payer's language.
    pub(crate) title: &'a str,
    /// Where a payer goes who has paid.
    pub(crate) success_url: &'a str,
    /// Where a payer goes who has not.
    pub(crate) cancel_url: &'a str,
    /// Where notices go, for providers that are told with each payment.
    pub(crate) notice_url: &'a str,
    /// The payer's language: `fr` or `en`.
    pub(crate) language: &'a str,
}

/// A checkout that waits for the payer.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// The provider's names for it.
    pub(crate) references: References,
    /// Where the payer pays.
    pub(crate) checkout_url: String,
    /// The token by which an unsigned notice will name it.
    pub(crate) notice_token: Option<String>,
}

/// An attempt as a connector asks about it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The attempt.
    pub(crate) attempt: Uuid,
    /// The provider's names for it; empty when the call that opened it was never answered.
    pub(crate) references: References,
    /// What the provider was asked to take.
    pub(crate) charge: Money,
}

/// How a payment stands at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Payment {
    /// The provider knows nothing of it.
    Absent,
    /// It waits for the payer.
    Waiting,
    /// The money was taken.
    Paid {
        /// What a refund names.
        transaction: Option<String>,
        /// How much.
        received: Money,
    },
    /// No money was taken, nor will be.
    Failed(FailureKind),
}

/// An answer to a question about an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    /// How it stands.
    pub(crate) payment: Payment,
    /// The checkout, when the connector found one that we had not heard of.
    pub(crate) found: Option<Opened>,
}

impl From<Payment> for Status {
    fn from(payment: Payment) -> Self {
        Self {
            payment,
            found: None,
        }
    }
}

/// What became of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refunded {
    /// The money is on its way back.
    Done,
    /// The provider has no such call.
    ByHand,
}

/// A notice whose origin is proven, or that proves nothing and is only a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The provider's id of the event, or a digest of the body where it has none.
    pub(crate) event_id: String,
    /// What it is about.
    pub(crate) about: About,
    /// How the payment stands, when the notice may be believed; else the provider is asked.
    pub(crate) payment: Option<Payment>,
}

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// An attempt of ours.
    Attempt(Uuid),
    /// The attempt with this notice token.
    Token(String),
    /// Nothing that payment follows.
    Nothing,
}

/// Why a notice is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoticeError {
    /// The signature is missing, wrong or too old.
    #[error("the signature is missing, wrong or too old")]
    Signature,
    /// The body is not in the provider's format.
    #[error("the body is not a notice of this provider: {0}")]
    Malformed(String),
    /// The provider could not be asked whether it is genuine.
    #[error("the provider does not say whether the notice is genuine: {0}")]
    Unverified(String),
}

/// Why a call to a provider did not work. No variant carries secrets or what the payer entered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The provider refused; nothing happened.
    #[error("refused by the provider: {kind:?} ({detail})")]
    Refused {
        /// The kind of failure.
        kind: FailureKind,
        /// The provider's code.
        detail: String,
    },
    /// Whether anything happened is not known.
    #[error("no certain answer from the provider: {0}")]
    Uncertain(String),
}

impl Trouble {
    fn refused(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self::Refused {
            kind,
            detail: detail.into(),
        }
    }
}

/// One payment provider.
#[async_trait]
pub(crate) trait Connector: Send + Sync {
    /// Opens a checkout. Called once per attempt, or again where `status` found none and the provider deduplicates.
    async fn open(&self, checkout: &Checkout<'_>) -> Result<Opened, Trouble>;

    /// How an attempt stands, also one whose opening was never answered. May complete a payment that the payer approved.
    async fn status(&self, known: &Known) -> Result<Status, Trouble>;

    /// Closes a checkout, so that it cannot be paid any more; a provider without such a call does nothing.
    async fn expire(&self, known: &Known) -> Result<(), Trouble>;

    /// Pays the whole of an attempt back. `refund` is the idempotency key: calling again is safe.
    async fn refund(&self, refund: Uuid, known: &Known) -> Result<Refunded, Trouble>;

    /// Proves where a notice comes from. `now` bounds the age of its signature.
    async fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: OffsetDateTime,
    ) -> Result<(), NoticeError>;

    /// Reads a notice; does not look at its origin.
    fn read(&self, body: &[u8]) -> Result<Notice, NoticeError>;
}

/// The connectors that are configured.
pub(crate) struct Connectors {
    wave: Option<wave::Wave>,
    orange_money: Option<orange_money::OrangeMoney>,
    stripe: Option<stripe::Stripe>,
    paypal: Option<paypal::Paypal>,
}

impl Connectors {
    /// Connectors for what `config` names.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub(crate) fn new(config: &Config) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(config.timers.provider_timeout_seconds))
            .connect_timeout(Duration::from_secs(5))
            // Only configured hosts are called, whatever an answer says.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let caller = |url: &url::Url, name| http::Caller::new(client.clone(), url, name);
        Ok(Self {
            wave: config
                .wave
                .clone()
                .map(|config| wave::Wave::new(caller(&config.base_url, "wave"), config)),
            orange_money: config.orange_money.clone().map(|config| {
                orange_money::OrangeMoney::new(caller(&config.base_url, "orange-money"), config)
            }),
            stripe: config
                .stripe
                .clone()
                .map(|config| stripe::Stripe::new(caller(&config.base_url, "stripe"), config)),
            paypal: config
                .paypal
                .clone()
                .map(|config| paypal::Paypal::new(caller(&config.base_url, "paypal"), config)),
        })
    }

    /// The connector of a provider; none when it is not configured, and for the wallet, which is ours.
    pub(crate) fn of(&self, provider: Provider) -> Option<&dyn Connector> {
        match provider {
            Provider::Wave => self.wave.as_ref().map(|found| found as _),
            Provider::OrangeMoney => self.orange_money.as_ref().map(|found| found as _),
            Provider::Stripe => self.stripe.as_ref().map(|found| found as _),
            Provider::Paypal => self.paypal.as_ref().map(|found| found as _),
            Provider::Wallet => None,
        }
    }
}
