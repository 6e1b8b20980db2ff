//! The `gamification` section of the configuration.

use coko_core::config::DatabaseConfig;
use serde::Deserialize;

/// Everything gamification can be told; only the database has no default.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `database_url`, `database_pool`.
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// What the keys of leaderboards in Redis begin with, so that an instance can be shared. Default `coko:boards`.
    #[serde(default = "redis_prefix")]
    pub redis_prefix: String,
    /// How long things take.
    #[serde(default)]
    pub timers: Timers,
}

/// Periods, in the unit that their names say.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timers {
    /// How often what changed on leaderboards is carried over to Redis, in milliseconds.
    pub poll_millis: u64,
}

impl Default for Timers {
    fn default() -> Self {
        Self { poll_millis: 500 }
    }
}

/// The default of [`Config::redis_prefix`].
pub fn redis_prefix() -> String {
    "coko:boards".to_owned()
}
