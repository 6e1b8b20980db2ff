//! What a subgraph answers besides GraphQL (covers, feeds, keys), handed through by a router in another process.

use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use coko_gateway::config::Config as RouterConfig;

use crate::roles::Subgraph;

/// How long a subgraph may take to begin its answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest body that is handed through.
const MAX_BODY: usize = 256 * 1024;

/// What of a request reaches the subgraph: nothing that identifies anyone, for these paths are public.
const REQUEST_HEADERS: [header::HeaderName; 12] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::CONTENT_TYPE,
    // What proves where a payment provider's notice comes from.
    header::HeaderName::from_static("wave-signature"),
    header::HeaderName::from_static("stripe-signature"),
    header::HeaderName::from_static("paypal-auth-algo"),
    header::HeaderName::from_static("paypal-cert-url"),
    header::HeaderName::from_static("paypal-transmission-id"),
    header::HeaderName::from_static("paypal-transmission-sig"),
    header::HeaderName::from_static("paypal-transmission-time"),
];

/// What of the answer reaches the client.
const RESPONSE_HEADERS: [header::HeaderName; 10] = [
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::LOCATION,
    header::REFERRER_POLICY,
    header::VARY,
    header::X_CONTENT_TYPE_OPTIONS,
];

/// The public paths of `subgraph`, at the host where `config` says that it answers; empty when it says nothing.
///
/// # Errors
/// When the configured URL is malformed.
pub(crate) fn public_paths(subgraph: &Subgraph, config: &RouterConfig) -> anyhow::Result<Router> {
    let configured = config
        .subgraphs
        .get(subgraph.name)
        .and_then(|subgraph| subgraph.url.as_deref());
    let Some(configured) = configured else {
        return Ok(Router::new());
    };
    let base = url::Url::parse(configured)
        .with_context(|| format!("`router.subgraphs.{}.url` is not a URL", subgraph.name))?;
    let client = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(2))
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .context("the HTTP client cannot be made")?;
    let mut routes = Router::new();
    for path in subgraph.public_paths {
        let (client, base) = (client.clone(), base.clone());
        routes = routes.route(
            path,
            any(move |request| hand_through(client.clone(), base.clone(), request)),
        );
    }
    Ok(routes)
}

async fn hand_through(client: reqwest::Client, mut url: url::Url, request: Request) -> Response {
    // Only path and query are the client's; the host is configured, so nobody is sent elsewhere.
    url.set_path(request.uri().path());
    url.set_query(request.uri().query());
    let method = request.method().clone();
    let headers = chosen(request.headers(), &REQUEST_HEADERS);
    let Ok(body) = axum::body::to_bytes(request.into_body(), MAX_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = client.request(method, url).headers(headers).body(body);
    match request.send().await {
        Ok(answer) => {
            let status = answer.status();
            let headers = chosen(answer.headers(), &RESPONSE_HEADERS);
            (status, headers, Body::from_stream(answer.bytes_stream())).into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "a public path cannot be handed through");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

fn chosen(headers: &HeaderMap, names: &[header::HeaderName]) -> HeaderMap {
    names
        .iter()
        .filter_map(|name| Some((name.clone(), headers.get(name)?.clone())))
        .collect()
}
