//! Compression of answers.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Compression of answers by br, zstd, gzip and deflate, whichever the client prefers; by zstd where it has no preference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CompressionConfig {
    /// Default true.
    pub enabled: bool,
    /// Bytes below which an answer is sent as it is. Default 512.
    pub min_bytes: u16,
    /// From 1 (fast) to 9 (small), the same for every encoding. Default 4.
    pub level: u8,
    /// Dictionaries for answers that resemble each other.
    pub dictionaries: DictionariesConfig,
}

impl Default for CompressionConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            min_bytes: 512,
            level: 4,
            dictionaries: DictionariesConfig::default(),
        }
    }
}

/// Compression dictionaries (RFC 9842, `dcz` and `dcb`): clients fetch one from below the endpoint's path, and name it from then on.
///
/// The router trains them on its own answers, but only on answers to registered queries that callers without any token
/// or cookie got: whoever fetches a dictionary sees pieces of those.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DictionariesConfig {
    /// Default false.
    pub enabled: bool,
    /// Dictionaries to begin with, the best last: any text that resembles the answers, or what `coko dictionaries train` or
    /// `zstd --train` makes of some. Several routers behind one address need the same ones.
    pub files: Vec<PathBuf>,
    /// Whether the router trains dictionaries on its answers. Default true.
    pub train: bool,
    /// Answers of which a dictionary is made. Default 500.
    pub samples: usize,
    /// Bytes of answers kept for training. Default 4 MiB.
    pub sample_bytes: usize,
    /// Most bytes of a dictionary. Default 64 KiB.
    pub bytes: usize,
    /// Seconds from one training to the next. Default 86,400.
    pub every_s: u64,
    /// Dictionaries kept, older ones for clients that still have them. Default 3.
    pub kept: usize,
}

impl Default for DictionariesConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            files: Vec::new(),
            train: true,
            samples: 500,
            sample_bytes: 4 << 20,
            bytes: 64 << 10,
            every_s: 86_400,
            kept: 3,
        }
    }
}

impl CompressionConfig {
    /// Checks that levels and sizes are usable.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fault = |setting, found: String, expected| {
            Err(ConfigError::Setting {
                setting,
                found,
                expected,
            })
        };
        if !(1..=9).contains(&self.level) {
            return fault("compression.level", self.level.to_string(), "1 to 9");
        }
        let dictionaries = &self.dictionaries;
        if !(256..=1 << 20).contains(&dictionaries.bytes) {
            let found = dictionaries.bytes.to_string();
            return fault("compression.dictionaries.bytes", found, "256 to 1048576");
        }
        if dictionaries.samples < 10 || dictionaries.kept == 0 {
            return fault(
                "compression.dictionaries.samples or compression.dictionaries.kept",
                format!("{} or {}", dictionaries.samples, dictionaries.kept),
                "at least 10 samples and 1 kept",
            );
        }
        Ok(())
    }
}
