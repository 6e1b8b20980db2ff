//! What an answer is about, as short numbers that every router computes alike.
//!
//! A tag is the beginning of a SHA-256 over what it names. Should two names share one, a purge drops too much, never too
//! little.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// What a purge names and an answer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tag(pub(crate) u64);

impl Tag {
    fn of<'a>(kind: &'a str, parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(kind).chain(parts) {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let beginning = digest.first_chunk().copied().unwrap_or_default();
        Self(u64::from_le_bytes(beginning))
    }

    /// Every answer of a subgraph.
    pub(crate) fn subgraph(name: &str) -> Self {
        Self::of("subgraph", [name])
    }

    /// Every answer to a root field: `Query`, `book`.
    pub(crate) fn field(type_name: &str, field: &str) -> Self {
        Self::of("field", [type_name, field])
    }

    /// Every answer that holds an entity of a type.
    pub(crate) fn kind(type_name: &str) -> Self {
        Self::of("type", [type_name])
    }

    /// Every answer that holds this entity. The key's fields are in the order of their paths.
    pub(crate) fn entity<'a>(
        type_name: &'a str,
        key: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let parts = key.into_iter().flat_map(|(path, value)| [path, value]);
        Self::of("entity", std::iter::once(type_name).chain(parts))
    }

    /// Every answer that holds an entity of a type without saying this key of it: it may be any.
    pub(crate) fn unnamed<'a>(
        type_name: &'a str,
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self::of("unnamed", std::iter::once(type_name).chain(paths))
    }
}

/// A key's value as text, the same for the number and the string that ids may be.
pub(crate) fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
