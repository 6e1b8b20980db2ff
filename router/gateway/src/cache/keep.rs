//! Keeping what was fetched.

use std::sync::Arc;

use bytes::Bytes;

use super::policy::Policy;
use super::store::{Entry, Key};
use super::tag::Tag;
use super::{Began, ResponseCache};

impl ResponseCache {
    /// An entry of what was asked for at `began`; `None` when it may not be kept or is too large.
    pub(super) fn entry(
        &self,
        body: Bytes,
        policy: Policy,
        tags: Vec<Tag>,
        began: Began,
    ) -> Option<Arc<Entry>> {
        if !policy.is_storable() || body.len() > self.config.value_bytes {
            return None;
        }
        let now = self.now();
        let until = |seconds: u32| now + i64::from(seconds.min(self.config.max_seconds)) * 1000;
        Some(Arc::new(Entry {
            body,
            scope: policy.scope,
            shared_until: until(policy.shared_seconds),
            client_until: until(policy.client_seconds),
            tags: tags.into(),
            began: began.here,
            etag: Box::default(),
        }))
    }

    /// Keeps entries here and, on the side, in Redis. What a purge overtook is not kept.
    pub(super) fn keep(self: &Arc<Self>, mut entries: Vec<(Key, Arc<Entry>)>, began: Began) {
        let now = self.now();
        entries.retain(|(_, entry)| self.counts(entry, now));
        metrics::counter!("router_cache_stored_total").increment(entries.len() as u64);
        for (key, entry) in &entries {
            self.memory.put(*key, entry.clone());
        }
        let Some(moment) = began.shared.filter(|_| !entries.is_empty()) else {
            return;
        };
        let cache = self.clone();
        tokio::spawn(async move {
            if let Some(shared) = &cache.shared {
                for (key, entry) in &entries {
                    shared.put(key, entry, moment).await;
                }
            }
        });
    }
}
