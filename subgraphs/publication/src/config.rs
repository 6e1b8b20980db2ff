//! The `publication` section of the configuration.

use coko_core::config::{DatabaseConfig, Secret};
use coko_core::money::Currency;
use serde::Deserialize;

/// Everything publication can be told; only the database and the keys have no default.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `database_url`, `database_pool`.
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// Keys of sealed columns `<id>:<base64>`, separated by commas: the first seals, all open.
    pub column_keys: Secret,
    /// The key of blind lookups, at least 32 characters.
    pub lookup_key: Secret,
    /// Who pays, as statements name it. Default `Coko`.
    #[serde(default = "payer")]
    pub payer: String,
    /// What is earned by what.
    #[serde(default)]
    pub terms: Terms,
    /// From when on a payout can be asked for.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// How long things take.
    #[serde(default)]
    pub timers: Timers,
}

/// What is earned by what. A contract keeps the terms under which it was made.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// What the platform keeps of a sale, in hundredths of a percent. Default 3000, which is 30 %.
    pub platform_share: u32,
    /// How long a royalty is held before it can be paid out, as the sale may be undone: days. Default 14.
    pub escrow_days: i64,
    /// What an hour of reading by subscription is worth, in francs. Default 40.
    pub reading_francs_per_hour: i64,
    /// How many hours of one reader count in a month. Default 120.
    pub reading_hours: i64,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            platform_share: 3000,
            escrow_days: 14,
            reading_francs_per_hour: 40,
            reading_hours: 120,
        }
    }
}

/// The least that is paid out, in each currency's minor unit.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Default 10,000 francs.
    pub xof: i64,
    /// Default 1,500 cents.
    pub eur: i64,
    /// Default 1,500 cents.
    pub usd: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            xof: 10_000,
            eur: 1_500,
            usd: 1_500,
        }
    }
}

impl Thresholds {
    /// The least that is paid out in `currency`; at least one unit.
    pub fn of(&self, currency: Currency) -> i64 {
        let least = match currency {
            Currency::Xof => self.xof,
            Currency::Eur => self.eur,
            Currency::Usd => self.usd,
        };
        least.max(1)
    }
}

/// Time-outs and periods, in the unit that their names say.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timers {
    /// How long after its end a month's reading is shared and statements are issued: what devices tell late still counts.
    pub month_hours: i64,
    /// How often the workers look for what is due, in milliseconds.
    pub poll_millis: u64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            month_hours: 72,
            poll_millis: 1000,
        }
    }
}

fn payer() -> String {
    "Coko".to_owned()
}
