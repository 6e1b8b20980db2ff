//! What all requests share.

use std::sync::Arc;

use arc_swap::ArcSwap;
use coko_core::clock::Clock;
use coko_core::identity::{InternalKey, Verifier};
use coko_core::ids::Entropy;
use coko_core::lifecycle::Shutdown;
use coko_core::rate_limit::RateLimiter;
use coko_core::service::Nats;
use coko_core::translation::Translations;
use http::HeaderName;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::cache::ResponseCache;
use crate::config::Config;
use crate::dictionary::Dictionaries;
use crate::meters::Meters;
use crate::persisted::Documents;
use crate::share::RunningOperations;
use crate::snapshot::Snapshot;
use crate::subscriptions::Hub;
use crate::transport::Reach;

/// Shared by all requests; only the snapshot and the documents change.
pub(crate) struct Engine {
    pub(crate) config: Config,
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) documents: Documents,
    /// Compression dictionaries, when they are on.
    pub(crate) dictionaries: Option<Arc<Dictionaries>>,
    pub(crate) verifier: Option<Arc<Verifier>>,
    pub(crate) internal_key: Option<InternalKey>,
    pub(crate) limiter: RateLimiter,
    /// Answers of subgraphs, where they are kept.
    pub(crate) cache: Option<Arc<ResponseCache>>,
    /// Where operators' purges are told to other routers.
    pub(crate) bus: Option<Nats>,
    pub(crate) reach: Arc<Reach>,
    /// Operations under way, where they are shared.
    pub(crate) running: Option<RunningOperations>,
    pub(crate) meters: Meters,
    /// The configured headers to hand on to subgraphs.
    pub(crate) forwarded: Vec<HeaderName>,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) translations: Translations,
    pub(crate) in_flight: Arc<Semaphore>,
    /// Open subscriptions.
    pub(crate) hub: Hub,
    /// Connections that are no longer HTTP, which the server does not wait for.
    pub(crate) upgraded: TaskTracker,
    pub(crate) planning: Arc<Semaphore>,
    /// Bytes of files that may still be taken in.
    pub(crate) upload_room: Arc<Semaphore>,
    /// Set when the process is about to stop.
    pub(crate) shutdown: Option<Shutdown>,
    /// Why the last reload failed, until one succeeds.
    pub(crate) reload_fault: ArcSwap<Option<String>>,
}

impl Engine {
    /// The supergraph in use now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// A trace of its own for a request that comes without one (W3C Trace Context, section 3.2), not sampled.
    pub(crate) fn new_traceparent(&self) -> String {
        let digits = hex::encode(self.entropy.bytes::<24>());
        let (trace, span) = digits.split_at(32);
        ["00-", trace, "-", span, "-00"].concat()
    }
}
