//! How subgraphs are called. The layers around a call, from the outside:
//!
//! 1. equal queries under way are sent once (`deduplicate`),
//! 2. a subgraph that keeps failing is left alone (`circuit`),
//! 3. queries that failed in a way that may pass are tried again (`retry`),
//! 4. each attempt has a time-out, and tells the subgraph how long it has,
//! 5. HTTP, or a subgraph of this process: same bytes, same cap on answers.

mod answer;
mod circuit;
mod connector;
mod deduplicate;
mod direct;
mod encoding;
mod http;
mod in_process;
mod multipart;
mod reach;
mod retry;
mod route;
mod sdl;
mod sse;
mod tls;
mod websocket;

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, header};
use bytes::Bytes;
use coko_executor::{
    OperationKind, SubgraphEntry, SubgraphEvents, SubgraphId, SubgraphReply, SubgraphRequest,
    SubgraphTransport, TransportError,
};
use futures::future::BoxFuture;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::config::{Config, ConfigError, SubgraphConfig};
use crate::meters::SubgraphMeters;
use crate::{sharing, trace};

pub(crate) use self::circuit::CircuitState;
pub(crate) use self::connector::Connectors;
use self::deduplicate::Deduplication;
use self::http::HttpEndpoint;
use self::in_process::InProcessEndpoint;
use self::multipart::Payload;
pub(crate) use self::reach::Reach;
use self::route::{Route, Way, subscription_way};
pub(crate) use self::sdl::fetch_sdls;

/// The path at which a subgraph of this process answers.
const IN_PROCESS_PATH: &str = "/graphql";

/// One subgraph as it is called, with all layers.
pub(crate) struct Endpoint {
    meters: SubgraphMeters,
    deduplication: Option<Deduplication>,
    route: Arc<Route>,
}

impl Endpoint {
    /// The way to a subgraph: in this process when it runs here, else to its configured URL, else to its own.
    ///
    /// # Errors
    /// [`ConfigError::SubgraphUrl`] when there is no URL that can be called.
    pub(crate) fn new(
        name: &str,
        url: &str,
        config: &Config,
        reach: &Reach,
    ) -> Result<Self, ConfigError> {
        let default = SubgraphConfig::default();
        let own = config.subgraphs.get(name).unwrap_or(&default);
        let is_source = config.subscriptions.source(name, url).is_some();
        let fault = |url: &str, reason: String| ConfigError::SubgraphUrl {
            name: name.to_owned(),
            url: url.to_owned(),
            reason,
        };
        let subscriptions = subscription_way(own, url, reach.client(name))
            .map_err(|reason| fault(own.subscription_url.as_deref().unwrap_or(url), reason))?;
        let way = match (reach.in_process(name), &own.url) {
            _ if is_source => Way::Events,
            (Some(router), None) => {
                Way::InProcess(InProcessEndpoint::new(router.clone(), IN_PROCESS_PATH))
            }
            (_, configured) => {
                let url = configured.as_deref().unwrap_or(url);
                let compression = own.compression.as_ref();
                let compression = compression.unwrap_or(&config.traffic.compression);
                let endpoint = HttpEndpoint::new(url, reach.client(name).clone(), compression);
                Way::Http(Box::new(endpoint.map_err(|reason| fault(url, reason))?))
            }
        };
        let timeout = Duration::from_millis(own.timeout_ms.unwrap_or(config.timeouts.subgraph_ms));
        let deduplicates = own.deduplication.unwrap_or(config.traffic.deduplication);
        Ok(Self {
            meters: SubgraphMeters::new(name),
            deduplication: deduplicates.then(|| Deduplication::new(name, timeout)),
            route: Arc::new(Route {
                name: name.to_owned(),
                timeout,
                cap: own
                    .response_bytes
                    .unwrap_or(config.limits.subgraph_response_bytes),
                deadline_header: config.traffic.deadline_header,
                guard: reach.guard(name, own, &config.traffic),
                way,
                subscriptions,
            }),
        })
    }

    /// The subgraph's name.
    pub(crate) fn name(&self) -> &str {
        &self.route.name
    }

    pub(crate) fn meters(&self) -> &SubgraphMeters {
        &self.meters
    }

    /// Whether the subgraph is called now; none without a circuit breaker.
    pub(crate) fn circuit(&self) -> Option<CircuitState> {
        Some(self.route.guard.circuit.as_ref()?.state())
    }

    /// Whether it can be called; what is no server cannot.
    pub(crate) fn is_server(&self) -> bool {
        !matches!(self.route.way, Way::Events)
    }

    /// Asks once, whatever happened before: for questions of the gateway's own.
    pub(crate) async fn ask(
        &self,
        body: Bytes,
        deadline: Instant,
    ) -> Result<SubgraphReply, TransportError> {
        let payload = Payload::new(body, None)?;
        self.route
            .attempt(payload, &HeaderMap::new(), deadline)
            .await
    }

    /// Whether a request may be answered together with an equal one. Files are too much to compare.
    fn is_shared(&self, request: &SubgraphRequest<'_>) -> bool {
        self.deduplication.is_some()
            && request.kind == OperationKind::Query
            && request.files.is_none()
    }

    /// Sends one request through all layers. `scope` says for whom, where it may be shared.
    async fn call(
        &self,
        request: SubgraphRequest<'_>,
        scope: Option<Bytes>,
        headers: &HeaderMap,
    ) -> Result<SubgraphReply, TransportError> {
        let deadline = request.deadline;
        let payload = Payload::new(request.body, request.files.as_ref())?;
        match (&self.deduplication, request.kind, scope) {
            (Some(deduplication), OperationKind::Query, Some(scope)) => {
                deduplication
                    .query(&self.route, scope, payload, headers, deadline)
                    .await
            }
            (_, OperationKind::Query, _) => self.route.query(payload, headers, deadline).await,
            (deduplication, ..) => {
                let outcome = self.route.change(payload, headers, deadline).await;
                if let Some(deduplication) = deduplication {
                    deduplication.note_change();
                }
                outcome
            }
        }
    }
}

/// The ways to all subgraphs of one supergraph, by their id.
pub(crate) struct Transports {
    endpoints: Vec<Endpoint>,
    /// See [`crate::sharing::scope`].
    indifferent_headers: Vec<HeaderName>,
    shares_tokens: bool,
}

impl Transports {
    /// Prepares the way to each subgraph of a supergraph.
    ///
    /// # Errors
    /// [`ConfigError::SubgraphUrl`] for the first that cannot be called.
    pub(crate) fn new(
        subgraphs: &[SubgraphEntry],
        config: &Config,
        reach: &Reach,
    ) -> Result<Self, ConfigError> {
        let endpoints = subgraphs
            .iter()
            .map(|entry| Endpoint::new(&entry.name, &entry.url, config, reach))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            endpoints,
            indifferent_headers: sharing::indifferent(&config.traffic),
            shares_tokens: reach.shares_tokens(),
        })
    }

    pub(crate) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Whether callers with a token may share. A token may be narrowed to single operations, which subgraphs check against
    /// the envelope unless the gateway did.
    fn may_share(&self, headers: &HeaderMap) -> bool {
        self.shares_tokens || !headers.contains_key(header::AUTHORIZATION)
    }

    /// Calls, and records the call where it is traced.
    async fn traced(
        &self,
        request: SubgraphRequest<'_>,
        scope: Option<Bytes>,
    ) -> Result<SubgraphReply, TransportError> {
        let endpoint = self.endpoint(request.subgraph)?;
        let span = trace::calling(endpoint.name(), &request);
        if span.is_disabled() {
            let headers = request.headers;
            return endpoint.call(request, scope, headers).await;
        }
        let headers = trace::with_parent(request.headers, &span);
        let outcome = endpoint
            .call(request, scope, &headers)
            .instrument(span.clone())
            .await;
        trace::called(&span, &outcome);
        outcome
    }

    fn endpoint(&self, subgraph: SubgraphId) -> Result<&Endpoint, TransportError> {
        self.endpoints.get(subgraph.index()).ok_or_else(|| {
            TransportError::Other("the plan names a subgraph that the supergraph lacks".to_owned())
        })
    }
}

impl SubgraphTransport for Transports {
    fn call<'a>(
        &'a self,
        request: SubgraphRequest<'a>,
    ) -> BoxFuture<'a, Result<SubgraphReply, TransportError>> {
        Box::pin(async move {
            let shared = self.endpoint(request.subgraph)?.is_shared(&request);
            let scope = (shared && self.may_share(request.headers))
                .then(|| sharing::scope(request.headers, &self.indifferent_headers));
            self.traced(request, scope).await
        })
    }

    fn subscribe<'a>(
        &'a self,
        request: SubgraphRequest<'a>,
    ) -> BoxFuture<'a, Result<SubgraphEvents, TransportError>> {
        Box::pin(async move {
            let route = &self.endpoint(request.subgraph)?.route;
            route
                .subscribe(request.body, request.headers, request.deadline)
                .await
        })
    }
}

/// The same ways for questions that may not share what was asked before: those that an event raises are to be answered with
/// what is so after it.
pub(crate) struct Unshared<'a>(pub(crate) &'a Transports);

impl SubgraphTransport for Unshared<'_> {
    fn call<'a>(
        &'a self,
        request: SubgraphRequest<'a>,
    ) -> BoxFuture<'a, Result<SubgraphReply, TransportError>> {
        Box::pin(self.0.traced(request, None))
    }

    fn subscribe<'a>(
        &'a self,
        request: SubgraphRequest<'a>,
    ) -> BoxFuture<'a, Result<SubgraphEvents, TransportError>> {
        self.0.subscribe(request)
    }
}
