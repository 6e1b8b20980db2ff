//! Stripe Checkout.

use std::collections::HashMap;

use axum::extract::{Form, Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::state::{Outcome, Paying};
use crate::{Order, Simulator, failure};

type Answer = (StatusCode, Json<Value>);

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/v1/checkout/sessions", post(create))
        .route("/v1/checkout/sessions/{id}", get(read))
        .route("/v1/checkout/sessions/{id}/expire", post(expire))
        .route("/v1/refunds", post(refund))
}

/// A session as Stripe shows it; `page` is where it is paid.
pub(crate) fn session(paying: &Paying, page: &str) -> Value {
    let (status, payment) = match paying.outcome {
        None => ("open", "unpaid"),
        Some(Outcome::Paid) => ("complete", "paid"),
        Some(Outcome::Failed(_) | Outcome::Expired) => ("expired", "unpaid"),
    };
    json!({
        "id": format!("cs_{}", paying.id), "object": "checkout.session", "url": page, "status": status,
        "payment_status": payment, "payment_intent": paying.transaction(), "amount_total": paying.amount,
        "currency": paying.currency, "client_reference_id": paying.reference,
    })
}

fn key(headers: &HeaderMap) -> Option<String> {
    let key = headers.get("idempotency-key")?.to_str().ok()?;
    Some(format!("stripe:{key}"))
}

async fn create(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Answer {
    if !headers.contains_key("authorization") {
        return failure(StatusCode::UNAUTHORIZED, "api_key_missing");
    }
    let key = key(&headers).unwrap_or_default();
    let known = simulator.state().keys.get(&key).cloned();
    if let Some(id) = known {
        return shown(&simulator, &id);
    }
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let amount = field("line_items[0][price_data][unit_amount]").parse();
    let Ok(amount) = amount else {
        return failure(StatusCode::BAD_REQUEST, "parameter_invalid_integer");
    };
    let order = Order {
        provider: "stripe",
        reference: field("client_reference_id"),
        amount,
        currency: field("line_items[0][price_data][currency]"),
        notice_url: None,
        success_url: field("success_url"),
        cancel_url: field("cancel_url"),
    };
    match simulator.open_under(key, order).await {
        Ok(paying) => shown(&simulator, &paying.id),
        Err(_) => failure(StatusCode::INTERNAL_SERVER_ERROR, "api_error"),
    }
}

fn shown(simulator: &Simulator, id: &str) -> Answer {
    let id = id.trim_start_matches("cs_");
    match simulator.state().payments.get(id) {
        Some(paying) => (StatusCode::OK, Json(session(paying, &simulator.page(id)))),
        None => failure(StatusCode::NOT_FOUND, "resource_missing"),
    }
}

async fn read(Shared(simulator): Shared<Simulator>, Path(id): Path<String>) -> Answer {
    shown(&simulator, &id)
}

async fn expire(Shared(simulator): Shared<Simulator>, Path(id): Path<String>) -> Answer {
    let expired = simulator
        .state()
        .finish(id.trim_start_matches("cs_"), Outcome::Expired);
    match expired {
        Some(_) => shown(&simulator, &id),
        None => failure(StatusCode::BAD_REQUEST, "resource_invalid_state"),
    }
}

async fn refund(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Answer {
    let intent = form.get("payment_intent").cloned().unwrap_or_default();
    let id = intent.trim_start_matches('T');
    let key = key(&headers).unwrap_or_default();
    if simulator.state().refund(id, &key) {
        (
            StatusCode::OK,
            Json(json!({ "id": format!("re_{id}"), "status": "succeeded" })),
        )
    } else {
        failure(StatusCode::BAD_REQUEST, "charge_already_refunded")
    }
}
