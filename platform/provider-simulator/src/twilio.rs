//! Twilio: messages and their status callbacks.

use std::collections::BTreeMap;

use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Simulator;
use crate::messages::{Message, MessageScenario, overloaded};

type Answer = (StatusCode, HeaderMap, Json<Value>);

pub(crate) fn routes() -> Router<Simulator> {
    Router::new().route("/2010-04-01/Accounts/{account}/Messages.json", post(create))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    to: String,
    body: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    messaging_service_sid: Option<String>,
    #[serde(default)]
    status_callback: Option<String>,
}

fn refused(status: StatusCode, headers: HeaderMap, code: u32) -> Answer {
    let body = json!({ "code": code, "message": "refused", "status": status.as_u16() });
    (status, headers, Json(body))
}

async fn create(
    Shared(simulator): Shared<Simulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
    Form(create): Form<Create>,
) -> Answer {
    let none = HeaderMap::new;
    let basic = headers.get("authorization");
    let basic = basic.and_then(|value| value.to_str().ok());
    if !basic.is_some_and(|value| value.starts_with("Basic ")) {
        return refused(StatusCode::UNAUTHORIZED, none(), 20003);
    }
    if !create.to.starts_with('+') {
        return refused(StatusCode::BAD_REQUEST, none(), 21211);
    }
    if create.from.is_none() && create.messaging_service_sid.is_none() {
        return refused(StatusCode::BAD_REQUEST, none(), 21603);
    }
    if create.body.is_empty() || create.body.chars().count() > 1600 {
        return refused(StatusCode::BAD_REQUEST, none(), 21617);
    }
    let scenario = simulator.message_scenario(&create.to);
    match scenario {
        MessageScenario::ServerError => {
            return refused(StatusCode::INTERNAL_SERVER_ERROR, none(), 20500);
        }
        MessageScenario::RateLimited => {
            return refused(StatusCode::TOO_MANY_REQUESTS, overloaded(), 20429);
        }
        MessageScenario::Unregistered => {
            return refused(StatusCode::BAD_REQUEST, none(), 21211);
        }
        _ => {}
    }
    let token: String = simulator.entropy.token();
    let token: String = token
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(32)
        .collect();
    let sid = format!("SM{token}");
    let bounced = scenario == MessageScenario::Bounced;
    if !bounced {
        simulator.take(Message {
            provider: "twilio",
            to: create.to.clone(),
            title: String::new(),
            text: create.body,
            data: json!({ "sid": sid }),
        });
    }
    if let Some(url) = &create.status_callback
        && scenario != MessageScenario::NeverReported
    {
        // Reports may come in any order, and more than once.
        let ends = if bounced { "undelivered" } else { "delivered" };
        for state in [ends, "sent", ends] {
            let mut fields = BTreeMap::from([
                ("AccountSid", account.as_str()),
                ("MessageSid", sid.as_str()),
                ("MessageStatus", state),
                ("To", create.to.as_str()),
            ]);
            if state == "undelivered" {
                fields.insert("ErrorCode", "30005");
            }
            report(&simulator, url, &fields, scenario);
        }
    }
    simulator.dawdle(scenario).await;
    let body = json!({ "sid": sid, "status": "queued", "error_code": null, "to": create.to });
    (StatusCode::CREATED, none(), Json(body))
}

/// Reports to `url`, at the host where notification is said to be reached; the signature is over the URL as it was given.
fn report(
    simulator: &Simulator,
    url: &str,
    fields: &BTreeMap<&str, &str>,
    scenario: MessageScenario,
) {
    let mut signed = url.to_owned();
    for (name, value) in fields {
        signed.push_str(name);
        signed.push_str(value);
    }
    if scenario == MessageScenario::BadSignature {
        signed.push('!');
    }
    let secret = simulator.config.webhook_secret.expose().as_bytes();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
    let path = url
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|slash| &rest[slash..]))
        .unwrap_or("/");
    let target = format!("{}{path}", simulator.report_base());
    let request = simulator.http.post(target);
    let request = request.header("x-twilio-signature", signature).form(fields);
    simulator.report(request);
}
