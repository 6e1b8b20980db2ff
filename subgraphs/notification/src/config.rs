//! The `notification` section of the configuration.

use coko_core::config::{DatabaseConfig, Secret};
use serde::{Deserialize, Deserializer};
use url::Url;

/// Everything notification can be told; only the database and the keys have no default. Without a provider for it, a channel is not
/// used; letters then go the way that the platform's other letters go.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `database_url`, `database_pool`.
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// Keys of sealed columns `<id>:<base64>`, separated by commas: the first seals, all open.
    pub column_keys: Secret,
    /// The key of blind lookups, at least 32 characters; with another one, suppressed addresses and known devices are forgotten.
    pub lookup_key: Secret,
    /// Where links lead; the platform's public URL when not set.
    #[serde(default)]
    pub site_url: Option<Url>,
    /// Where providers and mail programs reach `/notifications/…`; the platform's public URL when not set.
    #[serde(default)]
    pub callback_url: Option<Url>,
    /// How long things take.
    #[serde(default)]
    pub timers: Timers,
    /// Letters through SendGrid instead of SMTP.
    #[serde(default)]
    pub sendgrid: Option<SendgridConfig>,
    /// Text messages through Twilio, to wherever no other provider is named.
    #[serde(default)]
    pub twilio: Option<TwilioConfig>,
    /// Text messages through Orange.
    #[serde(default)]
    pub orange: Option<OrangeConfig>,
    /// Text messages through MTN.
    #[serde(default)]
    pub mtn: Option<MtnConfig>,
    /// Push messages through Firebase Cloud Messaging.
    #[serde(default)]
    pub fcm: Option<FcmConfig>,
}

/// Time-outs and periods, in the unit that their names say.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timers {
    /// How often the workers look for what is due, in milliseconds.
    pub poll_millis: u64,
    /// How long one call to a provider may take.
    pub provider_timeout_seconds: u64,
    /// How long notifications are kept.
    pub notification_days: i64,
    /// How long deliveries are kept; the log of attempts is kept for as many days, and to the end of that month.
    pub delivery_days: i64,
    /// How long a device is kept that is not seen.
    pub device_days: i64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            poll_millis: 500,
            provider_timeout_seconds: 10,
            notification_days: 180,
            delivery_days: 90,
            device_days: 270,
        }
    }
}

/// Access to SendGrid.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendgridConfig {
    /// The API. Default `https://api.sendgrid.com`.
    #[serde(default = "sendgrid_url")]
    pub base_url: Url,
    /// `SG.…`.
    pub api_key: Secret,
    /// The sender's address.
    pub from: String,
    /// The key that signs its reports: base64 of the SubjectPublicKeyInfo, as SendGrid shows it. Without it no report is believed.
    #[serde(default)]
    pub public_key: Option<String>,
}

/// Access to Twilio.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwilioConfig {
    /// The API. Default `https://api.twilio.com`.
    #[serde(default = "twilio_url")]
    pub base_url: Url,
    /// `AC…`.
    pub account_sid: String,
    /// Authenticates us to Twilio, and its reports to us.
    pub auth_token: Secret,
    /// The sender: a number, a name, or a messaging service (`MG…`).
    #[serde(deserialize_with = "sender")]
    pub from: String,
}

/// Access to Orange's SMS API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrangeConfig {
    /// The API. Default `https://api.orange.com`.
    #[serde(default = "orange_url")]
    pub base_url: Url,
    /// Our identifier.
    pub client_id: String,
    /// Our secret.
    pub client_secret: Secret,
    /// The sender's number, as the contract has it.
    #[serde(deserialize_with = "sender")]
    pub from: String,
    /// Beginnings of the numbers that it takes messages to: `["+221", "+225"]`.
    pub prefixes: Vec<String>,
}

/// Access to MTN's SMS API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MtnConfig {
    /// The API. Default `https://api.mtn.com`.
    #[serde(default = "mtn_url")]
    pub base_url: Url,
    /// Our identifier.
    pub client_id: String,
    /// Our secret.
    pub client_secret: Secret,
    /// The sender: a short code or name.
    #[serde(deserialize_with = "sender")]
    pub from: String,
    /// Beginnings of the numbers that it takes messages to: `["+229", "+237"]`.
    pub prefixes: Vec<String>,
}

/// Access to Firebase Cloud Messaging: by a service account's key, or, without one, by the identity of the machine we run on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FcmConfig {
    /// The API. Default `https://fcm.googleapis.com`.
    #[serde(default = "fcm_url")]
    pub base_url: Url,
    /// The Firebase project.
    pub project_id: String,
    /// The service account's key.
    #[serde(default)]
    pub service_account: Option<ServiceAccountConfig>,
    /// Where a machine's identity is asked for. Default `http://metadata.google.internal`.
    #[serde(default = "metadata_url")]
    pub metadata_url: Url,
}

/// A service account, in the words of its key file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountConfig {
    /// `…@….iam.gserviceaccount.com`.
    pub client_email: String,
    /// PKCS #8 in PEM.
    pub private_key: Secret,
    /// Where it is exchanged for tokens. Default `https://oauth2.googleapis.com/token`.
    #[serde(default = "token_url")]
    pub token_uri: Url,
}

/// A sender, which a variable may give as a bare number.
fn sender<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Number(u64),
        Text(String),
    }
    Ok(match Given::deserialize(deserializer)? {
        Given::Number(number) => format!("+{number}"),
        Given::Text(text) => text,
    })
}

fn known(url: &str) -> Url {
    Url::parse(url).expect("a constant of ours is a URL")
}

fn sendgrid_url() -> Url {
    known("https://api.sendgrid.com")
}

fn twilio_url() -> Url {
    known("https://api.twilio.com")
}

fn orange_url() -> Url {
    known("https://api.orange.com")
}

fn mtn_url() -> Url {
    known("https://api.mtn.com")
}

fn fcm_url() -> Url {
    known("https://fcm.googleapis.com")
}

fn metadata_url() -> Url {
    known("http://metadata.google.internal")
}

fn token_url() -> Url {
    known("https://oauth2.googleapis.com/token")
}
