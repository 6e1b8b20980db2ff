//! The routes, and the layers around them in the order a request meets them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use coko_core::lifecycle::Shutdown;
use coko_core::{Code, telemetry};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::json;
use tokio::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{And, NotForContentType, Predicate as _, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::CompressionConfig;
use crate::engine::Engine;
use crate::receive::PathId;
use crate::subscriptions::LAST_EVENT_ID;
use crate::{admin, dictionary, ide, media, pipeline, respond, websocket};

/// Everything the gateway answers. A layer that is added here has a say in `front::Shared::is_direct` as well: the endpoint is
/// answered without these where none of them applies.
pub(crate) fn router(engine: Arc<Engine>) -> Router {
    let path = engine.config.path.clone();
    let persisted = format!("{}/{{id}}", path.trim_end_matches('/'));
    let mut router = Router::new()
        .route(&path, any(graphql))
        .route(&persisted, any(persisted_graphql))
        .route("/health", get(health))
        .route("/ready", get(ready));
    if engine.dictionaries.is_some() {
        let path = format!("{}/dictionary/{{digest}}", path.trim_end_matches('/'));
        router = router
            .layer(from_fn_with_state(engine.clone(), dictionary::dress))
            .route(&path, get(dictionary::download));
    }
    if engine.config.ide {
        router = router.route("/", get(page));
    }
    router = router.merge(admin::routes(&engine));
    // Outermost last: a panic becomes an answer before it is compressed, and preflights never reach the pipeline.
    let mut router = router
        .with_state(engine.clone())
        .merge(telemetry::metrics_router())
        .layer(CatchPanicLayer::custom(panicked));
    if engine.config.compression.enabled {
        // A compressed answer is another representation than a plain one, so its validator is another, too.
        router = router
            .layer(compression(&engine.config.compression))
            .layer(axum::middleware::map_response(respond::mark_encoding));
    }
    if !engine.config.cors.origins.is_empty() {
        router = router.layer(cors(&engine));
    }
    if let Some(seconds) = hsts(&engine) {
        let value = SetResponseHeaderLayer::overriding(header::STRICT_TRANSPORT_SECURITY, seconds);
        router = router.layer(value);
    }
    router
}

/// What is said of HTTPS, where this process speaks it (RFC 6797).
fn hsts(engine: &Engine) -> Option<HeaderValue> {
    let seconds = engine.config.tls.as_ref()?.hsts_seconds;
    let value = HeaderValue::try_from(format!("max-age={seconds}"));
    (seconds > 0).then_some(value.ok()).flatten()
}

async fn graphql(State(engine): State<Arc<Engine>>, request: Request) -> Response {
    if websocket::is_upgrade(request.headers()) {
        return websocket::upgrade(engine, request).await;
    }
    // A browser that navigates here wants the page; a query in the address is run.
    let navigates = request.method() == Method::GET && request.uri().query().is_none();
    if navigates && engine.config.ide && media::prefers_html(request.headers()) {
        return page(State(engine)).await;
    }
    pipeline::serve(engine, request).await
}

async fn persisted_graphql(
    State(engine): State<Arc<Engine>>,
    Path(id): Path<String>,
    mut request: Request,
) -> Response {
    request.extensions_mut().insert(PathId(id));
    pipeline::serve(engine, request).await
}

async fn page(State(engine): State<Arc<Engine>>) -> Response {
    let policy = HeaderValue::from_static(ide::POLICY);
    (
        [(header::CONTENT_SECURITY_POLICY, policy)],
        Html(ide::page(&engine.config.path)),
    )
        .into_response()
}

/// Liveness: the process answers. What it does without, and which subgraphs it leaves alone, is told along.
async fn health(State(engine): State<Arc<Engine>>) -> Response {
    let circuits: serde_json::Map<_, _> = engine
        .snapshot()
        .transports
        .endpoints()
        .iter()
        .filter_map(|endpoint| {
            let state = endpoint.circuit()?.as_str();
            Some((endpoint.name().to_owned(), json!(state)))
        })
        .collect();
    let limits = if engine.limiter.counts_alone() {
        "counted by this process alone: Redis does not answer"
    } else {
        "ok"
    };
    axum::Json(json!({ "status": "ok", "rateLimits": limits, "circuits": circuits }))
        .into_response()
}

/// Readiness: a supergraph is loaded, the process is not about to stop and, when configured so, every subgraph answers.
async fn ready(State(engine): State<Arc<Engine>>) -> Response {
    let snapshot = engine.snapshot();
    let mut subgraphs = serde_json::Map::new();
    let stopping = engine.shutdown.as_ref().is_some_and(Shutdown::is_announced);
    let mut all = !stopping;
    if engine.config.ready_checks_subgraphs {
        let asked = snapshot
            .transports
            .endpoints()
            .iter()
            .filter(|endpoint| endpoint.is_server())
            .map(|endpoint| async {
                let body = Bytes::from_static(br#"{"query":"{ __typename }"}"#);
                let deadline = Instant::now() + Duration::from_secs(2);
                let reply = endpoint.ask(body, deadline).await;
                (
                    endpoint.name().to_owned(),
                    reply.is_ok_and(|reply| reply.status.is_success()),
                )
            });
        for (name, answers) in futures::future::join_all(asked).await {
            all &= answers;
            subgraphs.insert(name, json!(if answers { "ok" } else { "down" }));
        }
    }
    let status = if all {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "status": match (all, stopping) {
            (true, _) => "ready",
            (false, true) => "stopping",
            (false, false) => "not ready",
        },
        "supergraph": snapshot.version,
        "loadedAt": snapshot.loaded_at.unix_timestamp(),
        "reloadFault": engine.reload_fault.load().as_ref(),
        "subgraphs": subgraphs,
    });
    (status, axum::Json(body)).into_response()
}

/// Which answers are worth compressing.
pub(crate) type Compressible = And<And<SizeAbove, NotForContentType>, NotForContentType>;

/// Streams are not compressed: each of their messages has to arrive at once.
pub(crate) fn compression(config: &CompressionConfig) -> CompressionLayer<Compressible> {
    let whole = SizeAbove::new(config.min_bytes)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("multipart/"));
    CompressionLayer::new()
        .quality(CompressionLevel::Precise(i32::from(config.level)))
        .compress_when(whole)
}

fn cors(engine: &Engine) -> CorsLayer {
    let origins: Vec<HeaderValue> = engine
        .config
        .cors
        .origins
        .iter()
        .filter_map(|origin| origin.parse().ok())
        .collect();
    let named = [
        "x-request-id",
        "traceparent",
        "tracestate",
        "graphql-client-name",
        "graphql-client-version",
        "apollographql-client-name",
        "apollographql-client-version",
        "x-client-name",
        "save-data",
    ];
    let config = &engine.config;
    let configured = config.csrf.headers.iter().chain(&config.forward_headers);
    let asked = configured.map(String::as_str).chain(named);
    let headers = asked
        .filter_map(|name| HeaderName::try_from(name).ok())
        .chain([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT,
            header::ACCEPT_LANGUAGE,
            LAST_EVENT_ID,
        ]);
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(headers.collect::<Vec<_>>())
        .allow_credentials(engine.config.cors.credentials)
        .expose_headers([HeaderName::from_static("x-request-id"), header::RETRY_AFTER])
        .max_age(Duration::from_secs(3600))
}

/// What a client sees of a panic: a coded error. The panic itself is logged by the process's hook.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the panic over by value"
)]
pub(crate) fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = said, "a request ended in a panic");
    let code = Code::Internal;
    let body = json!({ "errors": [{ "message": "Something went wrong on our side.", "extensions": { "code": code.as_str() } }] });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = code.http_status();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}
