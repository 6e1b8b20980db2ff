//! The `reading` section of the configuration.

use coko_core::config::{DatabaseConfig, Secret};
use serde::Deserialize;

/// Everything reading can be told; only the database and the keys have no default.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `database_url`, `database_pool`.
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// Ed25519 keys of offline licences `<id>:<hex>`, separated by commas: the first signs, all are published.
    pub license_keys: Secret,
    /// How long things take.
    #[serde(default)]
    pub timers: Timers,
}

/// Time-outs and periods, in the unit that their names say.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timers {
    /// The least time between two `reading.progressed` of one reader and book.
    pub progressed_seconds: i64,
    /// How long a link to exported notes lasts.
    pub export_seconds: i64,
    /// How long what a deleted annotation said is kept.
    pub erase_days: i64,
    /// How often the workers look for what is due, in milliseconds.
    pub poll_millis: u64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            progressed_seconds: 300,
            export_seconds: 600,
            erase_days: 30,
            poll_millis: 1000,
        }
    }
}
