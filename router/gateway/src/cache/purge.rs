//! What is dropped: by an event, by an operator, or because it cannot be known what happened.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ResponseCache;
use super::entities::Entities;
use super::tag::{Tag, key_text};
use crate::config::PurgeRule;

/// Most entities that one rule makes of one event; more become the whole type.
const MOST_ENTITIES: usize = 1_000;

/// Answers to drop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Purge {
    /// Every answer that holds this entity.
    Entity {
        #[serde(rename = "type")]
        type_name: String,
        /// By paths in the schema.
        key: BTreeMap<String, String>,
    },
    /// Every answer that holds an entity of this type.
    Type(String),
    /// Every answer to this root field: `Query.books`.
    Field(String),
    /// Every answer of this subgraph.
    Subgraph(String),
    /// Every answer.
    All,
}

/// Why something is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PurgeReason {
    Event,
    Operator,
    /// Events may have been missed.
    Gap,
}

impl PurgeReason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "EVENT",
            Self::Operator => "OPERATOR",
            Self::Gap => "GAP",
        }
    }
}

impl Purge {
    /// Adds what this drops to `tags`; `false` when it drops everything.
    fn tags(&self, entities: &Entities, tags: &mut Vec<Tag>) -> bool {
        match self {
            Self::All => return false,
            Self::Subgraph(name) => tags.push(Tag::subgraph(name)),
            Self::Field(coordinate) => {
                let (type_name, field) =
                    coordinate.split_once('.').unwrap_or(("Query", coordinate));
                tags.push(Tag::field(type_name, field));
            }
            Self::Type(name) => tags.extend(entities.possible(name).map(Tag::kind)),
            Self::Entity { type_name, key } => {
                for name in entities.possible(type_name) {
                    let paths = || key.keys().map(String::as_str);
                    let is_key = entities
                        .get(name)
                        .is_some_and(|facts| facts.keys.iter().any(|known| paths().eq(known)));
                    if is_key {
                        tags.push(Tag::entity(
                            name,
                            key.iter()
                                .map(|(path, value)| (path.as_str(), value.as_str())),
                        ));
                        tags.push(Tag::unnamed(name, paths()));
                    } else {
                        // No answer is noted under what is no key.
                        tags.push(Tag::kind(name));
                    }
                }
            }
        }
        true
    }
}

impl ResponseCache {
    /// Drops answers, here and in Redis. When this returns nobody gets one that was asked for before it was called.
    pub(crate) async fn purge(&self, purges: &[Purge], entities: &Entities, reason: PurgeReason) {
        if purges.is_empty() {
            return;
        }
        let mut tags = Vec::new();
        let by_tags = purges.iter().all(|purge| purge.tags(entities, &mut tags));
        metrics::counter!("router_cache_purges_total", "reason" => reason.as_str())
            .increment(if by_tags { tags.len() as u64 } else { 1 });
        let here = || {
            if by_tags {
                self.purges.purge(tags.iter().copied());
            } else {
                self.purges.purge_all();
            }
        };
        here();
        if let Some(shared) = &self.shared {
            if by_tags {
                shared.purge(&tags).await;
            } else {
                shared.purge_all().await;
            }
            // Until now something stale could be read from there.
            here();
        }
        if !by_tags {
            self.memory.clear();
        }
    }
}

impl ResponseCache {
    /// Drops every answer that this process keeps; what is in Redis stays.
    pub(super) fn purge_here(&self) {
        self.purges.purge_all();
        self.memory.clear();
    }

    /// Drops the answers with these tags, which a mutation of this router changed: whoever asks next sees what he did.
    pub(super) async fn purge_changed(&self, tags: &[Tag]) {
        if tags.is_empty() {
            return;
        }
        metrics::counter!("router_cache_purges_total", "reason" => "MUTATION")
            .increment(tags.len() as u64);
        self.purges.purge(tags.iter().copied());
        if let Some(shared) = &self.shared {
            shared.purge(tags).await;
            self.purges.purge(tags.iter().copied());
        }
    }
}

/// What a rule drops because of an event.
pub(super) fn purges_of(rule: &PurgeRule, event: &Value) -> Vec<Purge> {
    match rule {
        PurgeRule::Type(name) => vec![Purge::Type(name.clone())],
        PurgeRule::Field(coordinate) => vec![Purge::Field(coordinate.clone())],
        PurgeRule::Subgraph(name) => vec![Purge::Subgraph(name.clone())],
        PurgeRule::Entity { type_name, key } => {
            let mut keys = vec![BTreeMap::new()];
            for (path, source) in key {
                let values = values(event, source);
                keys = keys
                    .into_iter()
                    .flat_map(|key: BTreeMap<String, String>| {
                        values.iter().map(move |value| {
                            let mut key = key.clone();
                            key.insert(path.clone(), value.clone());
                            key
                        })
                    })
                    .take(MOST_ENTITIES + 1)
                    .collect();
            }
            if keys.len() > MOST_ENTITIES {
                return vec![Purge::Type(type_name.clone())];
            }
            let entity = |key| Purge::Entity {
                type_name: type_name.clone(),
                key,
            };
            keys.into_iter().map(entity).collect()
        }
    }
}

/// The texts at a path of an event. A list has several, also in the middle of the path.
fn values(event: &Value, path: &str) -> Vec<String> {
    let mut found = vec![event];
    for name in path.split('.') {
        found = found
            .into_iter()
            .flat_map(items)
            .filter_map(|value| value.get(name))
            .collect();
    }
    found
        .into_iter()
        .flat_map(items)
        .filter_map(key_text)
        .collect()
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_rule_takes_its_keys_from_the_event() {
        let event = json!({ "subject": "7", "data": { "book_id": "b", "authors": [{ "id": 1 }, { "id": "2" }], "none": null } });
        let purged = |key: Value| {
            let rule: PurgeRule =
                serde_json::from_value(json!({ "entity": { "type": "Book", "key": key } }))
                    .unwrap();
            serde_json::to_value(purges_of(&rule, &event)).unwrap()
        };
        let entity = |key: Value| json!({ "entity": { "type": "Book", "key": key } });
        assert_eq!(
            purged(json!({ "id": "data.book_id" })),
            json!([entity(json!({ "id": "b" }))])
        );
        assert_eq!(
            purged(json!({ "id": "data.authors.id", "by": "subject" })),
            json!([
                entity(json!({ "by": "7", "id": "1" })),
                entity(json!({ "by": "7", "id": "2" }))
            ])
        );
        // A rule that finds nothing drops nothing; one rule more for the type is how to be sure.
        assert_eq!(purged(json!({ "id": "data.none" })), json!([]));
        let many: Vec<usize> = (0..=MOST_ENTITIES).collect();
        let rule: PurgeRule = serde_json::from_value(
            json!({ "entity": { "type": "Book", "key": { "id": "data" } } }),
        )
        .unwrap();
        assert_eq!(
            purges_of(&rule, &json!({ "data": many })),
            [Purge::Type("Book".to_owned())]
        );
    }
}
