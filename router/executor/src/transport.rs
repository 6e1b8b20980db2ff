//! The one door through which the executor reaches a subgraph. The gateway implements it, over HTTP and in-process.

use bytes::Bytes;
use futures::{future::BoxFuture, stream::BoxStream};
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use crate::{
    error::ErrorCode,
    files::CallFiles,
    plan::{Fetch, FetchWork},
    response::{TargetSet, Written},
    supergraph::SubgraphId,
};

/// The kind of a GraphQL operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// Reads; may be retried and deduplicated.
    Query,
    /// Writes; root fields run in series.
    Mutation,
    /// A stream of answers.
    Subscription,
}

impl OperationKind {
    /// The keyword of the kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

/// One request to one subgraph.
#[derive(Debug)]
pub struct SubgraphRequest<'a> {
    /// Which subgraph of the supergraph.
    pub subgraph: SubgraphId,
    /// The JSON body: `{"query":…,"variables":{…}}`.
    pub body: Bytes,
    /// The kind of the operation in the body.
    pub kind: OperationKind,
    /// Headers to forward, chosen by the gateway.
    pub headers: &'a HeaderMap,
    /// The moment after which nobody waits for the answer.
    pub deadline: Instant,
    /// Files that belong to the body's variables, which hold null in their places.
    pub files: Option<CallFiles<'a>>,
    /// What the body is made of, for those who ask for a part of it only; `None` when nobody knows.
    pub layout: Option<BodyLayout<'a>>,
}

/// What a request's body is made of: the document, the same for every request of its fetch, then lists of
/// representations, then other variables.
#[derive(Debug, Clone, Copy)]
pub struct BodyLayout<'a> {
    pub(crate) fetch: &'a Fetch,
    /// One for each input of an entity fetch; none for root fields.
    pub(crate) sets: &'a [TargetSet],
}

/// One list of representations in a body.
#[derive(Debug, Clone, Copy)]
pub struct RepresentationList<'a> {
    /// The bytes between the list's brackets, as start and end in the body.
    pub content: (usize, usize),
    written: &'a [Written],
}

impl RepresentationList<'_> {
    /// A representation, as start and end in the body.
    pub fn item(&self, position: usize) -> Option<(usize, usize)> {
        let written = self.written.get(position)?;
        Some((written.start, written.end))
    }

    /// The representations in their order, each as start and end in the body.
    pub fn items(&self) -> impl Iterator<Item = (usize, usize)> {
        self.written
            .iter()
            .map(|written| (written.start, written.end))
    }
}

impl<'a> BodyLayout<'a> {
    /// How many bytes at the body's beginning are `{"query":"…","variables":{`.
    pub fn document_bytes(&self) -> usize {
        self.fetch.body_prefix.len()
    }

    /// The lists of representations in the order of the body; none for root fields.
    pub fn lists(&self) -> impl ExactSizeIterator<Item = RepresentationList<'a>> + use<'a> {
        self.sets.iter().map(|set| RepresentationList {
            content: set.content,
            written: &set.written,
        })
    }

    /// The keys of the answer's lists of entities, each with the position of the list that it answers; none for root
    /// fields.
    pub fn outputs(&self) -> impl Iterator<Item = (&'a str, usize)> + use<'a> {
        let outputs = match &self.fetch.work {
            FetchWork::Root { .. } => &[],
            FetchWork::Entities { outputs, .. } => outputs.as_slice(),
        };
        outputs.iter().map(|output| (&*output.key, output.input))
    }
}

/// What a subgraph answered, its body whole.
#[derive(Debug, Clone)]
pub struct SubgraphReply {
    /// The HTTP status; 200 for transports without one.
    pub status: StatusCode,
    /// The response headers.
    pub headers: HeaderMap,
    /// The body, not yet looked at.
    pub body: Bytes,
}

/// Why no answer came back.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// The subgraph did not answer in time.
    #[error("it did not answer in time")]
    Timeout,
    /// No connection could be made.
    #[error("it could not be reached: {0}")]
    Connect(String),
    /// The connection broke before an answer began.
    #[error("it broke off before it answered: {0}")]
    Broken(String),
    /// It, or something before it, says that it cannot answer now.
    #[error("it answered with status {0}")]
    Unavailable(StatusCode),
    /// The answer exceeds what the gateway accepts.
    #[error("its answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer is not GraphQL, judged by its content type.
    #[error("it answered with {0}, which is not a GraphQL response")]
    NotGraphQL(String),
    /// Recent calls failed, so none is made for a while.
    #[error("it is failing and not called for now")]
    CircuitOpen,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl TransportError {
    /// The code a client sees.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Timeout => ErrorCode::Timeout,
            Self::Connect(_)
            | Self::Broken(_)
            | Self::Unavailable(_)
            | Self::TooLarge { .. }
            | Self::NotGraphQL(_)
            | Self::CircuitOpen
            | Self::Other(_) => ErrorCode::DownstreamUnavailable,
        }
    }

    /// A message without internals (no address, no cause), fit for any client.
    pub const fn public_message(&self) -> &'static str {
        match self {
            Self::Timeout => "The service did not answer in time.",
            Self::Connect(_)
            | Self::Broken(_)
            | Self::Unavailable(_)
            | Self::CircuitOpen
            | Self::Other(_) => "The service is unavailable.",
            Self::TooLarge { .. } => "The service's answer is too large.",
            Self::NotGraphQL(_) => "The service did not answer with a GraphQL response.",
        }
    }
}

/// One payload of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceEvent {
    /// The GraphQL response in JSON, not yet looked at.
    pub payload: Bytes,
    /// Where in the source's history it stands, if the source says so; rises from event to event.
    pub id: Option<u64>,
}

/// The payloads of one subscription, in order. The end is the source's own; an error is the last item.
pub type SubgraphEvents = BoxStream<'static, Result<SourceEvent, TransportError>>;

/// Calls subgraphs. Implementations own connections, time-outs, size caps and retries.
pub trait SubgraphTransport: Send + Sync {
    /// Sends one request and waits for the whole answer.
    fn call<'a>(
        &'a self,
        request: SubgraphRequest<'a>,
    ) -> BoxFuture<'a, Result<SubgraphReply, TransportError>>;

    /// Opens a subscription and returns when the subgraph has accepted it; the deadline is that of the opening alone.
    /// The default has none to offer.
    fn subscribe<'a>(
        &'a self,
        _request: SubgraphRequest<'a>,
    ) -> BoxFuture<'a, Result<SubgraphEvents, TransportError>> {
        let reason = "this transport has no subscriptions".to_owned();
        Box::pin(async { Err(TransportError::Other(reason)) })
    }
}
