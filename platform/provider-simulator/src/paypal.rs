//! PayPal Orders v2.

use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::state::{Outcome, Paying};
use crate::{Order, Simulator, failure, notice};

type Answer = (StatusCode, Json<Value>);

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/v1/oauth2/token", post(token))
        .route("/v2/checkout/orders", post(create))
        .route("/v2/checkout/orders/{id}", get(read))
        .route("/v2/checkout/orders/{id}/capture", post(capture))
        .route("/v2/payments/captures/{id}/refund", post(refund))
        .route("/v1/notifications/verify-webhook-signature", post(verify))
}

/// An order as PayPal shows it; `page` is where the payer approves it.
pub(crate) fn order(paying: &Paying, page: &str) -> Value {
    let amount = json!({ "currency_code": paying.currency, "value": format!("{}.{:02}", paying.amount / 100, paying.amount % 100) });
    let status = match (paying.paid, paying.outcome) {
        (true, _) => "COMPLETED",
        (false, Some(Outcome::Paid)) => "APPROVED",
        (false, Some(Outcome::Failed(_))) => "VOIDED",
        (false, _) => "PAYER_ACTION_REQUIRED",
    };
    let mut unit = json!({ "reference_id": paying.reference, "custom_id": paying.reference, "amount": amount });
    if paying.paid {
        unit["payments"] = json!({ "captures": [{ "id": paying.transaction(), "status": "COMPLETED", "amount": amount }] });
    }
    json!({
        "id": paying.id, "status": status, "purchase_units": [unit],
        "links": [{ "rel": "payer-action", "href": page, "method": "GET" }],
    })
}

async fn token(headers: HeaderMap) -> Answer {
    if !headers.contains_key("authorization") {
        return failure(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    (
        StatusCode::OK,
        Json(json!({ "access_token": "simulated", "token_type": "Bearer", "expires_in": 32400 })),
    )
}

fn key(headers: &HeaderMap) -> String {
    let key = headers
        .get("paypal-request-id")
        .and_then(|key| key.to_str().ok());
    format!("paypal:{}", key.unwrap_or_default())
}

async fn create(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    let key = key(&headers);
    let known = simulator.state().keys.get(&key).cloned();
    if let Some(id) = known {
        return shown(&simulator, &id);
    }
    let unit = &body["purchase_units"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let currency = text(&unit["amount"]["currency_code"]);
    let amount = text(&unit["amount"]["value"]).replace('.', "").parse();
    let (Ok(amount), "EUR" | "USD") = (amount, currency.as_str()) else {
        return failure(StatusCode::UNPROCESSABLE_ENTITY, "CURRENCY_NOT_SUPPORTED");
    };
    let back = &body["payment_source"]["paypal"]["experience_context"];
    let order = Order {
        provider: "paypal",
        reference: text(&unit["custom_id"]),
        amount,
        currency,
        notice_url: None,
        success_url: text(&back["return_url"]),
        cancel_url: text(&back["cancel_url"]),
    };
    match simulator.open_under(key, order).await {
        Ok(paying) => shown(&simulator, &paying.id),
        Err(_) => failure(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR"),
    }
}

fn shown(simulator: &Simulator, id: &str) -> Answer {
    match simulator.state().payments.get(id) {
        Some(paying) => (StatusCode::OK, Json(order(paying, &simulator.page(id)))),
        None => failure(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND"),
    }
}

async fn read(Shared(simulator): Shared<Simulator>, Path(id): Path<String>) -> Answer {
    shown(&simulator, &id)
}

async fn capture(Shared(simulator): Shared<Simulator>, Path(id): Path<String>) -> Answer {
    let captured = {
        let mut state = simulator.state();
        let paying = state.payments.get_mut(&id);
        let approved = paying.filter(|paying| paying.outcome == Some(Outcome::Paid));
        approved.map(|paying| paying.paid = true).is_some()
    };
    if captured {
        shown(&simulator, &id)
    } else {
        failure(StatusCode::UNPROCESSABLE_ENTITY, "ORDER_NOT_APPROVED")
    }
}

async fn refund(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    if simulator
        .state()
        .refund(id.trim_start_matches('T'), &key(&headers))
    {
        (
            StatusCode::CREATED,
            Json(json!({ "id": format!("R{id}"), "status": "COMPLETED" })),
        )
    } else {
        failure(StatusCode::UNPROCESSABLE_ENTITY, "CAPTURE_FULLY_REFUNDED")
    }
}

async fn verify(Shared(simulator): Shared<Simulator>, Json(asked): Json<Value>) -> Json<Value> {
    let text = |key: &str| asked[key].as_str().unwrap_or_default();
    let genuine = notice::is_paypals(
        &simulator.config,
        text("transmission_id"),
        text("transmission_sig"),
    );
    Json(json!({ "verification_status": if genuine { "SUCCESS" } else { "FAILURE" } }))
}
