//! Dictionaries on the wire: where clients find them, and answers compressed with the one that a client has.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;

use super::coding::Coding;
use super::{Dictionaries, named};
use crate::engine::Engine;

const AVAILABLE: HeaderName = HeaderName::from_static("available-dictionary");
const USE_AS: HeaderName = HeaderName::from_static("use-as-dictionary");

/// How long a client keeps a dictionary: a week.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=604800, immutable");

/// `GET <endpoint>/dictionary/<SHA-256 in hexadecimal>`.
pub(crate) async fn download(
    State(engine): State<Arc<Engine>>,
    Path(digest): Path<String>,
) -> Response {
    let found = engine
        .dictionaries
        .as_ref()
        .zip(hex::decode(digest).ok())
        .and_then(|(dictionaries, digest)| dictionaries.find(&digest));
    let Some(dictionary) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let matched = format!("match=\"{}*\"", engine.config.path);
    let mut response = Response::new(Body::from(dictionary.content.clone()));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(header::CACHE_CONTROL, KEPT);
    if let Ok(matched) = HeaderValue::try_from(matched) {
        headers.insert(USE_AS, matched);
    }
    response
}

/// Compresses an answer with the dictionary that the client has, or tells where one is.
pub(crate) async fn dress(
    State(engine): State<Arc<Engine>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(dictionaries) = engine.dictionaries.clone() else {
        return next.run(request).await;
    };
    let headers = request.headers();
    let coding = Coding::preferred(headers).filter(|_| is_readable(headers, &engine));
    let available = headers.get(AVAILABLE).cloned();
    let response = next.run(request).await;
    let Some(coding) = coding else {
        return response;
    };
    let is_whole = http_body::Body::size_hint(response.body())
        .exact()
        .is_some_and(|bytes| bytes >= u64::from(engine.config.compression.min_bytes));
    if !is_whole || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let path = &engine.config.path;
    compress(&dictionaries, path, coding, available, response).await
}

async fn compress(
    dictionaries: &Dictionaries,
    path: &str,
    coding: Coding,
    available: Option<HeaderValue>,
    response: Response,
) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.append(
        header::VARY,
        HeaderValue::from_static("accept-encoding, available-dictionary"),
    );
    let newest = dictionaries.newest();
    let theirs = available
        .and_then(|value| named(value.to_str().ok()?))
        .and_then(|digest| dictionaries.find(&digest));
    let has_newest = newest
        .as_ref()
        .zip(theirs.as_ref())
        .is_some_and(|(newest, theirs)| newest.digest == theirs.digest);
    if let Some(newest) = newest.filter(|_| !has_newest) {
        let digest = hex::encode(newest.digest);
        let link = format!("<{path}/dictionary/{digest}>; rel=\"compression-dictionary\"");
        if let Ok(link) = HeaderValue::try_from(link) {
            parts.headers.append(header::LINK, link);
        }
    }
    let Some(dictionary) = theirs else {
        return Response::from_parts(parts, body);
    };
    let Ok(collected) = body.collect().await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let body = collected.to_bytes();
    match coding.compress(&dictionary, &body) {
        Ok(None) => Response::from_parts(parts, Body::from(body)),
        Ok(Some(encoded)) => {
            metrics::counter!("router_dictionary_answers_total").increment(1);
            parts.headers.remove(header::CONTENT_LENGTH);
            let coding = HeaderValue::from_static(coding.as_str());
            parts.headers.insert(header::CONTENT_ENCODING, coding);
            Response::from_parts(parts, Body::from(encoded))
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be compressed with a dictionary");
            Response::from_parts(parts, Body::from(body))
        }
    }
}

/// Whether whoever asks may read the answer: its size alone tells something of what a dictionary and an answer share
/// (RFC 9842, section 8).
fn is_readable(headers: &HeaderMap, engine: &Engine) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        // A browser asks for a page of another site: it may read what the origins' list lets it.
        Some("cross-site") => text("origin").is_some_and(|origin| {
            let origins = &engine.config.cors.origins;
            text("sec-fetch-mode") == Some("cors") && origins.iter().any(|one| one == origin)
        }),
        _ => true,
    }
}
