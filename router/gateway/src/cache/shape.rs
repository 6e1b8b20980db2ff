//! What is known of a fetch before it is sent, worked out once per document: the types of what it asks for, the root
//! fields, and what `@cacheControl` and the configuration say of its answers.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, Ordering};

use coko_executor::OperationKind;
use graphql_tools::static_graphql::query::{Definition, OperationDefinition};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::entities::Entities;
use super::hints::{Hints, fallback};
use super::node::{Node, Reader, Tags, at, note};
use super::policy::{Policy, Scope};
use super::tag::Tag;
use crate::config::SubgraphCacheConfig;
use crate::document::selection_set;
use crate::field_table::FieldTable;

/// One fetch document of one subgraph.
#[derive(Debug)]
pub(crate) struct FetchShape {
    /// SHA-256 of subgraph and document.
    pub(crate) digest: [u8; 32],
    root: Node,
    /// Tags of every answer: the subgraph and the root fields.
    about: Vec<Tag>,
    /// Tags of an answer that holds more entities than are noted one by one.
    any: Vec<Tag>,
    /// What explicit `@cacheControl` allows at most.
    cap: Option<Policy>,
    /// What holds when a subgraph says nothing.
    fallback: Option<Policy>,
    /// How the last answer could be shared; see [`Outcome`].
    outcome: AtomicU8,
    /// Answers in a row that could not be kept.
    strikes: AtomicU8,
}

/// Answers that may not be kept, in a row, after which nothing is looked for until one may.
const STRIKES: u8 = 8;

/// How far the last answer could be shared: whether it is worth waiting for somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Outcome {
    /// Not at all, or nobody knows.
    Alone,
    /// Not at all, time and again.
    Never,
    /// By the same caller.
    ByCaller,
    ByEverybody,
}

/// What a fetch's document is judged by.
pub(crate) struct Judges<'a> {
    pub(crate) fields: &'a FieldTable,
    pub(crate) entities: &'a Entities,
    pub(crate) subgraph: &'a str,
    pub(crate) config: &'a SubgraphCacheConfig,
}

impl FetchShape {
    /// Reads the beginning of a request's body, `{"query":"…","variables":{`; `None` for a subscription.
    pub(crate) fn read(opening: &[u8], judges: &Judges<'_>) -> Option<Self> {
        #[derive(Deserialize)]
        struct Body {
            query: String,
        }
        let mut whole = opening.to_vec();
        whole.extend_from_slice(b"}}");
        let body: Body = serde_json::from_slice(&whole).ok()?;
        let document = graphql_tools::parser::parse_query::<String>(&body.query)
            .ok()?
            .into_static();
        let operation = document
            .definitions
            .iter()
            .find_map(|definition| match definition {
                Definition::Operation(operation) => Some(operation),
                Definition::Fragment(_) => None,
            })?;
        let kind = match operation {
            OperationDefinition::Subscription(_) => return None,
            OperationDefinition::Mutation(_) => OperationKind::Mutation,
            _ => OperationKind::Query,
        };
        let query = judges.fields.root(kind);
        let reader = Reader {
            judges,
            document: &document,
        };
        let root = reader.node(query, selection_set(operation));
        let mut about = vec![Tag::subgraph(judges.subgraph)];
        about.extend(
            root.fields
                .iter()
                .filter(|field| field.name != "_entities")
                .map(|field| Tag::field(query, &field.name)),
        );
        let mut types = BTreeSet::new();
        root.types(&mut types);
        let mut any = about.clone();
        for name in types.iter().flat_map(|name| judges.entities.possible(name)) {
            note(judges.entities, name, |_| None, &mut |noted| {
                any.push(noted.held());
            });
        }
        let mut digest = Sha256::new();
        digest.update(judges.subgraph.len().to_le_bytes());
        digest.update(judges.subgraph);
        digest.update(opening);
        let mut hints = Hints::default();
        hints.fields(&root, query, 0, true, judges);
        Some(Self {
            digest: digest.finalize().into(),
            cap: hints.cap,
            fallback: hints.overall().or_else(|| fallback(&root, judges)),
            root,
            about,
            any,
            outcome: AtomicU8::new(Outcome::Alone as u8),
            strikes: AtomicU8::new(0),
        })
    }

    /// What may be done with an answer whose headers said `said`.
    pub(crate) fn policy(&self, said: Option<Policy>) -> Policy {
        let policy = said.or(self.fallback).unwrap_or(Policy::NEVER);
        self.cap.map_or(policy, |cap| policy.and(cap))
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self.outcome.load(Ordering::Relaxed) {
            1 => Outcome::Never,
            2 => Outcome::ByCaller,
            3 => Outcome::ByEverybody,
            _ => Outcome::Alone,
        }
    }

    /// Remembers how far an answer could be shared.
    pub(crate) fn learn(&self, policy: Policy) {
        let outcome = match policy.scope {
            _ if !policy.is_storable() => {
                let strikes = self.strikes.load(Ordering::Relaxed).saturating_add(1);
                self.strikes.store(strikes, Ordering::Relaxed);
                if strikes >= STRIKES {
                    Outcome::Never
                } else {
                    Outcome::Alone
                }
            }
            Scope::Public => Outcome::ByEverybody,
            Scope::Private | Scope::Unsaid => Outcome::ByCaller,
        };
        if policy.is_storable() {
            self.strikes.store(0, Ordering::Relaxed);
        }
        self.outcome.store(outcome as u8, Ordering::Relaxed);
    }

    /// The tags of an answer to root fields, at most `most` of them.
    pub(crate) fn root_tags(&self, data: &Value, entities: &Entities, most: usize) -> Vec<Tag> {
        self.bounded(most, |tags| self.root.tags(data, entities, tags))
    }

    /// The tags of one entity: what its representation and its values under the answer's keys say of it.
    pub(crate) fn entity_tags(
        &self,
        representation: &Value,
        values: &[(&str, Value)],
        entities: &Entities,
        most: usize,
    ) -> Vec<Tag> {
        self.bounded(most, |tags| {
            let named = representation.get("__typename").and_then(Value::as_str);
            for (key, value) in values {
                let outputs = self.root.fields.iter().filter(|field| field.key == *key);
                for node in outputs.filter_map(|field| field.node.as_ref()) {
                    let own =
                        |path: &str| at(representation, path).or_else(|| node.leaf(value, path));
                    for name in named.into_iter().chain(node.type_name(value)) {
                        for name in entities.possible(name) {
                            note(entities, name, own, &mut |noted| tags.add(&noted));
                        }
                    }
                    node.below(value, entities, tags);
                }
            }
        })
    }

    /// What a mutation's answer says to have changed: the tags of all answers that hold one of its entities.
    pub(crate) fn changed(&self, data: &Value, entities: &Entities, most: usize) -> Vec<Tag> {
        let mut tags = Tags {
            found: BTreeSet::new(),
            most,
            changes: true,
        };
        self.root.tags(data, entities, &mut tags);
        if tags.found.len() > most {
            // Too many to name: every answer that holds anything of their types.
            return self.any[self.about.len()..].to_vec();
        }
        tags.found.into_iter().collect()
    }

    fn bounded(&self, most: usize, collect: impl FnOnce(&mut Tags)) -> Vec<Tag> {
        let mut tags = Tags {
            found: self.about.iter().copied().collect(),
            most,
            changes: false,
        };
        collect(&mut tags);
        if tags.found.len() > most {
            return self.any.clone();
        }
        tags.found.into_iter().collect()
    }
}
