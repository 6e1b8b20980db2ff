//! The `auth` section of the configuration.

use std::path::PathBuf;
use std::time::Duration;

use coko_core::config::{DatabaseConfig, Secret};
use coko_core::rate_limit::Quota;
use serde::Deserialize;
use url::Url;

/// Everything auth can be told; only the database and the keys have no default.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `database_url`, `database_pool`.
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// Private root keys `<id>:<hex>`, separated by commas: the first signs, all are published.
    pub root_keys: Secret,
    /// Keys of sealed columns `<id>:<base64>`, separated by commas: the first seals, all open.
    pub column_keys: Secret,
    /// The key of blind lookups, at least 32 characters; it cannot change without rebuilding the indexes.
    pub lookup_key: Secret,
    /// Where links in mails lead; the platform's public URL when not set.
    #[serde(default)]
    pub site_url: Option<Url>,
    /// Cost of hashing passwords.
    #[serde(default)]
    pub passwords: PasswordConfig,
    /// How often things may be tried, per account and per address.
    #[serde(default)]
    pub limits: Limits,
    /// How long things live.
    #[serde(default)]
    pub lifetimes: Lifetimes,
    /// The least time in milliseconds that an answer takes which must not tell whether an account exists.
    #[serde(default = "default_answer_floor")]
    pub answer_floor_millis: u64,
    /// Sign-in with Google, when configured.
    #[serde(default)]
    pub google: Option<ProviderConfig>,
    /// Sign-in with Facebook, when configured.
    #[serde(default)]
    pub facebook: Option<ProviderConfig>,
    /// How text messages leave.
    #[serde(default)]
    pub texts: TextsConfig,
}

fn default_answer_floor() -> u64 {
    200
}

/// Argon2id parameters; the defaults are OWASP's minimum for interactive sign-in.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordConfig {
    /// Memory of one hash in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Hashes computed at once by this process; more wait.
    pub concurrency: usize,
}

impl Default for PasswordConfig {
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            iterations: 2,
            parallelism: 1,
            concurrency: 4,
        }
    }
}

/// Quotas; each holds for one account (or number) and, separately, for one client address.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Sign-ins, also by phone and provider.
    pub login: Quota,
    /// Registrations, and mails that repeat the verification.
    pub register: Quota,
    /// Password resets.
    pub password_reset: Quota,
    /// Codes sent to phones.
    pub phone_code: Quota,
}

impl Default for Limits {
    fn default() -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        const HOUR: Duration = Duration::from_secs(3600);
        Self {
            login: Quota::new(5, MINUTE),
            register: Quota::new(3, MINUTE),
            password_reset: Quota::new(2, HOUR),
            phone_code: Quota::new(3, HOUR),
        }
    }
}

/// Lifetimes, in the unit that their names say.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifetimes {
    /// An access token.
    pub access_minutes: i64,
    /// A refresh token, and so an idle session.
    pub refresh_days: i64,
    /// A session, however often it is refreshed.
    pub session_days: i64,
    /// The link that proves an address, and the registration waiting for it.
    pub verification_hours: i64,
    /// The link that permits a new password.
    pub reset_minutes: i64,
    /// A code sent to a phone.
    pub phone_code_minutes: i64,
    /// A sign-in under way at a provider.
    pub social_minutes: i64,
    /// The grace period of a deletion.
    pub deletion_days: i64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_minutes: 15,
            refresh_days: 7,
            session_days: 180,
            verification_hours: 48,
            reset_minutes: 60,
            phone_code_minutes: 10,
            social_minutes: 10,
            deletion_days: 30,
        }
    }
}

/// An OpenID Connect provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// The issuer, whose discovery document names everything else: `https://accounts.google.com`.
    pub issuer: String,
    /// Our identifier there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: Secret,
    /// Where the provider may send people back to; a sign-in names one of these exactly.
    pub redirect_uris: Vec<String>,
    /// The token endpoint, for providers that leave it out of their discovery document, as Facebook does.
    #[serde(default)]
    pub token_url: Option<String>,
}

/// How text messages leave: through an HTTP gateway, into a folder, or, with neither, not at all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextsConfig {
    /// A gateway that takes `POST {"to": "+221…", "text": "…"}`.
    pub url: Option<Url>,
    /// Its bearer token.
    pub token: Option<Secret>,
    /// A folder that gets one `.txt` file a message: for development.
    pub folder: Option<PathBuf>,
}
