//! The `community` section of the configuration.

use std::time::Duration;

use coko_core::config::DatabaseConfig;
use coko_core::rate_limit::Quota;
use serde::Deserialize;

/// Everything community can be told; only the database has no default.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `database_url`, `database_pool`.
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// Hosts from which pictures may be shown in texts; those of other hosts are shown as links. Empty: any host by `https`.
    #[serde(default)]
    pub image_hosts: Vec<String>,
    /// How much one person may do.
    #[serde(default)]
    pub limits: Limits,
    /// When reports act, and for how long decisions can be appealed.
    #[serde(default)]
    pub moderation: Moderation,
}

/// Quotas; each holds for one account. What a new account may write is narrower still, by its trust level.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Posts and topics.
    pub posts: Quota,
    /// Reviews, new and edited.
    pub reviews: Quota,
    /// Follows, blocks and mutes, begun and ended.
    pub relations: Quota,
    /// Reports and appeals.
    pub reports: Quota,
    /// Clubs and community events, what members do in them included.
    pub clubs: Quota,
}

impl Default for Limits {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(3600);
        Self {
            posts: Quota::new(120, HOUR),
            reviews: Quota::new(60, HOUR),
            relations: Quota::new(200, HOUR),
            reports: Quota::new(30, HOUR),
            clubs: Quota::new(60, HOUR),
        }
    }
}

/// Rules of moderation.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Moderation {
    /// The summed weight of reports at which content is hidden until a moderator has looked. A new account weighs 1, a
    /// regular one 6.
    pub hide_at: i32,
    /// For how many days a removal can be appealed.
    pub appeal_days: i64,
}

impl Default for Moderation {
    fn default() -> Self {
        Self {
            hide_at: 8,
            appeal_days: 30,
        }
    }
}
