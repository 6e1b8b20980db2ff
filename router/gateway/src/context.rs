//! What is known of one request while it passes the stages.

use std::net::IpAddr;
use std::sync::Arc;

use coko_core::identity::{OperationKind, Principal, Viewer};
use coko_core::locale::Locale;
use http::{HeaderMap, Method};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::media::Media;
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

    /// Whether the caller showed a valid token.
    pub(crate) fn is_authenticated(&self) -> bool {
        self.viewer.principal != Principal::Guest
    }
}
