//! SMS of operators: Orange's and MTN's APIs.

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::Simulator;
use crate::messages::{Message, MessageScenario, overloaded};

type Answer = (StatusCode, HeaderMap, Json<Value>);

/// The token that calls carry.
const TOKEN: &str = "operator-simulated";

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/orange-sms/oauth/v3/token", post(token))
        .route(
            "/orange-sms/smsmessaging/v1/outbound/{sender}/requests",
            post(orange),
        )
        .route("/mtn/v1/oauth/access_token", post(token))
        .route("/mtn/v3/sms/messages/sms/outbound", post(mtn))
}

async fn token() -> Json<Value> {
    Json(json!({ "token_type": "Bearer", "access_token": TOKEN, "expires_in": "3600" }))
}

/// Whether a call carries the token.
fn is_known(headers: &HeaderMap) -> bool {
    let expected = format!("Bearer {TOKEN}");
    headers
        .get("authorization")
        .is_some_and(|value| value == expected.as_str())
}

/// Takes a message, or says with which status not.
async fn take(
    simulator: &Simulator,
    provider: &'static str,
    to: String,
    text: &Value,
) -> Result<(), (StatusCode, HeaderMap)> {
    let scenario = simulator.message_scenario(&to);
    match scenario {
        MessageScenario::ServerError => {
            return Err((StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new()));
        }
        MessageScenario::RateLimited => {
            return Err((StatusCode::TOO_MANY_REQUESTS, overloaded()));
        }
        MessageScenario::Unregistered | MessageScenario::Bounced => {
            return Err((StatusCode::BAD_REQUEST, HeaderMap::new()));
        }
        _ => {}
    }
    simulator.take(Message {
        provider,
        to,
        title: String::new(),
        text: text.as_str().unwrap_or_default().to_owned(),
        data: Value::Null,
    });
    simulator.dawdle(scenario).await;
    Ok(())
}

async fn orange(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    if !is_known(&headers) {
        return (
            StatusCode::UNAUTHORIZED,
            HeaderMap::new(),
            Json(Value::Null),
        );
    }
    let request = &body["outboundSMSMessageRequest"];
    let address = request["address"].as_str().unwrap_or_default();
    let to = address.trim_start_matches("tel:").to_owned();
    let text = &request["outboundSMSTextMessage"]["message"];
    match take(&simulator, "orange", to, text).await {
        Ok(()) => {
            let url = format!("/requests/{}", simulator.entropy.token());
            let body = json!({ "outboundSMSMessageRequest": { "resourceURL": url } });
            (StatusCode::CREATED, HeaderMap::new(), Json(body))
        }
        Err((status, headers)) => {
            let exception = json!({ "messageId": "SVC0004", "text": "No valid addresses" });
            let body = json!({ "requestError": { "serviceException": exception } });
            (status, headers, Json(body))
        }
    }
}

async fn mtn(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    if !is_known(&headers) {
        return (
            StatusCode::UNAUTHORIZED,
            HeaderMap::new(),
            Json(Value::Null),
        );
    }
    let number = body["receiverAddress"][0].as_str().unwrap_or_default();
    let to = format!("+{number}");
    match take(&simulator, "mtn", to, &body["message"]).await {
        Ok(()) => {
            let id = simulator.entropy.token();
            let body = json!({ "statusCode": "0000", "transactionId": id });
            (StatusCode::OK, HeaderMap::new(), Json(body))
        }
        Err((status, headers)) => {
            let body = json!({ "statusCode": "4000", "statusMessage": "refused" });
            (status, headers, Json(body))
        }
    }
}
