//! The `payment` section of the configuration.

use coko_core::config::{DatabaseConfig, Secret};
use serde::Deserialize;
use url::Url;

use crate::model::invoice::Seller;

/// Everything payment can be told; only the database and the keys have no default. A provider that is not configured is not
/// offered.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `database_url`, `database_pool`.
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// Keys of sealed columns `<id>:<base64>`, separated by commas: the first seals, all open.
    pub column_keys: Secret,
    /// The key of blind lookups, at least 32 characters; it cannot change while payments are under way.
    pub lookup_key: Secret,
    /// Where providers send payers back to; the platform's public URL when not set.
    #[serde(default)]
    pub site_url: Option<Url>,
    /// Where providers reach `/webhooks/…`; the platform's public URL when not set.
    #[serde(default)]
    pub webhook_url: Option<Url>,
    /// Who sells, as invoices name it.
    #[serde(default)]
    pub seller: Seller,
    /// How long things take.
    #[serde(default)]
    pub timers: Timers,
    /// Wave Checkout.
    #[serde(default)]
    pub wave: Option<WaveConfig>,
    /// Orange Money Web Payment.
    #[serde(default)]
    pub orange_money: Option<OrangeMoneyConfig>,
    /// Stripe Checkout.
    #[serde(default)]
    pub stripe: Option<StripeConfig>,
    /// PayPal Orders.
    #[serde(default)]
    pub paypal: Option<PaypalConfig>,
}

/// Time-outs and periods, in the unit that their names say.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timers {
    /// How long an order can be paid.
    pub order_minutes: i64,
    /// When a provider is first asked about an attempt whose notice has not come; it is asked again at growing intervals.
    pub first_check_seconds: i64,
    /// How long a purchase may wait for its grant before the grant is asked for again.
    pub grant_seconds: i64,
    /// The pause between two tries of a refund.
    pub refund_retry_seconds: i64,
    /// How old a settled attempt is when the provider's books are compared with ours.
    pub reconcile_minutes: i64,
    /// How often the workers look for what is due, in milliseconds.
    pub poll_millis: u64,
    /// How long one call to a provider may take.
    pub provider_timeout_seconds: u64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            order_minutes: 30,
            first_check_seconds: 20,
            grant_seconds: 900,
            refund_retry_seconds: 60,
            reconcile_minutes: 60,
            poll_millis: 500,
            provider_timeout_seconds: 10,
        }
    }
}

/// Access to Wave.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveConfig {
    /// The API. Default `https://api.wave.com`.
    #[serde(default = "wave_url")]
    pub base_url: Url,
    /// `wave_sn_…`.
    pub api_key: Secret,
    /// Signs notices.
    pub webhook_secret: Secret,
}

/// Access to Orange Money.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrangeMoneyConfig {
    /// The API. Default `https://api.orange.com`.
    #[serde(default = "orange_url")]
    pub base_url: Url,
    /// The country's part of the path, or `dev` for the sandbox. Default `dev`.
    #[serde(default = "orange_country")]
    pub country: String,
    /// Our identifier.
    pub client_id: String,
    /// Our secret.
    pub client_secret: Secret,
    /// The merchant's key.
    pub merchant_key: Secret,
}

/// Access to Stripe.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripeConfig {
    /// The API. Default `https://api.stripe.com`.
    #[serde(default = "stripe_url")]
    pub base_url: Url,
    /// `sk_…`.
    pub api_key: Secret,
    /// `whsec_…`, which signs notices.
    pub webhook_secret: Secret,
}

/// Access to PayPal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaypalConfig {
    /// The API. Default `https://api-m.paypal.com`.
    #[serde(default = "paypal_url")]
    pub base_url: Url,
    /// Our identifier.
    pub client_id: String,
    /// Our secret.
    pub client_secret: Secret,
    /// The id of our webhook, against which PayPal verifies notices.
    pub webhook_id: String,
}

fn known(url: &str) -> Url {
    Url::parse(url).expect("a constant of ours is a URL")
}

fn wave_url() -> Url {
    known("https://api.wave.com")
}

fn orange_url() -> Url {
    known("https://api.orange.com")
}

fn orange_country() -> String {
    "dev".to_owned()
}

fn stripe_url() -> Url {
    known("https://api.stripe.com")
}

fn paypal_url() -> Url {
    known("https://api-m.paypal.com")
}
