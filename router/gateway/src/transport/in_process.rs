//! Subgraphs of this process: their router is called directly, with the bytes that HTTP would carry.

use std::panic::AssertUnwindSafe;

use axum::body::Body;
use bytes::Bytes;
use coko_executor::{SubgraphEvents, SubgraphReply, TransportError};
use futures::FutureExt as _;
use http::{HeaderMap, Method, Request, Response, Uri};
use tower::ServiceExt as _;

/// One subgraph's router.
pub(crate) struct InProcessEndpoint {
    router: axum::Router,
    path: Uri,
}

impl InProcessEndpoint {
    pub(crate) fn new(router: axum::Router, path: &'static str) -> Self {
        Self {
            router,
            path: Uri::from_static(path),
        }
    }

    pub(crate) async fn exchange(
        &self,
        body: Bytes,
        headers: HeaderMap,
        cap: usize,
    ) -> Result<SubgraphReply, TransportError> {
        contained(async { super::answer::collect(self.send(body, headers).await, cap).await }).await
    }

    /// Opens a subscription.
    pub(crate) async fn subscribe(
        &self,
        body: Bytes,
        headers: &HeaderMap,
        cap: usize,
    ) -> Result<SubgraphEvents, TransportError> {
        let headers = super::sse::request_headers(headers);
        contained(async { super::sse::events(self.send(body, headers).await, cap).await }).await
    }

    async fn send(&self, body: Bytes, headers: HeaderMap) -> Response<Body> {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = headers;
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// A panic in a subgraph costs that subgraph's fields, as it would over HTTP.
async fn contained<T>(
    exchange: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    AssertUnwindSafe(exchange)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(TransportError::Other("it failed unexpectedly".to_owned())))
}
