//! Orange Money Web Payment.

use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::state::{Outcome, Paying};
use crate::{Order, Simulator, failure};

type Answer = (StatusCode, Json<Value>);

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/oauth/v3/token", post(token))
        .route("/orange-money-webpay/{country}/v1/webpayment", post(create))
        .route(
            "/orange-money-webpay/{country}/v1/transactionstatus",
            post(status),
        )
}

/// What names a payment in its notice, which is all that vouches for it.
pub(crate) fn notice_token(paying: &Paying) -> String {
    format!("n{}", paying.token)
}

async fn token(headers: HeaderMap) -> Answer {
    if !headers.contains_key("authorization") {
        return failure(StatusCode::UNAUTHORIZED, "60");
    }
    // Orange writes the lifetime as text.
    let body =
        json!({ "token_type": "Bearer", "access_token": "simulated", "expires_in": "7776000" });
    (StatusCode::OK, Json(body))
}

fn signed_in(headers: &HeaderMap) -> bool {
    let bearer = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    bearer == Some("Bearer simulated")
}

#[derive(Deserialize)]
struct Create {
    order_id: String,
    amount: i64,
    currency: String,
    notif_url: String,
    return_url: String,
    cancel_url: String,
}

async fn create(
    Shared(simulator): Shared<Simulator>,
    Path(country): Path<String>,
    headers: HeaderMap,
    Json(create): Json<Create>,
) -> Answer {
    if !signed_in(&headers) {
        return failure(StatusCode::UNAUTHORIZED, "42");
    }
    let currency = if country == "dev" { "OUV" } else { "XOF" };
    let known = simulator.state().by_reference(&create.order_id).is_some();
    if create.order_id.len() > 30 || create.currency != currency || known {
        return failure(StatusCode::BAD_REQUEST, "1002");
    }
    let order = Order {
        provider: "orange-money",
        reference: create.order_id,
        amount: create.amount,
        currency: create.currency,
        notice_url: Some(create.notif_url),
        success_url: create.return_url,
        cancel_url: create.cancel_url,
    };
    match simulator.open(order).await {
        Ok(paying) => {
            let body = json!({
                "status": 201, "message": "OK", "pay_token": format!("p{}", paying.token),
                "payment_url": simulator.page(&paying.id), "notif_token": notice_token(&paying),
            });
            (StatusCode::CREATED, Json(body))
        }
        Err(_) => failure(StatusCode::INTERNAL_SERVER_ERROR, "1"),
    }
}

#[derive(Deserialize)]
struct Status {
    order_id: String,
    amount: i64,
    pay_token: String,
}

async fn status(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    Json(asked): Json<Status>,
) -> Answer {
    if !signed_in(&headers) {
        return failure(StatusCode::UNAUTHORIZED, "42");
    }
    let state = simulator.state();
    let found = state.payments.values().find(|paying| {
        paying.reference == asked.order_id
            && paying.amount == asked.amount
            && asked.pay_token == format!("p{}", paying.token)
    });
    let Some(paying) = found else {
        return failure(StatusCode::NOT_FOUND, "60");
    };
    let status = match paying.outcome {
        None => "PENDING",
        Some(Outcome::Paid) => "SUCCESS",
        Some(Outcome::Failed(_)) => "FAILED",
        Some(Outcome::Expired) => "EXPIRED",
    };
    let body: Value =
        json!({ "status": status, "order_id": paying.reference, "txnid": paying.transaction() });
    (StatusCode::CREATED, Json(body))
}
