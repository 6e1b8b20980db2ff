//! The cache of subgraphs' answers, and what empties it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The cache of subgraphs' answers.
///
/// An answer is kept as long as its `Cache-Control` allows. One that says nothing is kept only where `@cacheControl` in the
/// supergraph or a default in `subgraphs` says how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// Whether answers are kept. Default false.
    pub enabled: bool,
    /// Bytes of memory for answers. Default 64 MiB.
    pub memory_bytes: u64,
    /// Whether answers are also kept in Redis, shared by all routers, when the process has one. Default true.
    pub redis: bool,
    /// Bytes of the largest answer kept. Default 512 KiB.
    pub value_bytes: usize,
    /// Seconds that an answer is kept at most, whatever its subgraph says. Default 86,400.
    pub max_seconds: u32,
    /// Entities and root fields noted per answer; one that holds more is dropped with any entity of its types. Default 256.
    pub tags: usize,
    /// Whether whole answers to operations are kept too, as long as all of their parts may be. Default true.
    pub operations: bool,
    /// The languages that subgraphs speak, the preferred one first. `Accept-Language` is reduced to the best of them before
    /// subgraphs see it, so that readers with equal languages share answers. Default none: handed on as it is.
    pub languages: Vec<String>,
    /// Settings of single subgraphs, by their name in the supergraph.
    pub subgraphs: BTreeMap<String, SubgraphCacheConfig>,
    /// What events drop.
    pub events: Vec<EventPurge>,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            memory_bytes: 64 << 20,
            redis: true,
            value_bytes: 512 << 10,
            max_seconds: 86_400,
            tags: 256,
            operations: true,
            languages: Vec::new(),
            subgraphs: BTreeMap::new(),
            events: Vec::new(),
        }
    }
}

impl CacheConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fault = |setting, found: &str, expected| {
            Err(ConfigError::Setting {
                setting,
                found: format!("{found:?}"),
                expected,
            })
        };
        for language in &self.languages {
            let is_tag = language
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if language.is_empty() || !is_tag {
                return fault("cache.languages", language, "language tags such as \"fr\"");
            }
        }
        for rule in &self.events {
            if rule.stream.is_empty() || rule.stream.contains(['.', '*', '>', ' ']) {
                return fault(
                    "cache.events.stream",
                    &rule.stream,
                    "the name of a JetStream stream",
                );
            }
            for purge in &rule.purge {
                match purge {
                    PurgeRule::Entity { type_name, key } if key.is_empty() => {
                        return fault(
                            "cache.events.purge.entity",
                            type_name,
                            "a key with at least one field",
                        );
                    }
                    PurgeRule::Field(coordinate) if !coordinate.contains('.') => {
                        return fault(
                            "cache.events.purge.field",
                            coordinate,
                            "a root field such as \"Query.books\"",
                        );
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// What holds for the answers of one subgraph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphCacheConfig {
    /// Whether its answers are kept. Default true.
    pub enabled: bool,
    /// Seconds for answers of which nothing is said. Default 0: not kept.
    pub seconds: u32,
    /// The same for entities, by type. Default none: as `seconds`.
    pub types: BTreeMap<String, u32>,
    /// Who shares answers of which nothing is said. Default private.
    pub scope: CacheScope,
}

impl Default for SubgraphCacheConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            seconds: 0,
            types: BTreeMap::new(),
            scope: CacheScope::Private,
        }
    }
}

/// Who shares an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheScope {
    /// The caller with himself.
    #[default]
    Private,
    /// Everybody.
    Public,
}

/// What one kind of event drops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventPurge {
    /// The JetStream stream that holds the events: `COKO_CATALOG`.
    pub stream: String,
    /// The CloudEvents type: `book.updated`.
    pub event: String,
    /// What is dropped.
    pub purge: Vec<PurgeRule>,
}

/// Answers to drop. A value in a key is a path in the event, such as `subject` or `data.book_id`; a list names several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PurgeRule {
    /// Every answer that holds this entity.
    Entity {
        /// The type: `Book`.
        #[serde(rename = "type")]
        type_name: String,
        /// Its key: the paths of its fields in the schema, each with a path in the event.
        key: BTreeMap<String, String>,
    },
    /// Every answer that holds any entity of this type: `{ type = "Book" }`.
    Type(String),
    /// Every answer to this root field: `{ field = "Query.books" }`.
    Field(String),
    /// Every answer of this subgraph.
    Subgraph(String),
}
