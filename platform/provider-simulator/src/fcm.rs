//! Firebase Cloud Messaging (HTTP v1), and where its tokens come from.

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Simulator;
use crate::messages::{Message, MessageScenario, overloaded};

type Answer = (StatusCode, HeaderMap, Json<Value>);

/// The token that calls carry.
const TOKEN: &str = "fcm-simulated";

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route(
            "/computeMetadata/v1/instance/service-accounts/default/token",
            get(machine),
        )
        .route("/token", post(exchange))
        .route("/v1/projects/{project}/messages:send", post(send))
}

fn token() -> Json<Value> {
    Json(json!({ "access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer" }))
}

async fn machine(headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    if headers.contains_key("metadata-flavor") {
        Ok(token())
    } else {
        Err(StatusCode::FORBIDDEN)
    }
}

#[derive(Deserialize)]
struct Exchange {
    grant_type: String,
    assertion: String,
}

/// Looks at the claims; who signed them is not known here.
async fn exchange(
    Shared(simulator): Shared<Simulator>,
    Form(exchange): Form<Exchange>,
) -> Result<Json<Value>, StatusCode> {
    let now = simulator.clock.now().unix_timestamp();
    let claims = || -> Option<Value> {
        let payload = exchange.assertion.split('.').nth(1)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    };
    let claims = claims().unwrap_or_default();
    let moment = |name: &str| claims[name].as_i64().unwrap_or_default();
    let (from, until) = (moment("iat"), moment("exp"));
    let fresh = from <= now + 60 && now < until && until - from <= 3600;
    let scope = claims["scope"].as_str().unwrap_or_default();
    let sound = exchange.grant_type.ends_with("jwt-bearer")
        && exchange.assertion.split('.').count() == 3
        && claims["iss"].is_string()
        && scope.ends_with("firebase.messaging");
    if sound && fresh {
        Ok(token())
    } else {
        Err(StatusCode::BAD_REQUEST)
    }
}

fn refused(status: StatusCode, headers: HeaderMap, code: &str) -> Answer {
    let detail = json!({
        "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code,
    });
    let error =
        json!({ "code": status.as_u16(), "message": code, "status": code, "details": [detail] });
    (status, headers, Json(json!({ "error": error })))
}

async fn send(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    let none = HeaderMap::new;
    let expected = format!("Bearer {TOKEN}");
    let known = headers.get("authorization");
    if known.is_none_or(|value| value != expected.as_str()) {
        return refused(StatusCode::UNAUTHORIZED, none(), "THIRD_PARTY_AUTH_ERROR");
    }
    let message = &body["message"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let to = text(&message["token"]);
    let data = message["data"].as_object();
    let texts = data.is_none_or(|data| data.values().all(Value::is_string));
    if to.is_empty() || !texts {
        return refused(StatusCode::BAD_REQUEST, none(), "INVALID_ARGUMENT");
    }
    let scenario = simulator.message_scenario(&to);
    match scenario {
        MessageScenario::ServerError => {
            return refused(StatusCode::SERVICE_UNAVAILABLE, none(), "UNAVAILABLE");
        }
        MessageScenario::RateLimited => {
            return refused(
                StatusCode::TOO_MANY_REQUESTS,
                overloaded(),
                "QUOTA_EXCEEDED",
            );
        }
        MessageScenario::Unregistered | MessageScenario::Bounced => {
            return refused(StatusCode::NOT_FOUND, none(), "UNREGISTERED");
        }
        _ => {}
    }
    let notification = &message["notification"];
    simulator.take(Message {
        provider: "fcm",
        to,
        title: text(&notification["title"]),
        text: text(&notification["body"]),
        data: message["data"].clone(),
    });
    simulator.dawdle(scenario).await;
    let name = format!("projects/coko/messages/{}", simulator.entropy.token());
    (StatusCode::OK, none(), Json(json!({ "name": name })))
}
