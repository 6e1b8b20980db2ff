//! Stage 12: answers on the wire, and one line in the log for each.

use std::time::Duration;

use axum::body::Body;
use bytes::{BufMut as _, Bytes, BytesMut};
use coko_core::locale::Locale;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::cache::{Policy, etag};
use crate::context::RequestContext;
use crate::engine::Engine;
use crate::execute::Executed;
use crate::headers::REQUEST_ID;
use crate::incremental::respond_in_parts;
use crate::media::Media;
use crate::refusal::{Level, Refusal};
use crate::streams::{respond_once, respond_stream};

/// What became of one operation.
pub(crate) type Outcome = Result<Executed, Refusal>;

/// The answer to one operation.
pub(crate) fn respond(context: &RequestContext, outcome: Outcome) -> Response<Body> {
    match outcome {
        Ok(Executed {
            stream: Some(stream),
            ..
        }) => respond_stream(context, *stream),
        Ok(Executed {
            parts: Some(parts),
            body,
            ..
        }) => respond_in_parts(context, body, *parts),
        Ok(executed) if context.stream_only => respond_once(context, &executed.body),
        Ok(executed) => {
            if let Some(dictionaries) = &context.engine.dictionaries {
                dictionaries.learn(context, &executed);
            }
            if context.method == Method::GET {
                cacheable(context, executed)
            } else {
                write(context, StatusCode::OK, executed.body, [])
            }
        }
        Err(refusal) => {
            let status = match refusal.level {
                // Who asked for a stream sees by the status that there is none.
                Level::GraphQL(_) if context.media == Media::Json && !context.stream_only => {
                    StatusCode::OK
                }
                Level::Http(status) | Level::GraphQL(status) => status,
            };
            let body = refusal_body(context, &refusal);
            write(context, status, body, refusal.headers)
        }
    }
}

/// The answer to a `GET`, which caches may keep as far as all of its parts allow (RFC 9110 and 9111).
fn cacheable(context: &RequestContext, executed: Executed) -> Response<Body> {
    if executed.errors > 0 || context.explain {
        return write(context, StatusCode::OK, executed.body, []);
    }
    let policy = executed.policy.unwrap_or(Policy::NEVER);
    let with_token = context.headers.contains_key(header::AUTHORIZATION);
    // What a caller had to be let in for is for him.
    let is_shared =
        context.engine.config.anonymous && !executed.demanding && policy.is_shareable(with_token);
    let validator = if executed.etag.is_empty() {
        etag(&executed.body)
    } else {
        executed.etag
    };
    // The media types are different representations of the same body.
    let validator = match context.media {
        Media::Json => validator.into(),
        Media::GraphQLResponse => format!("{validator}-g"),
    };
    let known = context
        .headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .find(|tag| *tag == "*" || opaque(tag) == validator);
    let tag = match known {
        Some(tag) if tag != "*" => HeaderValue::from_str(tag.trim_start_matches("W/")),
        _ => HeaderValue::try_from(format!("\"{validator}\"")),
    };
    let mut response = match known {
        Some(_) => write(context, StatusCode::NOT_MODIFIED, Bytes::new(), []),
        None => write(context, StatusCode::OK, executed.body, []),
    };
    let headers = response.headers_mut();
    if known.is_some() {
        headers.remove(header::CONTENT_TYPE);
    }
    headers.insert(header::CACHE_CONTROL, policy.header(is_shared));
    if let Ok(tag) = tag {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::VARY, vary(context));
    response
}

/// The part of a client's tag that is ours: without quotes, weakness and encoding.
fn opaque(tag: &str) -> &str {
    let tag = tag.trim_start_matches("W/").trim_matches('"');
    tag.split_once('+').map_or(tag, |(tag, _)| tag)
}

/// The request headers that may change an answer, whether they did or not.
fn vary(context: &RequestContext) -> HeaderValue {
    let mut names = String::from("accept, accept-language, authorization, save-data");
    for name in &context.engine.config.forward_headers {
        names.push_str(", ");
        names.push_str(name);
    }
    HeaderValue::try_from(names).unwrap_or_else(|_| HeaderValue::from_static("*"))
}

/// Marks the validator of a compressed answer with its encoding.
pub(crate) async fn mark_encoding(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .and_then(|value| value.to_str().ok());
    let tag = headers
        .get(header::ETAG)
        .and_then(|value| value.to_str().ok());
    if let (Some(encoding), Some(tag)) = (encoding, tag)
        && let Some(tag) = tag.strip_suffix('"')
        && let Ok(tag) = HeaderValue::try_from(format!("{tag}+{encoding}\""))
    {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// The answers to several operations, in their order.
pub(crate) fn respond_all(context: &RequestContext, outcomes: Vec<Outcome>) -> Response<Body> {
    let mut body = BytesMut::new();
    body.put_u8(b'[');
    for (position, outcome) in outcomes.into_iter().enumerate() {
        if position > 0 {
            body.put_u8(b',');
        }
        match outcome {
            Ok(executed) => body.extend_from_slice(&executed.body),
            Err(refusal) => body.extend_from_slice(&refusal_body(context, &refusal)),
        }
    }
    body.put_u8(b']');
    write(context, StatusCode::OK, body.freeze(), [])
}

fn refusal_body(context: &RequestContext, refusal: &Refusal) -> Bytes {
    let errors = errors(
        &context.engine,
        &context.locale,
        &context.request_id,
        refusal,
    );
    Bytes::from(json!({ "errors": errors }).to_string())
}

/// A refusal's errors as clients see them.
pub(crate) fn errors(
    engine: &Engine,
    locale: &Locale,
    request_id: &str,
    refusal: &Refusal,
) -> Vec<Value> {
    refusal
        .errors
        .iter()
        .map(|error| {
            let mut entry = error.to_json(request_id);
            // Core's messages are for readers, in their language; all others are for developers.
            if error.message.starts_with("core-") {
                entry["message"] = engine.translations.text(locale, &error.message, &[]).into();
            }
            entry
        })
        .collect()
}

/// An answer without a body, with the headers that all have.
pub(crate) fn empty(context: &RequestContext) -> Response<Body> {
    write(context, StatusCode::OK, Bytes::new(), [])
}

fn write(
    context: &RequestContext,
    status: StatusCode,
    body: Bytes,
    extra: impl IntoIterator<Item = (http::HeaderName, HeaderValue)>,
) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, context.media.content_type());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::VARY,
        HeaderValue::from_static("accept, authorization"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.extend(extra);
    response
}

/// One line per operation, and its metrics.
pub(crate) fn summarize(context: &RequestContext, outcome: &Outcome, took: Duration) {
    let (code, errors) = match outcome {
        Ok(executed) => (None, executed.errors),
        Err(refusal) => (Some(refusal.code()), refusal.errors.len()),
    };
    let label = code.map_or(
        if errors == 0 { "OK" } else { "PARTIAL" },
        coko_core::Code::as_str,
    );
    context.engine.meters.operation(label, took);
    let executed = outcome.as_ref().ok();
    tracing::info!(
        service = "router",
        request_id = &*context.request_id,
        viewer = context.viewer.key(),
        client = context.claimed_client.as_deref(),
        operation = executed.map(|executed| executed.hash.as_str()),
        name = executed.and_then(|executed| executed.name.as_deref()),
        kind = executed.map(|executed| executed.kind),
        outcome = label,
        errors,
        fetches = executed.map(|executed| executed.fetches),
        cached = executed.map(|executed| executed.cached),
        bytes = executed.map(|executed| executed.body.len()),
        milliseconds = took.as_secs_f64() * 1000.0,
        "operation"
    );
    if code.is_some_and(coko_core::Code::is_fault) {
        tracing::warn!(
            request_id = &*context.request_id,
            outcome = label,
            "an operation failed through a fault of ours"
        );
    }
}
