//! Subgraphs of this process: their router is called directly, with the bytes that HTTP would carry.

use std::panic::AssertUnwindSafe;

use super::multipart::Payload;
use axum::body::Body;
use coko_executor::{SubgraphReply, TransportError};
use futures::FutureExt as _;
use http::{HeaderMap, Method, Request, Uri};
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
        payload: Payload,
        headers: &HeaderMap,
        cap: usize,
    ) -> Result<SubgraphReply, TransportError> {
        let mut request = Request::new(Body::from(payload.body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = super::request_headers(headers, payload.content_type);
        // A panic in a subgraph costs that subgraph's fields, as it would over HTTP.
        let exchange = AssertUnwindSafe(async {
            match self.router.clone().oneshot(request).await {
                Ok(response) => super::collect(response, cap).await,
                Err(never) => match never {},
            }
        });
        exchange
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(TransportError::Other("it failed unexpectedly".to_owned())))
    }
}
