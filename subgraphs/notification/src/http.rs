//! Plain HTTP: `POST /notifications/callbacks/…`, where providers report, and `/notifications/unsubscribe/{token}`, where a reader ends
//! letters with one click and a mail program with one request (RFC 8058).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use coko_core::web::{language, problem};
use uuid::Uuid;

use crate::commands::reports::{self, Refusal};
use crate::commands::{Dispatch, settings};
use crate::connectors::ReportError;

/// Where providers report.
pub(crate) const CALLBACKS: &str = "/notifications/callbacks";
/// Where letters are ended.
pub(crate) const UNSUBSCRIBE: &str = "/notifications/unsubscribe";

/// A thousand events of SendGrid's are about as much.
const MAX_BODY: usize = 1024 * 1024;

pub(crate) fn routes(dispatch: Arc<Dispatch>) -> Router {
    Router::new()
        .route(&format!("{CALLBACKS}/sendgrid"), post(letters))
        .route(&format!("{CALLBACKS}/twilio/{{delivery}}"), post(text))
        .route(
            &format!("{UNSUBSCRIBE}/{{token}}"),
            get(ask).post(unsubscribe),
        )
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(dispatch)
}

async fn letters(
    State(dispatch): State<Arc<Dispatch>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let context = dispatch.system();
    answer(
        "sendgrid",
        reports::letters(&context, &dispatch, &headers, &body).await,
    )
}

async fn text(
    State(dispatch): State<Arc<Dispatch>>,
    Path(delivery): Path<Uuid>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let context = dispatch.system();
    answer(
        "twilio",
        reports::text(&context, &dispatch, delivery, &headers, &body).await,
    )
}

/// 200 for what is taken, also when it was taken before; 400, 401 and 404 for what will never be; 503 asks to send it again.
fn answer(provider: &'static str, outcome: Result<usize, Refusal>) -> StatusCode {
    let (status, label) = match &outcome {
        Ok(0) => (StatusCode::OK, "REPEATED"),
        Ok(_) => (StatusCode::OK, "TAKEN"),
        Err(Refusal::NoProvider) => (StatusCode::NOT_FOUND, "NO_PROVIDER"),
        Err(Refusal::Report(ReportError::Signature)) => (StatusCode::UNAUTHORIZED, "FORGED"),
        Err(Refusal::Report(ReportError::Malformed)) => (StatusCode::BAD_REQUEST, "MALFORMED"),
        Err(Refusal::Fault(_)) => (StatusCode::SERVICE_UNAVAILABLE, "LATER"),
    };
    if let Err(refusal) = outcome {
        tracing::warn!(provider, %refusal, "a report is not taken");
    }
    metrics::counter!("notification_callbacks_total", "provider" => provider, "outcome" => label)
        .increment(1);
    status
}

/// A page with a button: programs that look at every link in a letter end nothing.
async fn ask(State(dispatch): State<Arc<Dispatch>>, headers: HeaderMap) -> Response {
    page(&dispatch, &headers, StatusCode::OK, None)
}

async fn unsubscribe(
    State(dispatch): State<Arc<Dispatch>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let context = dispatch.system();
    match settings::unsubscribe(&context, &dispatch, &token).await {
        Ok(true) => {
            let done = Some("notification-unsubscribe-done");
            page(&dispatch, &headers, StatusCode::OK, done)
        }
        Ok(false) => {
            let gone = Some("notification-unsubscribe-gone");
            page(&dispatch, &headers, StatusCode::NOT_FOUND, gone)
        }
        Err(error) => problem(&error, &dispatch.translations, &language(&headers), &[]),
    }
}

/// A page that says `key`, or asks with a button. Nothing in it comes from the request.
fn page(
    dispatch: &Dispatch,
    headers: &HeaderMap,
    status: StatusCode,
    key: Option<&str>,
) -> Response {
    let locale = language(headers);
    let say = |key: &str| dispatch.translations.text(&locale, key, &[]);
    let title = say("notification-unsubscribe-title");
    let body = match key {
        Some(key) => format!("<p>{}</p>", say(key)),
        None => format!(
            "<form method=\"post\"><button>{}</button></form>",
            say("notification-unsubscribe-button")
        ),
    };
    let html = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><h1>{title}</h1>{body}</html>",
        locale.language()
    );
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, fixed, html).into_response()
}
