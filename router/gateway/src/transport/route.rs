//! One subgraph as it is called, below deduplication: circuit, retries, time-outs, and the way there.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, header};
use bytes::Bytes;
use coko_executor::{SubgraphEvents, SubgraphReply, TransportError};
use tokio::time::Instant;

use super::http::{Client, HttpEndpoint};
use super::in_process::InProcessEndpoint;
use super::multipart::Payload;
use super::reach::Guard;
use super::websocket::WebSocketEndpoint;
use crate::config::{SubgraphCompression, SubgraphConfig, SubscriptionProtocol};

/// Tells a subgraph in how many milliseconds nobody waits for its answer any more.
pub(super) const DEADLINE_HEADER: HeaderName =
    HeaderName::from_static(coko_core::graphql::DEADLINE_HEADER);

/// What subgraphs may answer with.
pub(super) const ACCEPTED: &str = "application/graphql-response+json, application/json;q=0.9";

/// The layers below deduplication, which calls that outlive their first caller hold on to.
pub(super) struct Route {
    pub(super) name: String,
    pub(super) timeout: Duration,
    /// Bytes of an answer.
    pub(super) cap: usize,
    pub(super) deadline_header: bool,
    /// What is remembered of the subgraph over reloads.
    pub(super) guard: Arc<Guard>,
    pub(super) way: Way,
    /// Where subscriptions go when that is elsewhere.
    pub(super) subscriptions: Option<SubscriptionWay>,
}

pub(super) enum Way {
    Http(Box<HttpEndpoint>),
    InProcess(InProcessEndpoint),
    /// It is no server but a source of events.
    Events,
}

pub(super) enum SubscriptionWay {
    Sse(Box<HttpEndpoint>),
    WebSocket(Box<WebSocketEndpoint>),
}

impl Route {
    /// A query: through the circuit, and again when that may help.
    pub(super) async fn query(
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
    pub(super) async fn change(
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
    pub(super) async fn attempt(
        &self,
        payload: Payload,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<SubgraphReply, TransportError> {
        let now = Instant::now();
        let until = deadline.min(now + self.timeout);
        let left = until.saturating_duration_since(now).as_millis();
        let message = Message {
            forwarded: headers,
            content_type: payload.content_type,
            patience_ms: self
                .deadline_header
                .then(|| u64::try_from(left).unwrap_or(u64::MAX)),
            body: payload.body,
        };
        // Large futures of ways that are not taken would be part of this one.
        let exchange = async {
            match &self.way {
                Way::Http(endpoint) => endpoint.exchange(message, self.cap).await,
                Way::InProcess(endpoint) => {
                    let headers = message.headers();
                    Box::pin(endpoint.exchange(message.body, headers, self.cap)).await
                }
                Way::Events => Err(no_server()),
            }
        };
        tokio::time::timeout_at(until, exchange)
            .await
            .unwrap_or(Err(TransportError::Timeout))
    }

    /// Opens a subscription, within the time-out and the deadline.
    pub(super) async fn subscribe(
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
pub(super) fn subscription_way(
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

/// One request as it goes out.
pub(super) struct Message<'a> {
    /// What is handed on of the client's headers, and what the gateway says for itself.
    pub(super) forwarded: &'a HeaderMap,
    pub(super) content_type: HeaderValue,
    /// In how many milliseconds nobody waits for the answer any more, where subgraphs are told.
    pub(super) patience_ms: Option<u64>,
    pub(super) body: Bytes,
}

impl Message<'_> {
    /// Its headers in a map of their own.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = request_headers(self.forwarded, self.content_type.clone());
        if let Some(left) = self.patience_ms {
            headers.insert(DEADLINE_HEADER, HeaderValue::from(left));
        }
        headers
    }
}

/// Headers of every request to a subgraph.
pub(super) fn request_headers(forwarded: &HeaderMap, content_type: HeaderValue) -> HeaderMap {
    let mut headers = forwarded.clone();
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPTED));
    headers
}
