//! Calls to subgraphs of one request, by way of the cache.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use coko_executor::{
    OperationKind, SubgraphReply, SubgraphRequest, SubgraphTransport, TransportError,
};
use futures::future::BoxFuture;
use http::{HeaderMap, StatusCode};

use super::caller::is_keyed;
use super::shape::{FetchShape, Outcome};
use super::tag::Tag;
use super::way::Way;
use super::{Caller, Policy, ResponseCache, splice};
use crate::context::RequestContext;

/// What the fetches of a request say together.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// What may be done with the whole answer; `None` when nothing was fetched.
    pub(crate) policy: Option<Policy>,
    pub(super) tags: BTreeSet<Tag>,
    /// Whether the tags are those of every fetch: without them nobody would know when the answer is stale.
    pub(super) is_incomplete: bool,
    /// Fetches that no subgraph was called for.
    pub(crate) hits: usize,
}

/// The transports of one request, with the cache before them.
pub(crate) struct CachedFetches<'c> {
    pub(super) context: &'c RequestContext,
    cache: Option<&'c Arc<ResponseCache>>,
    caller: Option<&'c Caller>,
    gathered: Mutex<Gathered>,
}

pub(super) type Reply = Result<SubgraphReply, TransportError>;

impl SubgraphTransport for CachedFetches<'_> {
    fn call<'a>(&'a self, request: SubgraphRequest<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(self.fetch(request))
    }
}

impl<'c> CachedFetches<'c> {
    /// Without a caller nothing is looked for or kept; what the answers allow is gathered all the same.
    pub(crate) fn new(context: &'c RequestContext, caller: Option<&'c Caller>) -> Self {
        Self {
            context,
            cache: context.engine.cache.as_ref().filter(|_| caller.is_some()),
            caller,
            gathered: Mutex::default(),
        }
    }

    /// What was gathered.
    pub(crate) fn finish(self) -> Gathered {
        self.gathered
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what an answer allows and what it is about.
    pub(super) fn note(&self, policy: Policy, tags: &[Tag]) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let before = gathered.policy;
        gathered.policy = Some(before.map_or(policy, |before| before.and(policy)));
        gathered.tags.extend(tags);
    }

    /// Notes a fetch that no subgraph was called for.
    pub(super) fn note_hit(&self) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.hits += 1;
    }

    /// Notes an answer of which it is not known what it is about.
    pub(super) fn note_untagged(&self, policy: Policy) {
        self.note(policy, &[]);
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.is_incomplete = true;
    }

    async fn fetch(&self, request: SubgraphRequest<'_>) -> Reply {
        let snapshot = &self.context.snapshot;
        let kind = request.kind;
        // Files are no part of any key.
        let has_files = request.files.is_some() && kind == OperationKind::Query;
        let shape = match (&request.layout, kind) {
            (Some(layout), OperationKind::Query | OperationKind::Mutation) if !has_files => {
                let opening = &request.body[..layout.document_bytes()];
                snapshot
                    .shapes
                    .of(request.subgraph, opening, &snapshot.table)
            }
            _ => None,
        };
        let is_futile = shape
            .as_ref()
            .is_none_or(|shape| shape.outcome() == Outcome::Never);
        let cache = self.cache.filter(|_| {
            kind == OperationKind::Query
                && !is_futile
                && snapshot.shapes.is_enabled(request.subgraph)
        });
        match (shape, cache, self.caller, request.layout) {
            (Some(shape), Some(cache), Some(caller), Some(layout)) => {
                let way = Way {
                    fetches: self,
                    cache,
                    caller,
                    shape: &shape,
                    layout,
                };
                if layout.lists().len() == 0 {
                    way.root(request).await
                } else {
                    way.entities(request).await
                }
            }
            (shape, ..) => {
                let reply = snapshot.transports.call(request).await;
                let policy = match (&shape, &reply) {
                    (Some(shape), Ok(reply)) if kind == OperationKind::Mutation => {
                        self.changed(shape, reply).await;
                        Policy::NEVER
                    }
                    (Some(shape), Ok(reply)) if reply.status.is_success() => {
                        let policy = shape.policy(said(&reply.headers));
                        shape.learn(policy);
                        policy
                    }
                    _ => Policy::NEVER,
                };
                self.note_untagged(policy);
                reply
            }
        }
    }
}

impl CachedFetches<'_> {
    /// Drops what a mutation says to have changed.
    async fn changed(&self, shape: &FetchShape, reply: &SubgraphReply) {
        if let Some(cache) = &self.context.engine.cache
            && let Some(data) = splice::data(&reply.body)
        {
            let entities = self.context.snapshot.shapes.entities();
            let tags = shape.changed(&data, entities, cache.config.tags);
            cache.purge_changed(&tags).await;
        }
    }
}

/// What the headers of an answer say.
pub(super) fn said(headers: &HeaderMap) -> Option<Policy> {
    Policy::of(headers, &is_keyed)
}

/// An answer that comes from here.
pub(super) fn reply(body: Bytes) -> SubgraphReply {
    SubgraphReply {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body,
    }
}
