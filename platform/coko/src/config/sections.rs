//! The sections that all roles share.

use std::path::PathBuf;

use coko_core::config::Secret;
use serde::Deserialize;

/// Where clients reach the platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Public {
    /// The base URL, which links and covers begin with. Default `http://127.0.0.1:4000`.
    pub url: String,
}

impl Default for Public {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:4000".to_owned(),
        }
    }
}

/// What router and subgraphs share.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Internal {
    /// At least 32 characters; signs what the router tells subgraphs of a request.
    pub key: Option<Secret>,
}

/// With what tokens are verified.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Public root keys `<id>:<hex>`, separated by commas.
    pub public_keys: String,
}

/// The broker.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NatsSettings {
    /// `nats://[user:password@]host:port`, several separated by commas.
    pub url: Option<Secret>,
    /// Copies of each stream that the cluster keeps. Default 1.
    pub replicas: usize,
}

impl Default for NatsSettings {
    fn default() -> Self {
        Self {
            url: None,
            replicas: 1,
        }
    }
}

/// Shared caches and limits; optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisSettings {
    /// `redis://[:password@]host:port`.
    pub url: Option<Secret>,
}

/// How letters leave.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// `smtps://user:password@host`.
    pub url: Option<Secret>,
    /// Instead of a server: a folder that gets one `.eml` file a letter.
    pub folder: Option<PathBuf>,
    /// The sender's address.
    pub from: String,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            url: None,
            folder: None,
            from: "noreply@coko.example".to_owned(),
        }
    }
}

/// The cache of each process.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheSettings {
    /// Most memory in MiB. Default 64.
    pub megabytes: u64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { megabytes: 64 }
    }
}
