//! Letters by SendGrid v3, and its reports (Event Webhook).

use async_trait::async_trait;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::http::Caller;
use super::signature::PublicKey;
use super::{Accepted, Connector, Parcel, ReportError, Trouble};
use crate::config::SendgridConfig;
use crate::error::BuildError;
use crate::model::Status;
use crate::model::callback::{SuppressionReason, Told};

/// How far a report's time may lie from ours, in seconds.
const TOLERANCE: i64 = 600;
/// Most events of one report.
const MOST_EVENTS: usize = 1000;
/// The argument by which events name the delivery.
const DELIVERY: &str = "coko_delivery";

pub(crate) struct Sendgrid {
    caller: Caller,
    config: SendgridConfig,
    key: Option<PublicKey>,
}

impl Sendgrid {
    pub(super) fn new(caller: Caller, config: SendgridConfig) -> Result<Self, BuildError> {
        let key = match &config.public_key {
            Some(text) => Some(PublicKey::parse(text).ok_or(BuildError::PublicKey)?),
            None => None,
        };
        Ok(Self {
            caller,
            config,
            key,
        })
    }

    /// Proves where a report comes from.
    ///
    /// # Errors
    /// [`ReportError::Signature`], alike for every reason.
    pub(crate) fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: OffsetDateTime,
    ) -> Result<(), ReportError> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signed = || {
            let signature = text("x-twilio-email-event-webhook-signature")?;
            let stamp = text("x-twilio-email-event-webhook-timestamp")?;
            let at: i64 = stamp.parse().ok()?;
            let age = now.unix_timestamp().saturating_sub(at).saturating_abs();
            let message = [stamp.as_bytes(), body].concat();
            let genuine = self.key.as_ref()?.verifies(&message, signature);
            Some(genuine && age <= TOLERANCE)
        };
        if signed() == Some(true) {
            Ok(())
        } else {
            Err(ReportError::Signature)
        }
    }
}

#[async_trait]
impl Connector for Sendgrid {
    fn name(&self) -> &'static str {
        "sendgrid"
    }

    async fn send(&self, parcel: &Parcel<'_>) -> Result<Accepted, Trouble> {
        let mut content = vec![json!({ "type": "text/plain", "value": parcel.text })];
        if let Some(html) = parcel.html {
            content.push(json!({ "type": "text/html", "value": html }));
        }
        let mut headers = Map::new();
        if let Some(link) = parcel.unsubscribe {
            headers.insert("List-Unsubscribe".to_owned(), format!("<{link}>").into());
            let one_click = "List-Unsubscribe=One-Click";
            headers.insert("List-Unsubscribe-Post".to_owned(), one_click.into());
        }
        let arguments = json!({ DELIVERY: parcel.delivery });
        let body = json!({
            "personalizations": [{ "to": [{ "email": parcel.to }], "custom_args": arguments }],
            "from": { "email": self.config.from, "name": "Coko" },
            "subject": parcel.title,
            "content": content,
            "headers": headers,
        });
        let request = self.caller.post("/v3/mail/send");
        let request = request
            .bearer_auth(self.config.api_key.expose())
            .json(&body);
        let answer = self.caller.send(request).await?.settled()?;
        if !answer.status.is_success() {
            return Err(Trouble::refused(answer.status.as_u16().to_string(), None));
        }
        let id = answer.headers.get("x-message-id");
        let id = id.and_then(|value| value.to_str().ok());
        Ok(Accepted {
            reference: id.map(|id| id.chars().take(200).collect()),
        })
    }
}

#[derive(Deserialize)]
struct Event {
    sg_event_id: String,
    #[serde(rename = "event")]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What a report tells; does not look at its origin.
///
/// # Errors
/// [`ReportError::Malformed`].
pub(crate) fn read(body: &[u8]) -> Result<Vec<Told>, ReportError> {
    let events: Vec<Event> = serde_json::from_slice(body).map_err(|_| ReportError::Malformed)?;
    if events.len() > MOST_EVENTS {
        return Err(ReportError::Malformed);
    }
    Ok(events.into_iter().map(told).collect())
}

fn told(event: Event) -> Told {
    let hard = event.kind != "blocked";
    let (status, suppress) = match event.name.as_str() {
        "delivered" => (Some(Status::Delivered), None),
        "bounce" => (
            Some(Status::Failed),
            hard.then_some(SuppressionReason::Bounced),
        ),
        "dropped" => (Some(Status::Failed), None),
        "spamreport" => (None, Some(SuppressionReason::Complained)),
        "unsubscribe" | "group_unsubscribe" => (None, Some(SuppressionReason::Unsubscribed)),
        _ => (None, None),
    };
    let delivery = event.rest.get(DELIVERY).and_then(Value::as_str);
    Told {
        event_id: event.sg_event_id.chars().take(200).collect(),
        delivery: delivery.and_then(|id| id.parse().ok()),
        status,
        code: (status == Some(Status::Failed)).then(|| event.name.to_ascii_uppercase()),
        suppress: suppress
            .filter(|_| !event.email.is_empty())
            .map(|reason| (event.email, reason)),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn reports_are_read() {
        let id = Uuid::from_u128(7);
        let report = json!([
            { "sg_event_id": "1", "event": "delivered", "email": "a@coko.example", DELIVERY: id },
            { "sg_event_id": "2", "event": "bounce", "type": "bounce", "email": "b@coko.example", DELIVERY: id },
            { "sg_event_id": "3", "event": "bounce", "type": "blocked", "email": "c@coko.example" },
            { "sg_event_id": "4", "event": "spamreport", "email": "d@coko.example", DELIVERY: "nonsense" },
            { "sg_event_id": "5", "event": "open", "email": "e@coko.example" },
        ]);
        let told = read(report.to_string().as_bytes()).unwrap();
        assert_eq!(told[0].delivery, Some(id));
        assert_eq!(told[0].status, Some(Status::Delivered));
        let bounced = ("b@coko.example".to_owned(), SuppressionReason::Bounced);
        assert_eq!(told[1].suppress, Some(bounced));
        assert_eq!(told[1].code.as_deref(), Some("BOUNCE"));
        assert_eq!(
            (told[2].status, told[2].suppress.clone()),
            (Some(Status::Failed), None)
        );
        assert_eq!((told[3].delivery, told[3].status), (None, None));
        assert!(told[3].suppress.is_some());
        assert_eq!((told[4].status, told[4].suppress.clone()), (None, None));
        for bad in ["", "{}", "[{}]", "[1]", "null"] {
            assert_eq!(read(bad.as_bytes()), Err(ReportError::Malformed), "{bad}");
        }
    }
}
