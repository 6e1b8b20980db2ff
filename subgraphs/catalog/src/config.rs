//! The `catalog` section of the configuration.

use coko_core::config::DatabaseConfig;
use serde::Deserialize;

use crate::search::MeilisearchConfig;

/// Everything catalog can be told; only the database has no default.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `database_url`, `database_pool`.
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// Search in Meilisearch instead of the database, when configured.
    #[serde(default)]
    pub meilisearch: Option<MeilisearchConfig>,
}
