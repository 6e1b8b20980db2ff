//! Subgraphs over HTTP/1.1, with a pool of kept connections.

use std::time::Duration;

use super::multipart::Payload;
use bytes::Bytes;
use coko_executor::{SubgraphEvents, SubgraphReply, TransportError};
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as PooledClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// The connections to all subgraphs.
#[derive(Clone)]
pub(crate) struct Client {
    pool: PooledClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Makes connections that are not the pool's.
    pub(super) connector: HttpsConnector<HttpConnector>,
}

impl Client {
    /// A pool whose connections are made within `connect_timeout`.
    pub(crate) fn new(connect_timeout: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        // A small request must not wait for the acknowledgement of the segment before it.
        connector.set_nodelay(true);
        connector.set_keepalive(Some(Duration::from_secs(60)));
        connector.set_connect_timeout(Some(connect_timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = PooledClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(256)
            .build(connector.clone());
        Self {
            pool: client,
            connector,
        }
    }
}

/// One subgraph's URL.
pub(crate) struct HttpEndpoint {
    uri: Uri,
    client: Client,
}

impl HttpEndpoint {
    /// Checks the URL.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(crate) fn new(url: &str, client: Client) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("{error}"))?;
        match uri.scheme_str() {
            Some("http" | "https") if uri.authority().is_some() => Ok(Self { uri, client }),
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
        payload: Payload,
        headers: &HeaderMap,
        cap: usize,
    ) -> Result<SubgraphReply, TransportError> {
        let own = super::request_headers(headers, payload.content_type);
        let response = self.send(payload.body, own).await?;
        super::collect(response, cap).await
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
                TransportError::Other(reason)
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
