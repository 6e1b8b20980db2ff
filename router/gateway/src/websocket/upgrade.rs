//! From an HTTP request to a WebSocket connection.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts as _, Request, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use coko_core::Code;
use http::{HeaderMap, StatusCode, header};
use tokio::time::Instant;

use super::connection::Connection;
use super::message::{Close, PROTOCOL};
use crate::context::{ClientContext, RequestContext};
use crate::engine::Engine;
use crate::headers::FORWARDED;
use crate::media::StreamMedia;
use crate::receive;
use crate::refusal::{Refusal, seconds};
use crate::respond::respond;
use crate::subscribe::compact;

/// Bytes read from a connection at once: messages of clients are small, and each connection keeps this much.
const READ_BUFFER: usize = 2048;

/// Whether a WebSocket is asked for (RFC 6455, section 4.1).
pub(crate) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Accepts a connection, and serves it from then on.
pub(crate) async fn upgrade(engine: Arc<Engine>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let headers = parts.headers.clone();
    let (context, _) = receive::open(&engine, &mut parts, Instant::now());
    parts.headers = headers;
    if let Err(refusal) = check(&context) {
        return respond(&context, Err(refusal));
    }
    let Ok(slot) = engine.hub.connections.clone().try_acquire_owned() else {
        return respond(&context, Err(crowded()));
    };
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let client = lasting(context);
    let tracker = engine.upgraded.clone();
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(engine.config.limits.body_bytes)
        .max_frame_size(engine.config.limits.body_bytes)
        .on_upgrade(move |socket| {
            let spoken = socket.protocol().is_some();
            let refused = (!spoken).then(Close::not_acceptable);
            tracker.track_future(async move {
                Connection::new(client).serve(socket, refused).await;
                drop(slot);
            })
        })
}

/// A browser sends whose page it is that connects, and asks nobody before: pages of other sites are refused here.
fn check(context: &RequestContext) -> Result<(), Refusal> {
    if !context.engine.config.subscriptions.enabled {
        return Err(Refusal::http(
            Code::BadRequest,
            "Subscriptions are not served here.",
        ));
    }
    let Some(origin) = context.header("origin") else {
        return Ok(());
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    let same = host.is_some() && host == context.header("host");
    let allowed = &context.engine.config.cors.origins;
    if same || allowed.iter().any(|allowed| allowed == origin) {
        return Ok(());
    }
    Err(Refusal::http(
        Code::Forbidden,
        "Pages of this origin may not connect: add it to cors.origins.",
    ))
}

fn crowded() -> Refusal {
    Refusal::http_with(
        StatusCode::SERVICE_UNAVAILABLE,
        Code::RateLimited,
        "Too many connections are open here; try again later.",
    )
    .header(header::RETRY_AFTER, seconds(Duration::from_secs(1)))
}

/// What the connection keeps of the client. It must not keep the request's buffers.
fn lasting(mut context: RequestContext) -> ClientContext {
    let headers = compact(&context, FORWARDED.iter().chain(&context.engine.forwarded));
    context.stream = Some(StreamMedia::WebSocket);
    ClientContext::new(&context, headers)
}
