//! `POST /webhooks/{provider}`: proves a notice, keeps it, answers. What it means is found out afterwards.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use crate::commands::Payment;
use crate::commands::notices::{self, Refusal};
use crate::connectors::NoticeError;
use crate::model::Provider;

/// Providers' notices are a few kilobytes.
const MAX_BODY: usize = 256 * 1024;

pub(crate) fn routes(payment: Arc<Payment>) -> Router {
    Router::new()
        .route("/webhooks/{provider}", post(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(payment)
}

/// 200 for what is kept, also when it was kept before; 400, 401 and 404 for what will never be; 503 asks to send it again.
async fn receive(
    State(payment): State<Arc<Payment>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let provider = Provider::ALL
        .iter()
        .find(|provider| provider.slug() == slug);
    let Some(&provider) = provider else {
        return StatusCode::NOT_FOUND;
    };
    let outcome = notices::keep(&payment.system(), &payment, provider, &headers, &body).await;
    let (status, label) = match &outcome {
        Ok(true) => (StatusCode::OK, "KEPT"),
        Ok(false) => (StatusCode::OK, "REPEATED"),
        Err(Refusal::NoProvider) => (StatusCode::NOT_FOUND, "NO_PROVIDER"),
        Err(Refusal::Notice(NoticeError::Signature)) => (StatusCode::UNAUTHORIZED, "FORGED"),
        Err(Refusal::Notice(NoticeError::Malformed(_))) => (StatusCode::BAD_REQUEST, "MALFORMED"),
        Err(Refusal::Notice(NoticeError::Unverified(_)) | Refusal::Fault(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, "LATER")
        }
    };
    if let Err(refusal) = outcome {
        tracing::warn!(provider = provider.as_str(), %refusal, "a notice is not kept");
    }
    metrics::counter!("payment_webhooks_total", "provider" => provider.as_str(), "outcome" => label)
        .increment(1);
    status
}
