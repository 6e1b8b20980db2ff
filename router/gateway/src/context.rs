//! What is known of one request while it passes the stages.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use coko_core::identity::{OperationKind, Principal, Viewer};
use coko_core::locale::Locale;
use http::{HeaderMap, Method};
use serde_json::Value;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::media::{Media, StreamMedia};
use crate::refusal::Refusal;
use crate::respond;
use crate::snapshot::Snapshot;

/// What is known of an operation before it is parsed; a narrowed token's checks speak of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Glance {
    /// SHA-256 of the document in hexadecimal.
    pub(crate) hash: Option<String>,
    pub(crate) kind: Option<OperationKind>,
}

/// Passed first to every stage. It holds one snapshot of the supergraph from beginning to end, so that a reload never
/// changes the rules in the middle of a request.
#[derive(Clone)]
pub(crate) struct RequestContext {
    pub(crate) engine: Arc<Engine>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) request_id: Arc<str>,
    /// The moment after which nobody waits for the answer.
    pub(crate) deadline: Instant,
    pub(crate) method: Method,
    pub(crate) headers: Arc<HeaderMap>,
    pub(crate) media: Media,
    /// How a subscription is answered; `None` where the client takes no stream.
    pub(crate) stream: Option<StreamMedia>,
    /// Whether the client takes streams only, so that a single answer is a stream of one.
    pub(crate) stream_only: bool,
    /// Whether an answer may come in parts (`@defer`).
    pub(crate) incremental: bool,
    pub(crate) locale: Locale,
    /// The client's address.
    pub(crate) address: Option<IpAddr>,
    /// W3C Trace Context to hand on.
    pub(crate) traceparent: Arc<str>,
    /// The name by which the client calls itself; not to be believed.
    pub(crate) claimed_client: Option<Arc<str>>,
    /// A guest until the `identify` stage.
    pub(crate) viewer: Arc<Viewer>,
    /// What the token was checked against.
    pub(crate) glance: Glance,
    /// Whether the plan is asked for instead of the answer.
    pub(crate) explain: bool,
}

impl RequestContext {
    /// The text of a header, if it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Begins the time that the stages may take anew.
    pub(crate) fn renew_deadline(&mut self) {
        let patience = Duration::from_millis(self.engine.config.timeouts.request_ms);
        self.deadline = Instant::now() + patience;
    }

    /// Whether the caller showed a valid token.
    pub(crate) fn is_authenticated(&self) -> bool {
        self.viewer.principal != Principal::Guest
    }
}

/// What of a client outlives its request: an open stream or connection keeps this, and no supergraph.
#[derive(Clone)]
pub(crate) struct ClientContext {
    pub(crate) engine: Arc<Engine>,
    pub(crate) request_id: Arc<str>,
    pub(crate) headers: Arc<HeaderMap>,
    pub(crate) stream: Option<StreamMedia>,
    locale: Locale,
    address: Option<IpAddr>,
    claimed_client: Option<Arc<str>>,
}

impl ClientContext {
    /// `headers` are those to keep; the request's own are slices of its buffers.
    pub(crate) fn new(context: &RequestContext, headers: HeaderMap) -> Self {
        Self {
            engine: context.engine.clone(),
            request_id: context.request_id.clone(),
            headers: Arc::new(headers),
            stream: context.stream,
            locale: context.locale.clone(),
            address: context.address,
            claimed_client: context.claimed_client.clone(),
        }
    }

    /// The context of one more operation of this client.
    pub(crate) fn operation(&self, started: Instant) -> RequestContext {
        let engine = &self.engine;
        RequestContext {
            engine: engine.clone(),
            snapshot: engine.snapshot(),
            request_id: engine.entropy.uuid(engine.clock.now()).to_string().into(),
            deadline: started + Duration::from_millis(engine.config.timeouts.request_ms),
            // Mutations are welcome: who may connect was settled before.
            method: Method::POST,
            headers: self.headers.clone(),
            media: Media::Json,
            stream: self.stream,
            stream_only: false,
            // The protocol has messages for it.
            incremental: engine.config.incremental,
            locale: self.locale.clone(),
            address: self.address,
            traceparent: engine.new_traceparent().into(),
            claimed_client: self.claimed_client.clone(),
            viewer: Arc::new(Viewer::guest()),
            glance: Glance::default(),
            explain: false,
        }
    }

    /// A refusal's errors as clients see them.
    pub(crate) fn errors(&self, refusal: &Refusal) -> Vec<Value> {
        respond::errors(&self.engine, &self.locale, &self.request_id, refusal)
    }
}
