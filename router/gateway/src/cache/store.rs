//! Where answers are kept: in this process, and behind it in Redis.

use std::sync::Arc;

use bytes::Bytes;

use super::policy::{Policy, Scope};
use super::tag::Tag;

/// What identifies an answer: a SHA-256 over the subgraph, the document, the variables, the headers that may change the
/// answer, and the caller where it is for him alone. Callers choose parts of it, so a lesser hash would let them collide.
pub(crate) type Key = [u8; 32];

/// A kept answer, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// JSON.
    pub(crate) body: Bytes,
    pub(crate) scope: Scope,
    /// Until when this cache and others that serve many may keep it, in milliseconds since the epoch.
    pub(crate) shared_until: i64,
    /// Until when a client may.
    pub(crate) client_until: i64,
    pub(crate) tags: Box<[Tag]>,
    /// The purge that was the latest here when it was asked for.
    pub(crate) began: u64,
    /// The strong validator of a whole answer; empty for parts.
    pub(crate) etag: Box<str>,
}

impl Entry {
    /// What may be done with it from now on.
    pub(crate) fn policy(&self, now: i64) -> Policy {
        let left = |until: i64| u32::try_from((until - now).max(0) / 1000).unwrap_or(u32::MAX);
        Policy {
            scope: self.scope,
            shared_seconds: left(self.shared_until),
            client_seconds: left(self.client_until),
        }
    }

    fn weight(&self) -> u32 {
        let bytes = self.body.len() + self.tags.len() * size_of::<Tag>() + 192;
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

/// The memory of this process, weighed in bytes.
pub(crate) struct Memory(moka::sync::Cache<Key, Arc<Entry>>);

impl Memory {
    pub(crate) fn new(bytes: u64) -> Self {
        Self(
            moka::sync::Cache::builder()
                .max_capacity(bytes)
                .weigher(|_: &Key, entry: &Arc<Entry>| entry.weight())
                .build(),
        )
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Entry>> {
        self.0.get(key)
    }

    pub(crate) fn put(&self, key: Key, entry: Arc<Entry>) {
        self.0.insert(key, entry);
    }

    pub(crate) fn remove(&self, key: &Key) {
        self.0.invalidate(key);
    }

    pub(crate) fn clear(&self) {
        self.0.invalidate_all();
    }

    /// How many entries there are and what they weigh, roughly.
    pub(crate) fn size(&self) -> (u64, u64) {
        (self.0.entry_count(), self.0.weighted_size())
    }
}
