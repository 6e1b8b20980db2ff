//! What a subgraph answers besides GraphQL (covers, feeds, keys, files), handed through by a router in another process.
//!
//! Bodies flow through in both directions as they come; neither an upload nor a download is ever held here.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use coko_gateway::config::Config as RouterConfig;
use futures::{Stream, StreamExt as _};
use tokio::sync::Notify;

use crate::roles::Subgraph;

/// How long nothing may move: no more of the request, no beginning of the answer, no more of the answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What of a request reaches the subgraph: what it asks for, and what proves who asks. Never a cookie.
const REQUEST_HEADERS: [header::HeaderName; 28] = [
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
    // The same for who carries messages.
    header::HeaderName::from_static("x-twilio-signature"),
    header::HeaderName::from_static("x-twilio-email-event-webhook-signature"),
    header::HeaderName::from_static("x-twilio-email-event-webhook-timestamp"),
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
            any(move |request| hand_through(client.clone(), base.clone(), PATIENCE, request)),
        );
    }
    Ok(routes)
}

async fn hand_through(
    client: reqwest::Client,
    mut url: url::Url,
    patience: Duration,
    request: Request,
) -> Response {
    // Only path and query are the client's; the host is configured, so nobody is sent elsewhere.
    url.set_path(request.uri().path());
    url.set_query(request.uri().query());
    let method = request.method().clone();
    let headers = chosen(request.headers());
    let mut call = client.request(method.clone(), url).headers(headers);
    // An upload takes as long as it takes, while it moves.
    let moved = Arc::new(Notify::new());
    if !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS) {
        let moved = moved.clone();
        let body = request.into_body().into_data_stream();
        call = call.body(reqwest::Body::wrap_stream(
            body.inspect(move |_| moved.notify_one()),
        ));
    }
    let mut sending = pin!(call.send());
    let answer = loop {
        tokio::select! {
            answer = &mut sending => break answer,
            () = moved.notified() => {}
            () = tokio::time::sleep(patience) => return StatusCode::GATEWAY_TIMEOUT.into_response(),
        }
    };
    match answer {
        Ok(mut answer) => {
            let status = answer.status();
            let mut headers = std::mem::take(answer.headers_mut());
            for name in CONNECTION_HEADERS {
                headers.remove(name);
            }
            let body = Body::from_stream(patient(answer.bytes_stream(), patience));
            (status, headers, body).into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "a public path cannot be handed through");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

/// `stream` that fails when nothing comes for so long.
fn patient<T>(
    stream: impl Stream<Item = reqwest::Result<T>> + Send + 'static,
    patience: Duration,
) -> impl Stream<Item = std::io::Result<T>> + Send {
    futures::stream::unfold(Box::pin(stream), move |mut stream| async move {
        let next = match tokio::time::timeout(patience, stream.next()).await {
            Ok(next) => next?.map_err(std::io::Error::other),
            Err(elapsed) => Err(elapsed.into()),
        };
        Some((next, stream))
    })
}

fn chosen(headers: &HeaderMap) -> HeaderMap {
    REQUEST_HEADERS
        .iter()
        .filter_map(|name| Some((name.clone(), headers.get(name)?.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that reads what it is sent, and answers with it.
    async fn echo() -> url::Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new().fallback(|body: axum::body::Bytes| async { body });
        tokio::spawn(async move { axum::serve(listener, routes).await });
        format!("http://{address}/graphql").parse().unwrap()
    }

    #[tokio::test]
    async fn what_moves_is_waited_for_however_long_it_takes() {
        let patience = Duration::from_secs(2);
        let parts = futures::stream::iter(0..5).then(move |_| async move {
            tokio::time::sleep(patience / 2).await;
            Ok::<_, std::io::Error>("part ")
        });
        let request = Request::patch("/uploads/x")
            .body(Body::from_stream(parts))
            .unwrap();
        let answer = hand_through(reqwest::Client::new(), echo().await, patience, request).await;
        let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!(body, "part part part part part ");
    }

    #[tokio::test]
    async fn what_stands_still_is_given_up() {
        let patience = Duration::from_millis(100);
        let body = Body::from_stream(futures::stream::pending::<std::io::Result<&str>>());
        let request = Request::patch("/uploads/x").body(body).unwrap();
        let answer = hand_through(reqwest::Client::new(), echo().await, patience, request).await;
        assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    }
}
