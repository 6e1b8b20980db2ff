//! Stage 9½: an answer to the whole operation, when all of its parts may still be kept.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::store::Entry;
use super::{Began, Caller, Gathered, Keys, Policy, ResponseCache, Scope};
use crate::actual_cost::is_asked;
use crate::coerce::Coerced;
use crate::context::RequestContext;
use crate::execute::{Executed, forwarded};

/// What is needed to keep the answer once it is there.
#[derive(Clone, Debug)]
pub(crate) struct Recall {
    pub(crate) caller: Caller,
    keys: Keys,
    began: Began,
}

/// An operation that has to be executed.
pub(crate) struct Asked {
    pub(crate) coerced: Coerced,
    /// Where to keep its answer; `None` when nothing about it is kept.
    pub(crate) recall: Option<Recall>,
}

/// An answer that is kept, or where to keep it.
pub(crate) enum Recalled {
    Answer(Executed),
    Ask(Box<Asked>),
}

/// Looks for the answer of the whole operation.
pub(crate) fn recall(context: &RequestContext, coerced: Coerced) -> Recalled {
    let operation = &coerced.prepared.operation;
    let cache = context.engine.cache.as_ref();
    let is_query = operation.kind == coko_executor::OperationKind::Query;
    let has_files = coerced.prepared.request.uploads.is_some();
    let Some(cache) =
        cache.filter(|_| !has_files && is_query && !context.explain && !is_asked(context))
    else {
        return Recalled::Ask(Box::new(Asked {
            coerced,
            recall: None,
        }));
    };
    let caller = Caller::of(context, &forwarded(context));
    let variables = serde_json::to_vec(coerced.variables.as_map()).unwrap_or_default();
    // Where fields are moving, callers are answered by different subgraphs.
    let decision = context.snapshot.overrides.decide(context).bytes();
    let key = |caller: &[u8; 32]| {
        let mut hash = Sha256::new();
        hash.update(context.snapshot.sdl_digest);
        hash.update(caller);
        for part in [
            operation.hash.as_bytes(),
            operation.name.as_deref().unwrap_or_default().as_bytes(),
            &variables,
            &decision,
        ] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    };
    let keys = Keys {
        public: key(&caller.headers),
        own: key(&caller.own),
    };
    let began = Began {
        here: cache.purges.now(),
        shared: None,
    };
    let now = cache.now();
    let found = cache
        .config
        .operations
        .then(|| {
            cache
                .remembered(&keys.public, now)
                .or_else(|| cache.remembered(&keys.own, now))
        })
        .flatten();
    match found {
        Some(entry) => {
            metrics::counter!("router_cache_operations_total", "outcome" => "HIT").increment(1);
            let mut executed = Executed::new(operation, entry.body.clone());
            executed.cached = 1;
            executed.policy = Some(entry.policy(now));
            executed.etag.clone_from(&entry.etag);
            Recalled::Answer(executed)
        }
        None => Recalled::Ask(Box::new(Asked {
            coerced,
            recall: Some(Recall {
                caller,
                keys,
                began,
            }),
        })),
    }
}

impl ResponseCache {
    /// Keeps the answer to a whole operation, which has no errors; returns its strong validator.
    pub(crate) fn keep_operation(
        &self,
        recall: &Recall,
        body: &Bytes,
        gathered: &Gathered,
    ) -> Box<str> {
        let policy = gathered.policy.unwrap_or(Policy::NEVER);
        // An answer about very much is dropped by nearly every purge.
        if !self.config.operations
            || gathered.is_incomplete
            || gathered.tags.len() > self.config.tags * 4
        {
            return Box::default();
        }
        let tags = gathered.tags.iter().copied().collect();
        let Some(entry) = self.entry(body.clone(), policy, tags, recall.began) else {
            return Box::default();
        };
        let etag = etag(body);
        let entry = Entry {
            etag: etag.clone(),
            ..Arc::unwrap_or_clone(entry)
        };
        if self.counts(&entry, self.now()) {
            self.memory
                .put(recall.keys.of(entry.scope), Arc::new(entry));
        }
        etag
    }
}

/// The strong validator of a body (RFC 9110, section 8.8.3): 128 bits of its SHA-256, without the quotes.
pub(crate) fn etag(body: &[u8]) -> Box<str> {
    hex::encode(&Sha256::digest(body)[..16]).into()
}

impl Policy {
    /// Whether caches that serve many may keep an answer which was made for this caller.
    pub(crate) fn is_shareable(self, with_token: bool) -> bool {
        match self.scope {
            Scope::Private => false,
            Scope::Unsaid => !with_token,
            Scope::Public => true,
        }
    }
}
