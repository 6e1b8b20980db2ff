//! One call to a subgraph that may be answered from the cache; this file has what all share, and root fields.

use std::sync::Arc;

use coko_executor::{BodyLayout, SubgraphReply, SubgraphRequest, SubgraphTransport as _};
use sha2::{Digest as _, Sha256};

use super::fetch::{CachedFetches, Reply, reply, said};
use super::flight::{Joined, Lead};
use super::shape::FetchShape;
use super::store::{Entry, Key};
use super::tag::Tag;
use super::{Began, Caller, Keys, Policy, ResponseCache, Scope, splice};

/// How often somebody else's answer is waited for before asking all the same.
pub(super) const PATIENCE: usize = 3;

/// One call that may be answered from the cache.
pub(super) struct Way<'a> {
    pub(super) fetches: &'a CachedFetches<'a>,
    pub(super) cache: &'a Arc<ResponseCache>,
    pub(super) caller: &'a Caller,
    pub(super) shape: &'a FetchShape,
    pub(super) layout: BodyLayout<'a>,
}

impl Way<'_> {
    pub(super) fn key(&self, caller: &[u8; 32], parts: &[&[u8]]) -> Key {
        let mut hash = Sha256::new();
        hash.update(self.shape.digest);
        hash.update(caller);
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    fn keys(&self, parts: &[&[u8]]) -> Keys {
        Keys {
            public: self.key(&self.caller.headers, parts),
            own: self.key(&self.caller.own, parts),
        }
    }

    pub(super) fn hit(&self, entry: &Entry) {
        self.fetches
            .note(entry.policy(self.cache.now()), &entry.tags);
        self.fetches.note_hit();
    }

    pub(super) async fn call(&self, request: SubgraphRequest<'_>) -> Reply {
        let reply = self.fetches.context.snapshot.transports.call(request).await;
        if reply.is_err() {
            self.fetches.note(Policy::NEVER, &[]);
        }
        reply
    }

    /// What the headers of a whole answer allow. An answer with an error status allows nothing.
    pub(super) fn policy(&self, reply: &SubgraphReply) -> Policy {
        if !reply.status.is_success() {
            return Policy::NEVER;
        }
        let policy = self.shape.policy(said(&reply.headers));
        self.shape.learn(policy);
        policy
    }

    pub(super) async fn root(&self, request: SubgraphRequest<'_>) -> Reply {
        let keys = self.keys(&[&request.body[self.layout.document_bytes()..]]);
        let mut waits = 0;
        let (began, lead) = loop {
            let (found, began) = self.cache.find(&[keys]).await;
            if let Some(entry) = found.into_iter().flatten().next() {
                count(1, 0);
                self.hit(&entry);
                return Ok(reply(entry.body.clone()));
            }
            match self
                .cache
                .join(self.shape, &keys)
                .filter(|_| waits < PATIENCE)
            {
                Some(Joined::Lead(lead)) => break (began, Some(lead)),
                Some(Joined::Follow(follow)) => {
                    waits += 1;
                    if let Some(entry) = self.cache.landed(follow, request.deadline).await {
                        count(1, 0);
                        self.hit(&entry);
                        return Ok(reply(entry.body.clone()));
                    }
                }
                None => break (began, None),
            }
        };
        count(0, 1);
        let reply = self.call(request).await?;
        let policy = self.policy(&reply);
        match self.keep_root(&reply, policy, keys, began, lead.as_ref()) {
            Some(tags) => self.fetches.note(policy, &tags),
            None => self.fetches.note_untagged(policy),
        }
        Ok(reply)
    }

    fn keep_root(
        &self,
        reply: &SubgraphReply,
        policy: Policy,
        keys: Keys,
        began: Began,
        lead: Option<&Lead>,
    ) -> Option<Vec<Tag>> {
        if !policy.is_storable() {
            return None;
        }
        let data = splice::flawless_data(&reply.body)?;
        // What is not there yet has no tag by which the news of it could drop this answer.
        if data.as_object()?.values().any(serde_json::Value::is_null) {
            return None;
        }
        let entities = self.fetches.context.snapshot.shapes.entities();
        let tags = self
            .shape
            .root_tags(&data, entities, self.cache.config.tags);
        if let Some(entry) = self
            .cache
            .entry(reply.body.clone(), policy, tags.clone(), began)
        {
            land(lead, &entry, keys);
            self.cache.keep(vec![(keys.of(entry.scope), entry)], began);
        }
        Some(tags)
    }

    /// The request as it is, its answer not kept.
    pub(super) async fn whole(&self, request: SubgraphRequest<'_>) -> Reply {
        self.fetches.note(Policy::NEVER, &[]);
        self.call(request).await
    }
}

/// Hands an entry to those who wait, unless they may not have it.
pub(super) fn land(lead: Option<&Lead>, entry: &Arc<Entry>, keys: Keys) {
    let Some(lead) = lead else { return };
    if entry.scope == Scope::Public || lead.is_for(&keys.own) {
        lead.land(entry.clone());
    }
}

/// Counts entities and root fetches.
pub(super) fn count(hits: usize, misses: usize) {
    metrics::counter!("router_cache_lookups_total", "outcome" => "HIT").increment(hits as u64);
    metrics::counter!("router_cache_lookups_total", "outcome" => "MISS").increment(misses as u64);
}
