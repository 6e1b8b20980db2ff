//! Configuration: defaults, then a TOML file, then `COKO_…` variables, parsed completely before a port is bound.
//!
//! A variable names a section and a key of it: `COKO_CATALOG_DATABASE_URL` is `catalog.database_url`,
//! `COKO_NATS_URL` is `nats.url`. A key inside a nested table is written with two underscores:
//! `COKO_ROUTER_LIMITS__MAX_DEPTH` is `router.limits.max_depth`.

use std::fmt;
use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// The prefix of every variable that Coko reads.
pub const PREFIX: &str = "COKO_";

/// The sources of configuration in rising precedence, ready to extract into a section's type.
///
/// Defaults come from `#[serde(default)]` of the types that are extracted.
pub fn figment(file: Option<&Path>) -> Figment {
    let mut figment = Figment::new();
    if let Some(file) = file {
        figment = figment.merge(Toml::file_exact(file));
    }
    figment.merge(
        Env::prefixed(PREFIX)
            .map(|key| {
                // The first underscore parts the section from the key, two part nested keys.
                let key = key.as_str().to_ascii_lowercase();
                match key.split_once('_') {
                    Some((section, rest)) => {
                        format!("{section}.{}", rest.replace("__", ".")).into()
                    }
                    None => key.into(),
                }
            })
            .lowercase(false),
    )
}

/// Where the platform runs; it decides how much is shown to clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// A laptop: introspection, the IDE and suggestions are on.
    Development,
    /// Clients are strangers: nothing is shown that need not be.
    #[default]
    Production,
}

impl Environment {
    /// Whether this is a developer's machine.
    pub fn is_development(self) -> bool {
        self == Self::Development
    }
}

/// Text that must not be logged, printed or serialised: passwords, keys, URLs with credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself; pass it straight to what needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("…")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// How a subgraph reaches its own database; flattened into the subgraph's section.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host:port/database`.
    pub database_url: Secret,
    /// Most connections that one process of the role holds.
    #[serde(default = "default_pool")]
    pub database_pool: u32,
}

fn default_pool() -> u32 {
    8
}

impl DatabaseConfig {
    /// A configuration for `url` with the default pool size.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            database_url: Secret::new(url),
            database_pool: default_pool(),
        }
    }
}
