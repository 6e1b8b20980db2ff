//! How subgraphs are called. The layers around a call, from the outside:
//!
//! 1. equal queries under way are sent once (`deduplicate`),
//! 2. a subgraph that keeps failing is left alone (`circuit`),
//! 3. queries that failed in a way that may pass are tried again (`retry`),
//! 4. each attempt has a time-out, and tells the subgraph how long it has,
//! 5. HTTP, or a subgraph of this process: same bytes, same cap on answers.

mod circuit;
mod deduplicate;
mod encoding;
mod http;
mod in_process;
mod multipart;
mod reach;
mod retry;
mod sse;
mod tls;
mod websocket;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use bytes::{Bytes, BytesMut};
use coko_executor::{
    OperationKind, SubgraphEntry, SubgraphEvents, SubgraphId, SubgraphReply, SubgraphRequest,
    SubgraphTransport, TransportError,
};
use futures::future::BoxFuture;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::config::{
    Config, ConfigError, SubgraphCompression, SubgraphConfig, SubscriptionProtocol,
};
use crate::{sharing, trace};

pub(crate) use self::circuit::CircuitState;
use self::deduplicate::Deduplication;
use self::http::{Client, HttpEndpoint};
use self::in_process::InProcessEndpoint;
use self::multipart::Payload;
use self::reach::Guard;
pub(crate) use self::reach::Reach;
use self::websocket::WebSocketEndpoint;

/// The path at which a subgraph of this process answers.
const IN_PROCESS_PATH: &str = "/graphql";

/// Tells a subgraph in how many milliseconds nobody waits for its answer any more.
const DEADLINE_HEADER: HeaderName = HeaderName::from_static(coko_core::graphql::DEADLINE_HEADER);

/// One subgraph as it is called, with all layers.
pub(crate) struct Endpoint {
    deduplication: Option<Deduplication>,
    route: Arc<Route>,
}

/// The layers below deduplication, which calls that outlive their first caller hold on to.
struct Route {
    name: String,
    timeout: Duration,
    /// Bytes of an answer.
    cap: usize,
    deadline_header: bool,
    /// What is remembered of the subgraph over reloads.
    guard: Arc<Guard>,
    way: Way,
    /// Where subscriptions go when that is elsewhere.
    subscriptions: Option<SubscriptionWay>,
}

enum Way {
    Http(Box<HttpEndpoint>),
    InProcess(InProcessEndpoint),
    /// It is no server but a source of events.
    Events,
}

enum SubscriptionWay {
    Sse(Box<HttpEndpoint>),
    WebSocket(Box<WebSocketEndpoint>),
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

impl Route {
    /// A query: through the circuit, and again when that may help.
    async fn query(
        &self,
        payload: Payload,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<SubgraphReply, TransportError> {
        let Some(retries) = &self.guard.retries else {
            return self
                .guarded(self.attempt(payload, headers, deadline), deadline)
                .await;
        };
        retries.note_call();
        let attempts = async {
            let mut made = 0;
            loop {
                let outcome = self.attempt(payload.clone(), headers, deadline).await;
                made += 1;
                let Some(pause) = retries.pause(&outcome, made, deadline) else {
                    return outcome;
                };
                metrics::counter!("router_subgraph_retries_total", "subgraph" => self.name.clone())
                    .increment(1);
                tokio::time::sleep(pause).await;
            }
        };
        self.guarded(attempts, deadline).await
    }

    /// A mutation: through the circuit, once.
    async fn change(
        &self,
        payload: Payload,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<SubgraphReply, TransportError> {
        self.guarded(self.attempt(payload, headers, deadline), deadline)
            .await
    }

    async fn guarded(
        &self,
        call: impl Future<Output = Result<SubgraphReply, TransportError>>,
        deadline: Instant,
    ) -> Result<SubgraphReply, TransportError> {
        let Some(circuit) = &self.guard.circuit else {
            return call.await;
        };
        let passage = circuit.pass()?;
        // With less time than it is due, its being late is not its fault.
        let in_time = Instant::now() + self.timeout <= deadline;
        let outcome = call.await;
        passage.end(&outcome, in_time);
        outcome
    }

    /// Sends one request and reads the whole answer, within the time-out and the deadline.
    async fn attempt(
        &self,
        payload: Payload,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<SubgraphReply, TransportError> {
        let now = Instant::now();
        let until = deadline.min(now + self.timeout);
        let mut headers = request_headers(headers, payload.content_type);
        let body = payload.body;
        if self.deadline_header {
            let left = until.saturating_duration_since(now).as_millis();
            let left = u64::try_from(left).unwrap_or(u64::MAX);
            headers.insert(DEADLINE_HEADER, HeaderValue::from(left));
        }
        let exchange = async {
            match &self.way {
                Way::Http(endpoint) => endpoint.exchange(body, headers, self.cap).await,
                Way::InProcess(endpoint) => endpoint.exchange(body, headers, self.cap).await,
                Way::Events => Err(no_server()),
            }
        };
        tokio::time::timeout_at(until, exchange)
            .await
            .unwrap_or(Err(TransportError::Timeout))
    }

    /// Opens a subscription, within the time-out and the deadline.
    async fn subscribe(
        &self,
        body: Bytes,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<SubgraphEvents, TransportError> {
        let deadline = deadline.min(Instant::now() + self.timeout);
        let opening = async {
            match (&self.way, &self.subscriptions) {
                (Way::InProcess(endpoint), None) => {
                    endpoint.subscribe(body, headers, self.cap).await
                }
                (_, Some(SubscriptionWay::WebSocket(endpoint))) => {
                    endpoint.subscribe(body, headers, self.cap).await
                }
                (_, Some(SubscriptionWay::Sse(endpoint))) => {
                    endpoint.subscribe(body, headers, self.cap).await
                }
                (Way::Http(endpoint), None) => endpoint.subscribe(body, headers, self.cap).await,
                (Way::Events, None) => Err(no_server()),
            }
        };
        tokio::time::timeout_at(deadline, opening)
            .await
            .unwrap_or(Err(TransportError::Timeout))
    }
}

fn no_server() -> TransportError {
    TransportError::Other("it is a source of events and answers nothing else".to_owned())
}

/// The configured way of subscriptions, if it is another than that of all else.
fn subscription_way(
    own: &SubgraphConfig,
    url: &str,
    client: &Client,
) -> Result<Option<SubscriptionWay>, String> {
    match (own.subscription_protocol, &own.subscription_url) {
        (SubscriptionProtocol::Sse, None) => Ok(None),
        (SubscriptionProtocol::Sse, Some(url)) => {
            // A stream is not compressed: each answer has to come through at once.
            let compression = SubgraphCompression::default();
            let endpoint = HttpEndpoint::new(url, client.clone(), &compression)?;
            Ok(Some(SubscriptionWay::Sse(Box::new(endpoint))))
        }
        (SubscriptionProtocol::WebSocket, configured) => {
            let url = configured.as_deref().or(own.url.as_deref()).unwrap_or(url);
            let endpoint = WebSocketEndpoint::new(url, client.clone())?;
            Ok(Some(SubscriptionWay::WebSocket(Box::new(endpoint))))
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

/// Headers of every request to a subgraph.
fn request_headers(forwarded: &HeaderMap, content_type: HeaderValue) -> HeaderMap {
    let mut headers = forwarded.clone();
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(
        header::ACCEPT,
        HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9"),
    );
    headers
}

/// Reads an answer, giving up as soon as it is clear that it is not GraphQL or too large.
async fn collect<B>(response: Response<B>, cap: usize) -> Result<SubgraphReply, TransportError>
where
    B: http_body_util::BodyExt<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let (parts, mut body) = response.into_parts();
    if retry::is_passing(parts.status) && !is_graphql(&parts.headers) {
        return Err(TransportError::Unavailable(parts.status));
    }
    if let Some(essence) = media_type(&parts.headers)
        && !is_json(essence)
    {
        let seen: String = essence.chars().take(80).collect();
        return Err(TransportError::NotGraphQL(format!(
            "{seen} (status {})",
            parts.status.as_u16()
        )));
    }
    let announced = body.size_hint().lower();
    if announced > cap as u64 {
        return Err(TransportError::TooLarge { limit: cap });
    }
    let mut first: Option<Bytes> = None;
    let mut gathered = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|error| TransportError::Other(format!("its answer broke off: {error}")))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let length = first.as_ref().map_or(gathered.len(), Bytes::len) + data.len();
        if length > cap {
            return Err(TransportError::TooLarge { limit: cap });
        }
        // A small answer comes in one frame, and is then not copied.
        match first.take() {
            None if gathered.is_empty() => first = Some(data),
            Some(earlier) => {
                gathered.reserve(usize::try_from(announced).unwrap_or(0).max(length));
                gathered.extend_from_slice(&earlier);
                gathered.extend_from_slice(&data);
            }
            None => gathered.extend_from_slice(&data),
        }
    }
    let body = first.unwrap_or_else(|| gathered.freeze());
    let body = encoding::decode(&parts.headers, body, cap).await?;
    Ok(SubgraphReply {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}

fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim())
}

fn is_json(essence: &str) -> bool {
    essence == "application/json" || essence.ends_with("+json")
}

fn is_graphql(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(is_json)
}

/// The subgraphs' SDLs, asked from them as federation has it.
pub(crate) async fn fetch_sdls(
    subgraphs: &BTreeMap<String, String>,
    config: &Config,
    reach: &Reach,
) -> Result<Vec<coko_composition::SubgraphSource>, ConfigError> {
    let fetches = subgraphs.iter().map(|(name, url)| async move {
        let endpoint = Endpoint::new(name, url, config, reach)?;
        let fault = |reason: String| ConfigError::SubgraphSdl {
            name: name.clone(),
            reason,
        };
        let body = Bytes::from_static(br#"{"query":"{ _service { sdl } }"}"#);
        let deadline = Instant::now() + Duration::from_secs(10);
        let reply = endpoint
            .ask(body, deadline)
            .await
            .map_err(|error| fault(error.to_string()))?;
        let answer: serde_json::Value =
            serde_json::from_slice(&reply.body).map_err(|error| fault(error.to_string()))?;
        let sdl = answer["data"]["_service"]["sdl"].as_str();
        let sdl = sdl.ok_or_else(|| {
            fault("its answer has no _service.sdl; is it a federation subgraph?".to_owned())
        })?;
        Ok(coko_composition::SubgraphSource {
            name: name.clone(),
            url: url.clone(),
            sdl: sdl.to_owned(),
        })
    });
    futures::future::try_join_all(fetches).await
}
