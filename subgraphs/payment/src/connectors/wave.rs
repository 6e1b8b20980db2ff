//! Wave Checkout: sessions in XOF, signed notices.

use async_trait::async_trait;
use axum::http::HeaderMap;
use coko_core::money::{Currency, Money};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::http::{Answer, Caller, failure};
use super::{
    About, Checkout, Connector, Known, Notice, NoticeError, Opened, Payment, Refunded, Status,
    Trouble, signature,
};
use crate::config::WaveConfig;
use crate::model::{FailureKind, References};

pub(super) struct Wave {
    caller: Caller,
    config: WaveConfig,
}

impl Wave {
    pub(super) fn new(caller: Caller, config: WaveConfig) -> Self {
        Self { caller, config }
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.config.api_key.expose())
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.authorised(self.caller.post(path))
    }

    async fn get(&self, path: &str) -> Result<Answer, Trouble> {
        self.caller
            .send_again(self.authorised(self.caller.get(path)))
            .await
    }
}

#[async_trait]
impl Connector for Wave {
    async fn open(&self, checkout: &Checkout<'_>) -> Result<Opened, Trouble> {
        let body = json!({
            "amount": checkout.charge.amount.to_string(),
            "currency": checkout.charge.currency.code(),
            "success_url": checkout.success_url,
            "error_url": checkout.cancel_url,
            "client_reference": checkout.attempt,
        });
        // Wave does not deduplicate sessions, so this is never repeated blindly.
        let request = self.post("/v1/checkout/sessions").json(&body);
        let answer = self.caller.send(request).await?.accepted()?;
        opened(&answer.body)
    }

    async fn status(&self, known: &Known) -> Result<Status, Trouble> {
        if let Some(id) = &known.references.external_id {
            let answer = self.get(&format!("/v1/checkout/sessions/{id}")).await?;
            if answer.status == reqwest::StatusCode::NOT_FOUND {
                return Ok(Payment::Absent.into());
            }
            return Ok(payment(&answer.accepted()?.body)?.into());
        }
        let path = format!(
            "/v1/checkout/sessions/search?client_reference={}",
            known.attempt
        );
        let answer = self.get(&path).await?.accepted()?;
        let sessions = answer.body["result"].as_array().cloned();
        let sessions = sessions.unwrap_or_default();
        let paid = |session: &&Value| session["payment_status"] == "succeeded";
        let Some(session) = sessions.iter().find(paid).or(sessions.first()) else {
            return Ok(Payment::Absent.into());
        };
        Ok(Status {
            payment: payment(session)?,
            found: Some(opened(session)?),
        })
    }

    async fn expire(&self, known: &Known) -> Result<(), Trouble> {
        let Some(id) = &known.references.external_id else {
            return Ok(());
        };
        let request = self.post(&format!("/v1/checkout/sessions/{id}/expire"));
        // One that is complete cannot expire; the status says which it is.
        self.caller.send(request).await.map(drop)
    }

    async fn refund(&self, refund: Uuid, known: &Known) -> Result<Refunded, Trouble> {
        let id = known.references.external_id.as_deref().unwrap_or_default();
        let request = self
            .post(&format!("/v1/checkout/sessions/{id}/refund"))
            .header("Idempotency-Key", refund.to_string());
        self.caller.send_again(request).await?.accepted()?;
        Ok(Refunded::Done)
    }

    async fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: OffsetDateTime,
    ) -> Result<(), NoticeError> {
        let header = headers
            .get("wave-signature")
            .and_then(|value| value.to_str().ok());
        signature::check(header, "", body, &self.config.webhook_secret, now)
    }

    fn read(&self, body: &[u8]) -> Result<Notice, NoticeError> {
        read(body)
    }
}

fn opened(session: &Value) -> Result<Opened, Trouble> {
    let text = |key: &str| session[key].as_str().map(str::to_owned);
    match (text("id"), text("wave_launch_url")) {
        (Some(id), Some(checkout_url)) => Ok(Opened {
            references: References {
                external_id: Some(id),
                transaction: text("transaction_id"),
                token: None,
            },
            checkout_url,
            notice_token: None,
        }),
        _ => Err(Trouble::Uncertain(
            "the session has no id or launch URL".to_owned(),
        )),
    }
}

fn payment(session: &Value) -> Result<Payment, Trouble> {
    let text = |key: &str| session[key].as_str().unwrap_or_default();
    Ok(match (text("payment_status"), text("checkout_status")) {
        ("succeeded", _) => Payment::Paid {
            transaction: session["transaction_id"].as_str().map(str::to_owned),
            received: received(session)
                .ok_or_else(|| Trouble::Uncertain("the session has no usable amount".to_owned()))?,
        },
        ("cancelled" | "processing" | "", "expired") => Payment::Failed(FailureKind::Expired),
        ("cancelled", _) => {
            let code = session["last_payment_error"]["code"].as_str();
            Payment::Failed(code.map_or(FailureKind::PayerCancelled, failure))
        }
        _ => Payment::Waiting,
    })
}

fn received(session: &Value) -> Option<Money> {
    let currency: Currency = session["currency"].as_str()?.parse().ok()?;
    let amount = session["amount"].as_str()?.parse().ok()?;
    Some(Money::new(amount, currency))
}

pub(crate) fn read(body: &[u8]) -> Result<Notice, NoticeError> {
    let event: Value =
        serde_json::from_slice(body).map_err(|error| NoticeError::Malformed(error.to_string()))?;
    let event_id = event["id"]
        .as_str()
        .filter(|id| !id.is_empty() && id.len() <= 200)
        .ok_or_else(|| NoticeError::Malformed("it has no id".to_owned()))?;
    let session = &event["data"];
    let attempt = session["client_reference"]
        .as_str()
        .and_then(|reference| reference.parse().ok());
    let kind = event["type"].as_str().unwrap_or_default();
    let payment = match kind {
        "checkout.session.completed" => payment(session).ok(),
        "checkout.session.payment_failed" => {
            // Another try within the session may still succeed while it is open.
            let open = session["checkout_status"] == "open";
            let code = session["last_payment_error"]["code"].as_str();
            (!open).then(|| Payment::Failed(code.map_or(FailureKind::Unknown, failure)))
        }
        _ => None,
    };
    Ok(Notice {
        event_id: event_id.to_owned(),
        about: match attempt {
            Some(attempt) if kind.starts_with("checkout.session.") => About::Attempt(attempt),
            _ => About::Nothing,
        },
        payment,
    })
}
