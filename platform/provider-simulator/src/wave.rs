//! Wave Checkout.

use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::state::{Outcome, Paying};
use crate::{Order, Simulator, failure};

type Answer = (StatusCode, Json<Value>);

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/v1/checkout/sessions", post(create))
        .route("/v1/checkout/sessions/search", get(search))
        .route("/v1/checkout/sessions/{id}", get(read))
        .route("/v1/checkout/sessions/{id}/expire", post(expire))
        .route("/v1/checkout/sessions/{id}/refund", post(refund))
}

/// A session as Wave shows it; `page` is where it is paid.
pub(crate) fn session(paying: &Paying, page: &str) -> Value {
    let (checkout, payment) = match paying.outcome {
        None => ("open", "processing"),
        Some(Outcome::Paid) => ("complete", "succeeded"),
        Some(Outcome::Failed(_)) => ("expired", "cancelled"),
        Some(Outcome::Expired) => ("expired", "processing"),
    };
    let error = match paying.outcome {
        Some(Outcome::Failed(code)) => json!({ "code": code, "message": code }),
        _ => Value::Null,
    };
    json!({
        "id": format!("cos-{}", paying.id), "amount": paying.amount.to_string(), "currency": paying.currency,
        "checkout_status": if matches!(paying.outcome, Some(Outcome::Failed(_))) { "complete" } else { checkout },
        "payment_status": payment, "client_reference": paying.reference, "last_payment_error": error,
        "transaction_id": paying.paid.then(|| paying.transaction()), "wave_launch_url": page,
    })
}

#[derive(Deserialize)]
struct Create {
    amount: String,
    currency: String,
    client_reference: String,
    success_url: String,
    error_url: String,
}

fn shown(simulator: &Simulator, id: &str) -> Answer {
    let id = id.trim_start_matches("cos-");
    match simulator.state().payments.get(id) {
        Some(paying) => (StatusCode::OK, Json(session(paying, &simulator.page(id)))),
        None => failure(StatusCode::NOT_FOUND, "not-found"),
    }
}

async fn create(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    Json(create): Json<Create>,
) -> Answer {
    if !headers.contains_key("authorization") {
        return failure(StatusCode::UNAUTHORIZED, "missing-auth-header");
    }
    let Some(amount) = create
        .amount
        .parse()
        .ok()
        .filter(|_| create.currency == "XOF")
    else {
        return failure(StatusCode::BAD_REQUEST, "request-validation-error");
    };
    let order = Order {
        provider: "wave",
        reference: create.client_reference,
        amount,
        currency: create.currency,
        notice_url: None,
        success_url: create.success_url,
        cancel_url: create.error_url,
    };
    match simulator.open(order).await {
        Ok(paying) => (
            StatusCode::OK,
            Json(session(&paying, &simulator.page(&paying.id))),
        ),
        Err(_) => failure(StatusCode::INTERNAL_SERVER_ERROR, "internal-server-error"),
    }
}

async fn read(Shared(simulator): Shared<Simulator>, Path(id): Path<String>) -> Answer {
    shown(&simulator, &id)
}

#[derive(Deserialize)]
struct Search {
    client_reference: String,
}

async fn search(Shared(simulator): Shared<Simulator>, Query(search): Query<Search>) -> Json<Value> {
    let state = simulator.state();
    let found = state.payments.values();
    let found: Vec<Value> = found
        .filter(|paying| paying.provider == "wave" && paying.reference == search.client_reference)
        .map(|paying| session(paying, &simulator.page(&paying.id)))
        .collect();
    Json(json!({ "result": found }))
}

async fn expire(Shared(simulator): Shared<Simulator>, Path(id): Path<String>) -> Answer {
    let key = id.trim_start_matches("cos-");
    let expired = simulator.state().finish(key, Outcome::Expired);
    match expired {
        Some(_) => (StatusCode::OK, Json(Value::Null)),
        None => failure(StatusCode::CONFLICT, "checkout-session-not-open"),
    }
}

async fn refund(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok());
    let done = simulator
        .state()
        .refund(id.trim_start_matches("cos-"), key.unwrap_or_default());
    if done {
        (StatusCode::OK, Json(Value::Null))
    } else {
        failure(StatusCode::BAD_REQUEST, "checkout-refund-failed")
    }
}
