//! Calls for operators: `POST /admin/cache/purge`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use coko_core::context::CommandContext;
use coko_core::events::router::CachePurged;
use coko_core::events::{self, Event, Payload as _};
use coko_core::identity::RequestFacts;
use coko_core::{Code, Error};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::cache::{Purge, PurgeReason};
use crate::engine::Engine;
use crate::identify::bearer;

/// Most things that one call drops.
const MOST: usize = 1_000;

/// The routes of operators' calls, below their path; none when nobody could be let in.
pub(crate) fn routes(engine: &Arc<Engine>) -> axum::Router<Arc<Engine>> {
    let config = &engine.config.admin;
    let router = axum::Router::new();
    if config.token.is_none() && engine.verifier.is_none() {
        return router;
    }
    let path = format!("{}/cache/purge", config.path.trim_end_matches('/'));
    router.route(&path, post(purge))
}

/// What is to be dropped.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    purge: Vec<Purge>,
}

async fn purge(State(engine): State<Arc<Engine>>, headers: HeaderMap, body: Bytes) -> Response {
    match purge_all(&engine, &headers, &body).await {
        Ok(everywhere) => {
            axum::Json(json!({ "purged": true, "everywhere": everywhere })).into_response()
        }
        Err((code, message)) => {
            let error = json!({ "message": message, "extensions": { "code": code.as_str() } });
            let body = axum::Json(json!({ "errors": [error] }));
            let mut response = (code.http_status(), body).into_response();
            if code.http_status() == StatusCode::UNAUTHORIZED {
                let scheme = header::HeaderValue::from_static("Bearer");
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, scheme);
            }
            response
        }
    }
}

type Refused = (Code, String);

/// Drops what is ordered, here and through the broker everywhere; answers whether every router is told.
async fn purge_all(
    engine: &Arc<Engine>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<bool, Refused> {
    check(engine, headers)?;
    let order: Order = serde_json::from_slice(body).map_err(|error| {
        let message = format!("Expected {{\"purge\": […]}} with \"all\", {{\"type\": \"Book\"}}, {{\"field\": \"Query.books\"}}, {{\"subgraph\": \"catalog\"}} or {{\"entity\": {{\"type\": \"Book\", \"key\": {{\"id\": \"1\"}}}}}}: {error}.");
        (Code::BadRequest, message)
    })?;
    if order.purge.is_empty() || order.purge.len() > MOST {
        let message = format!(
            "{} purges in one call; 1 to {MOST} are accepted.",
            order.purge.len()
        );
        return Err((Code::BadRequest, message));
    }
    let Some(cache) = &engine.cache else {
        let message = "This router keeps no answers: cache.enabled is false.".to_owned();
        return Err((Code::BadRequest, message));
    };
    let snapshot = engine.snapshot();
    cache
        .purge(
            &order.purge,
            snapshot.shapes.entities(),
            PurgeReason::Operator,
        )
        .await;
    if engine.bus.is_none() {
        return Ok(false);
    }
    publish(engine, &order.purge).await.map_err(|reason| {
        tracing::error!(reason, "a purge could not be told to other routers");
        let message = "Purged here, but other routers could not be told; try again.".to_owned();
        (Code::DownstreamUnavailable, message)
    })?;
    Ok(true)
}

/// Lets operators in.
fn check(engine: &Engine, headers: &HeaderMap) -> Result<(), Refused> {
    let refused = |error: &Error| {
        let message = match error.code() {
            Code::Forbidden => "This call needs the permission system:manage.",
            _ => {
                "This call needs the operators' token or an access token with the permission system:manage."
            }
        };
        (error.code(), message.to_owned())
    };
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer)
        .ok_or_else(|| refused(&Error::unauthenticated()))?;
    if let Some(token) = &engine.config.admin.token {
        // Digests are compared, so that the time it takes says nothing of the token.
        if Sha256::digest(shown) == Sha256::digest(token.expose()) {
            return Ok(());
        }
    }
    let Some(verifier) = &engine.verifier else {
        return Err(refused(&Error::unauthenticated()));
    };
    let viewer = verifier
        .verify(shown, RequestFacts::default())
        .map_err(|error| refused(&error))?;
    viewer
        .require("system", "manage")
        .map_err(|error| refused(&error))
}

/// Tells all routers, those that are away as well: it is an event of the router's own stream.
async fn publish(engine: &Engine, purge: &[Purge]) -> Result<(), String> {
    let Some(nats) = &engine.bus else {
        return Ok(());
    };
    let now = engine.clock.now();
    let listed: Result<_, _> = purge.iter().map(serde_json::to_value).collect();
    let payload = CachePurged {
        purge: listed.map_err(|error| error.to_string())?,
        purged_at: now,
    };
    let context = CommandContext::system(now, engine.entropy.clone());
    let event = Event::new(&context, &payload).map_err(|error| error.to_string())?;
    let bytes = serde_json::to_vec(&event).map_err(|error| error.to_string())?;
    nats.ensure_stream(CachePurged::DOMAIN).await?;
    let subject = events::subject(CachePurged::DOMAIN, CachePurged::TYPE);
    let acknowledged = nats
        .jetstream
        .publish(subject, bytes.into())
        .await
        .map_err(|error| error.to_string())?;
    acknowledged
        .await
        .map(drop)
        .map_err(|error| error.to_string())
}
