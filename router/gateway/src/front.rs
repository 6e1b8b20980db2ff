//! The way in. A `POST` to the GraphQL endpoint meets what the routes would lead it through and nothing else: no table of
//! routes, no layer that has nothing to do for it. Everything else takes the routes.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Method, Response, header};
use tower::{Layer as _, Service, ServiceExt as _};
use tower_http::compression::CompressionLayer;

use crate::endpoints::{self, Compressible};
use crate::engine::Engine;
use crate::{pipeline, respond};

/// Answers requests; see [`Gateway::front`](crate::Gateway::front).
#[derive(Clone)]
pub struct Front {
    shared: Arc<Shared>,
    router: Router,
}

struct Shared {
    engine: Arc<Engine>,
    compression: Option<CompressionLayer<Compressible>>,
}

impl std::fmt::Debug for Front {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Front").finish_non_exhaustive()
    }
}

impl Front {
    pub(crate) fn new(engine: Arc<Engine>, router: Router) -> Self {
        let compression = &engine.config.compression;
        let compression = compression
            .enabled
            .then(|| endpoints::compression(compression));
        Self {
            shared: Arc::new(Shared {
                engine,
                compression,
            }),
            router,
        }
    }
}

impl Service<Request> for Front {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if !self.shared.is_direct(&request) {
            return Box::pin(self.router.call(request));
        }
        match &self.shared.compression {
            Some(layer) if request.headers().contains_key(header::ACCEPT_ENCODING) => Box::pin(
                compressed(self.shared.engine.clone(), layer.clone(), request),
            ),
            _ => Box::pin(answer(self.shared.engine.clone(), request).map(Ok)),
        }
    }
}

impl Shared {
    /// Whether no layer of the routes but compression has a say in the answer: CORS, HSTS and dictionaries do not apply.
    fn is_direct(&self, request: &Request) -> bool {
        let config = &self.engine.config;
        request.method() == Method::POST
            && request.uri().path() == config.path
            && (config.cors.origins.is_empty() || !request.headers().contains_key(header::ORIGIN))
            && config.tls.is_none()
            && (self.engine.dictionaries.is_none()
                || !request.headers().contains_key(header::ACCEPT_ENCODING))
    }
}

async fn answer(engine: Arc<Engine>, request: Request) -> Response<Body> {
    AssertUnwindSafe(pipeline::serve(engine, request))
        .catch_unwind()
        .await
        .unwrap_or_else(endpoints::panicked)
}

async fn compressed(
    engine: Arc<Engine>,
    layer: CompressionLayer<Compressible>,
    request: Request,
) -> Result<Response<Body>, Infallible> {
    let service =
        tower::service_fn(move |request| answer(engine.clone(), request).map(Ok::<_, Infallible>));
    let response = layer.layer(service).oneshot(request).await?;
    Ok(respond::mark_encoding(response.map(Body::new)).await)
}
