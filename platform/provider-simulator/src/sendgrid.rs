//! SendGrid v3: `mail/send` and the Event Webhook.

use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::Simulator;
use crate::messages::{Message, MessageScenario, overloaded};

type Answer = (StatusCode, HeaderMap, Json<Value>);

pub(crate) fn routes() -> Router<Simulator> {
    Router::new().route("/v3/mail/send", post(send))
}

fn answer(status: StatusCode, headers: HeaderMap, message: &str) -> Answer {
    let body = json!({ "errors": [{ "message": message, "field": null, "help": null }] });
    (status, headers, Json(body))
}

async fn send(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    Json(mail): Json<Value>,
) -> Answer {
    let none = HeaderMap::new;
    if !headers.contains_key("authorization") {
        return answer(StatusCode::UNAUTHORIZED, none(), "authorization required");
    }
    let personal = &mail["personalizations"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (to, content) = (text(&personal["to"][0]["email"]), &mail["content"][0]);
    let sound = to.contains('@') && content["type"] == "text/plain" && mail["subject"].is_string();
    if !sound || !mail["from"]["email"].is_string() {
        return answer(StatusCode::BAD_REQUEST, none(), "invalid request");
    }
    let scenario = simulator.message_scenario(&to);
    match scenario {
        MessageScenario::ServerError => {
            return answer(StatusCode::INTERNAL_SERVER_ERROR, none(), "internal error");
        }
        MessageScenario::RateLimited => {
            return answer(
                StatusCode::TOO_MANY_REQUESTS,
                overloaded(),
                "too many requests",
            );
        }
        _ => {}
    }
    let id = simulator.entropy.token();
    let failed = matches!(
        scenario,
        MessageScenario::Bounced | MessageScenario::Unregistered
    );
    if !failed {
        simulator.take(Message {
            provider: "sendgrid",
            to: to.clone(),
            title: text(&mail["subject"]),
            text: text(&content["value"]),
            data: mail["headers"].clone(),
        });
    }
    if scenario != MessageScenario::NeverReported {
        let mut event = json!({
            "email": to, "sg_event_id": format!("ev-{id}"), "sg_message_id": id,
            "timestamp": simulator.clock.now().unix_timestamp(),
            "event": if failed { "bounce" } else { "delivered" },
        });
        if failed {
            event["type"] = "bounce".into();
        }
        for (name, value) in personal["custom_args"].as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        report(&simulator, &json!([event]), scenario);
    }
    simulator.dawdle(scenario).await;
    let mut headers = HeaderMap::new();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-message-id", id);
    }
    (StatusCode::ACCEPTED, headers, Json(Value::Null))
}

/// Sends events, and the same once more: what is told twice counts once.
fn report(simulator: &Simulator, events: &Value, scenario: MessageScenario) {
    let body = events.to_string();
    let stamp = simulator.clock.now().unix_timestamp().to_string();
    let signed = if scenario == MessageScenario::BadSignature {
        "something else".to_owned()
    } else {
        format!("{stamp}{body}")
    };
    let url = format!(
        "{}/notifications/callbacks/sendgrid",
        simulator.report_base()
    );
    let signature = simulator.sign_report(signed.as_bytes());
    for _ in 0..2 {
        let request = simulator.http.post(&url);
        let request = request
            .header("content-type", "application/json")
            .header("x-twilio-email-event-webhook-signature", &signature)
            .header("x-twilio-email-event-webhook-timestamp", &stamp)
            .body(body.clone());
        simulator.report(request);
    }
}
