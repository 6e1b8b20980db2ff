//! The `admin` section of the configuration.

use coko_core::config::DatabaseConfig;
use serde::Deserialize;

/// Everything admin can be told; only the database has no default.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `database_url`, `database_pool`.
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// How long what is only needed for a while is kept.
    #[serde(default)]
    pub keep: Keep,
}

/// How long things are kept, in days.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keep {
    /// Who was active when: as long as late news of activity is still counted. What was counted is kept for good.
    pub active_days: i64,
    /// What was counted of orders, and reported contents that were decided.
    pub settled_days: i64,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            active_days: 92,
            settled_days: 400,
        }
    }
}
