//! The `recommendation` section of the configuration.

use coko_core::config::DatabaseConfig;
use serde::Deserialize;

/// Everything recommendation can be told; only the database has no default.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `database_url`, `database_pool`.
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// How the models are trained.
    #[serde(default)]
    pub training: Training,
    /// How long things take.
    #[serde(default)]
    pub timers: Timers,
}

/// How the models are trained.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// Numbers that the factors of a book have. Default 32.
    pub rank: usize,
    /// Rounds of alternating least squares. Default 10.
    pub rounds: usize,
    /// Threads that train beside requests. Default 1.
    pub threads: usize,
    /// Interactions that are held in memory to train on, about 12 bytes each; of more, a sample of readers is taken. Default
    /// 20 million.
    pub most_interactions: usize,
    /// Where all randomness begins: the same interactions give the same models. Default 42.
    pub seed: u64,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            rank: 32,
            rounds: 10,
            threads: 1,
            most_interactions: 20_000_000,
            seed: 42,
        }
    }
}

/// Periods, in the unit that their names say.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timers {
    /// How often the models are trained anew, in seconds. Default half an hour.
    pub train_seconds: u64,
    /// How often new books and what is trending are looked up, in milliseconds. Default twenty seconds.
    pub refresh_millis: u64,
    /// How long a reader's list is kept, in seconds; 0 makes it anew every time. At most thirty, so that what a reader does shows
    /// within a minute. Default ten.
    pub keep_seconds: u64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            train_seconds: 1800,
            refresh_millis: 20_000,
            keep_seconds: 10,
        }
    }
}
