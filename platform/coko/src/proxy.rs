//! What a subgraph answers besides GraphQL (covers, feeds, keys, files), handed through by a router in another process.
//!
//! Bodies flow through in both directions as they come; neither an upload nor a download is ever held here.

use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use coko_gateway::config::Config as RouterConfig;

use crate::roles::Subgraph;

/// How long a subgraph may be silent: before its answer begins, and between the parts of it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What of a request reaches the subgraph: what it asks for, and what proves who asks. Never a cookie.
const REQUEST_HEADERS: [header::HeaderName; 25] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::ACCESS_CONTROL_REQUEST_HEADERS,
    header::ACCESS_CONTROL_REQUEST_METHOD,
    header::AUTHORIZATION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_RANGE,
    header::ORIGIN,
    header::RANGE,
    header::HeaderName::from_static("tus-resumable"),
    header::HeaderName::from_static("upload-checksum"),
    header::HeaderName::from_static("upload-offset"),
    header::HeaderName::from_static("x-http-method-override"),
    // What proves where a payment provider's notice comes from.
    header::HeaderName::from_static("wave-signature"),
    header::HeaderName::from_static("stripe-signature"),
    header::HeaderName::from_static("paypal-auth-algo"),
    header::HeaderName::from_static("paypal-cert-url"),
    header::HeaderName::from_static("paypal-transmission-id"),
    header::HeaderName::from_static("paypal-transmission-sig"),
    header::HeaderName::from_static("paypal-transmission-time"),
];

/// What of the answer stays here: it concerns the connection to the subgraph, not what it said (RFC 9110, 7.6.1).
const CONNECTION_HEADERS: [header::HeaderName; 6] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
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
        .read_timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        // What is packed stays packed: its entity tag names it as it is.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
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
    let headers = chosen(request.headers());
    let mut call = client.request(method.clone(), url).headers(headers);
    if !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS) {
        call = call.body(reqwest::Body::wrap_stream(
            request.into_body().into_data_stream(),
        ));
    }
    match call.send().await {
        Ok(mut answer) => {
            let status = answer.status();
            let mut headers = std::mem::take(answer.headers_mut());
            for name in CONNECTION_HEADERS {
                headers.remove(name);
            }
            (status, headers, Body::from_stream(answer.bytes_stream())).into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "a public path cannot be handed through");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

fn chosen(headers: &HeaderMap) -> HeaderMap {
    REQUEST_HEADERS
        .iter()
        .filter_map(|name| Some((name.clone(), headers.get(name)?.clone())))
        .collect()
}
