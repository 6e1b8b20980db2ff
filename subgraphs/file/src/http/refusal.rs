//! A refusal outside GraphQL: a status, a code, and a message in the client's language.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use coko_core::context::CommandContext;
use coko_core::{Code, Error};
use serde_json::json;

use crate::Files;

/// The answer that tells of an error; what is our fault is logged.
pub(super) fn answer(files: &Files, context: &CommandContext, error: &Error) -> Response {
    if error.code().is_fault() {
        tracing::error!(service = crate::NAME, request_id = context.request_id, %error, "a request failed");
    }
    let status = error.code().http_status();
    let mut response = say(
        files,
        context,
        status,
        error.code().as_str(),
        error.message(),
    );
    if let Some(wait) = error.retry_after() {
        retry_after(&mut response, wait.as_secs().max(1));
    }
    response
}

/// The answer with a status and code of its own.
pub(super) fn say(
    files: &Files,
    context: &CommandContext,
    status: StatusCode,
    code: &str,
    key: &str,
) -> Response {
    let message = files.translations.text(&context.locale, key, &[]);
    let body = json!({ "code": code, "message": message, "requestId": context.request_id });
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    (status, no_store, axum::Json(body)).into_response()
}

/// Too many downloads run.
pub(super) fn busy(files: &Files, context: &CommandContext) -> Response {
    let code = Code::RateLimited;
    let mut response = say(
        files,
        context,
        code.http_status(),
        code.as_str(),
        "file-too-many-transfers",
    );
    retry_after(&mut response, 10);
    response
}

fn retry_after(response: &mut Response, seconds: u64) {
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
}
