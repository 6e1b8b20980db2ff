//! Subgraphs over HTTP: plain HTTP/1.1 by [`Direct`], TLS and HTTP/2 by pools of kept connections.

use std::time::Duration;

use bytes::Bytes;
use coko_executor::{SubgraphEvents, SubgraphReply, TransportError};
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as PooledClient;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connector::{Connector, Connectors};
use super::direct::{AllConnections, Direct};
use super::encoding;
use super::route::Message;
use crate::config::{Http2, SubgraphCompression};

/// The connections to all subgraphs.
#[derive(Clone)]
pub(crate) struct Client {
    pool: PooledClient<Connector, Full<Bytes>>,
    /// Makes connections that are not the pool's.
    pub(super) upgrading: Connector,
    direct: AllConnections,
    connect_timeout: Duration,
    http2: Http2,
}

impl Client {
    pub(crate) fn new(connectors: &Connectors) -> Self {
        let pool = PooledClient::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .http2_only(connectors.http2() == Http2::PriorKnowledge)
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(256)
            .build(connectors.pooled.clone());
        Self {
            pool,
            upgrading: connectors.upgrading.clone(),
            direct: AllConnections::default(),
            connect_timeout: connectors.connect_timeout(),
            http2: connectors.http2(),
        }
    }
}

/// One subgraph's URL.
pub(crate) struct HttpEndpoint {
    uri: Uri,
    client: Client,
    /// For plain HTTP/1.1.
    direct: Option<Direct>,
    /// None when nothing is compressed in either direction.
    compression: Option<SubgraphCompression>,
}

impl HttpEndpoint {
    /// Checks the URL.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(crate) fn new(
        url: &str,
        client: Client,
        compression: &SubgraphCompression,
    ) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("{error}"))?;
        match uri.scheme_str() {
            Some("http" | "https") if uri.authority().is_some() => Ok(Self {
                direct: (client.http2 != Http2::PriorKnowledge)
                    .then(|| Direct::new(&uri, &client.direct, client.connect_timeout))
                    .flatten(),
                uri,
                client,
                compression: (compression.requests.is_some() || compression.answers)
                    .then(|| compression.clone()),
            }),
            _ => Err("expected http://host/path or https://host/path".to_owned()),
        }
    }

    /// Opens a subscription.
    pub(crate) async fn subscribe(
        &self,
        body: Bytes,
        headers: &HeaderMap,
        cap: usize,
    ) -> Result<SubgraphEvents, TransportError> {
        let response = self
            .send(body, super::sse::request_headers(headers))
            .await?;
        super::sse::events(response, cap).await
    }

    pub(crate) async fn exchange(
        &self,
        message: Message<'_>,
        cap: usize,
    ) -> Result<SubgraphReply, TransportError> {
        match (&self.direct, &self.compression) {
            (Some(direct), None) => direct.exchange(&message, cap).await,
            _ => Box::pin(self.exchange_dressed(message, cap)).await,
        }
    }

    /// The same with content codings, or through the pool.
    async fn exchange_dressed(
        &self,
        message: Message<'_>,
        cap: usize,
    ) -> Result<SubgraphReply, TransportError> {
        let mut headers = message.headers();
        let mut body = message.body;
        if let Some(compression) = &self.compression {
            body = encoding::encode(compression, body, &mut headers).await;
        }
        if let Some(direct) = &self.direct {
            return direct.exchange_with(&headers, &body, cap).await;
        }
        let response = self.send(body, headers).await?;
        super::answer::collect(response, cap).await
    }

    async fn send(
        &self,
        body: Bytes,
        headers: HeaderMap,
    ) -> Result<Response<Incoming>, TransportError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = headers;
        self.client.pool.request(request).await.map_err(|error| {
            let reason = causes(&error);
            if error.is_connect() {
                TransportError::Connect(reason)
            } else {
                TransportError::Broken(reason)
            }
        })
    }
}

/// The error with everything that caused it; the outermost alone says next to nothing.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
