//! How subgraphs are called: over HTTP or in this process, same bytes, same time-out, same cap on answers.

mod http;
mod in_process;
mod multipart;
mod sse;
mod websocket;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, Response, header};
use bytes::{Bytes, BytesMut};
use coko_executor::{
    SubgraphEntry, SubgraphEvents, SubgraphId, SubgraphReply, SubgraphRequest, SubgraphTransport,
    TransportError,
};
use futures::future::BoxFuture;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::config::{Config, ConfigError, SubgraphConfig, SubscriptionProtocol};
use crate::trace;

pub(crate) use self::http::Client;
use self::http::HttpEndpoint;
use self::in_process::InProcessEndpoint;
use self::multipart::Payload;
use self::websocket::WebSocketEndpoint;

/// The path at which a subgraph of this process answers.
const IN_PROCESS_PATH: &str = "/graphql";

/// One subgraph as it is called.
pub(crate) struct Endpoint {
    name: String,
    timeout: Duration,
    /// Bytes of an answer.
    cap: usize,
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
        client: &Client,
        in_process: &HashMap<String, axum::Router>,
    ) -> Result<Self, ConfigError> {
        let default = SubgraphConfig::default();
        let own = config.subgraphs.get(name).unwrap_or(&default);
        let is_source = config.subscriptions.source(name, url).is_some();
        let fault = |url: &str, reason: String| ConfigError::SubgraphUrl {
            name: name.to_owned(),
            url: url.to_owned(),
            reason,
        };
        let subscriptions = subscription_way(own, url, client)
            .map_err(|reason| fault(own.subscription_url.as_deref().unwrap_or(url), reason))?;
        let way = match (in_process.get(name), &own.url) {
            _ if is_source => Way::Events,
            (Some(router), None) => {
                Way::InProcess(InProcessEndpoint::new(router.clone(), IN_PROCESS_PATH))
            }
            (_, configured) => {
                let url = configured.as_deref().unwrap_or(url);
                let endpoint = HttpEndpoint::new(url, client.clone());
                Way::Http(Box::new(endpoint.map_err(|reason| fault(url, reason))?))
            }
        };
        Ok(Self {
            name: name.to_owned(),
            timeout: Duration::from_millis(own.timeout_ms.unwrap_or(config.timeouts.subgraph_ms)),
            cap: own
                .response_bytes
                .unwrap_or(config.limits.subgraph_response_bytes),
            way,
            subscriptions,
        })
    }

    /// The subgraph's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Sends one request and reads the whole answer, within the time-out and the deadline.
    pub(crate) async fn call(
        &self,
        body: Bytes,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<SubgraphReply, TransportError> {
        self.send(Payload::new(body, None)?, headers, deadline)
            .await
    }

    async fn send(
        &self,
        payload: Payload,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<SubgraphReply, TransportError> {
        let deadline = deadline.min(Instant::now() + self.timeout);
        let exchange = async {
            match &self.way {
                Way::Http(endpoint) => endpoint.exchange(payload, headers, self.cap).await,
                Way::InProcess(endpoint) => endpoint.exchange(payload, headers, self.cap).await,
                Way::Events => Err(no_server()),
            }
        };
        tokio::time::timeout_at(deadline, exchange)
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

    /// Whether it can be called; what is no server cannot.
    pub(crate) fn is_server(&self) -> bool {
        !matches!(self.way, Way::Events)
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
            let endpoint = HttpEndpoint::new(url, client.clone())?;
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
}

impl Transports {
    /// Prepares the way to each subgraph of a supergraph.
    ///
    /// # Errors
    /// [`ConfigError::SubgraphUrl`] for the first that cannot be called.
    pub(crate) fn new(
        subgraphs: &[SubgraphEntry],
        config: &Config,
        client: &Client,
        in_process: &HashMap<String, axum::Router>,
    ) -> Result<Self, ConfigError> {
        let endpoints = subgraphs
            .iter()
            .map(|entry| Endpoint::new(&entry.name, &entry.url, config, client, in_process))
            .collect::<Result<_, _>>()?;
        Ok(Self { endpoints })
    }

    pub(crate) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
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
            let endpoint = self.endpoint(request.subgraph)?;
            let span = trace::calling(endpoint.name(), &request);
            let payload = Payload::new(request.body, request.files.as_ref())?;
            if span.is_disabled() {
                return endpoint
                    .send(payload, request.headers, request.deadline)
                    .await;
            }
            let headers = trace::with_parent(request.headers, &span);
            let outcome = endpoint
                .send(payload, &headers, request.deadline)
                .instrument(span.clone())
                .await;
            trace::called(&span, &outcome);
            outcome
        })
    }

    fn subscribe<'a>(
        &'a self,
        request: SubgraphRequest<'a>,
    ) -> BoxFuture<'a, Result<SubgraphEvents, TransportError>> {
        Box::pin(async move {
            let endpoint = self.endpoint(request.subgraph)?;
            endpoint
                .subscribe(request.body, request.headers, request.deadline)
                .await
        })
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
    if let Some(media) = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    {
        let essence = media.split(';').next().unwrap_or_default().trim();
        if essence != "application/json" && !essence.ends_with("+json") {
            let seen: String = essence.chars().take(80).collect();
            return Err(TransportError::NotGraphQL(format!(
                "{seen} (status {})",
                parts.status.as_u16()
            )));
        }
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
    Ok(SubgraphReply {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}

/// The subgraphs' SDLs, asked from them as federation has it.
pub(crate) async fn fetch_sdls(
    subgraphs: &BTreeMap<String, String>,
    config: &Config,
    client: &Client,
    in_process: &HashMap<String, axum::Router>,
) -> Result<Vec<coko_composition::SubgraphSource>, ConfigError> {
    let fetches = subgraphs.iter().map(|(name, url)| async move {
        let endpoint = Endpoint::new(name, url, config, client, in_process)?;
        let fault = |reason: String| ConfigError::SubgraphSdl {
            name: name.clone(),
            reason,
        };
        let body = Bytes::from_static(br#"{"query":"{ _service { sdl } }"}"#);
        let deadline = Instant::now() + Duration::from_secs(10);
        let reply = endpoint
            .call(body, &HeaderMap::new(), deadline)
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
