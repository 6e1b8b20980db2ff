//! Stripe Checkout: form-encoded calls under idempotency keys, signed notices. XOF is a zero-decimal currency.

use async_trait::async_trait;
use axum::http::HeaderMap;
use coko_core::money::{Currency, Money};
use reqwest::RequestBuilder;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::http::{Caller, failure};
use super::{
    About, Checkout, Connector, Known, Notice, NoticeError, Opened, Payment, Refunded, Status,
    Trouble, signature,
};
use crate::config::StripeConfig;
use crate::model::{FailureKind, References};

pub(super) struct Stripe {
    caller: Caller,
    config: StripeConfig,
}

impl Stripe {
    pub(super) fn new(caller: Caller, config: StripeConfig) -> Self {
        Self { caller, config }
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.config.api_key.expose())
    }
}

#[async_trait]
impl Connector for Stripe {
    async fn open(&self, checkout: &Checkout<'_>) -> Result<Opened, Trouble> {
        let attempt = checkout.attempt.to_string();
        let amount = checkout.charge.amount.to_string();
        let currency = checkout.charge.currency.code().to_ascii_lowercase();
        let form = [
            ("mode", "payment"),
            ("line_items[0][price_data][currency]", &currency),
            ("line_items[0][price_data][unit_amount]", &amount),
            (
                "line_items[0][price_data][product_data][name]",
                checkout.title,
            ),
            ("line_items[0][quantity]", "1"),
            ("success_url", checkout.success_url),
            ("cancel_url", checkout.cancel_url),
            ("client_reference_id", &attempt),
            ("metadata[attempt]", &attempt),
            ("payment_intent_data[metadata][attempt]", &attempt),
            ("locale", checkout.language),
        ];
        let request = self
            .authorised(self.caller.post("/v1/checkout/sessions"))
            .header("Idempotency-Key", &attempt)
            .form(&form);
        let answer = self.caller.send_again(request).await?.accepted()?;
        Ok(Opened {
            references: References {
                external_id: Some(answer.required("id")?),
                transaction: answer.text("payment_intent").map(str::to_owned),
                token: None,
            },
            checkout_url: answer.required("url")?,
            notice_token: None,
        })
    }

    async fn status(&self, known: &Known) -> Result<Status, Trouble> {
        let Some(id) = &known.references.external_id else {
            // Opening again under the same key finds the session that there may be.
            return Ok(Payment::Absent.into());
        };
        let request = self.authorised(self.caller.get(&format!("/v1/checkout/sessions/{id}")));
        let answer = self.caller.send_again(request).await?.accepted()?;
        Ok(payment(&answer.body)?.into())
    }

    async fn expire(&self, known: &Known) -> Result<(), Trouble> {
        let Some(id) = &known.references.external_id else {
            return Ok(());
        };
        let path = format!("/v1/checkout/sessions/{id}/expire");
        let request = self.authorised(self.caller.post(&path));
        // One that is complete cannot expire; the status says which it is.
        self.caller.send(request).await.map(drop)
    }

    async fn refund(&self, refund: Uuid, known: &Known) -> Result<Refunded, Trouble> {
        let intent = known.references.transaction.as_deref().unwrap_or_default();
        let amount = known.charge.amount.to_string();
        let request = self
            .authorised(self.caller.post("/v1/refunds"))
            .header("Idempotency-Key", refund.to_string())
            .form(&[("payment_intent", intent), ("amount", &amount)]);
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
            .get("stripe-signature")
            .and_then(|value| value.to_str().ok());
        signature::check(header, ".", body, &self.config.webhook_secret, now)
    }

    fn read(&self, body: &[u8]) -> Result<Notice, NoticeError> {
        read(body)
    }
}

fn payment(session: &Value) -> Result<Payment, Trouble> {
    Ok(
        match (
            session["payment_status"].as_str(),
            session["status"].as_str(),
        ) {
            (Some("paid"), _) => Payment::Paid {
                transaction: session["payment_intent"].as_str().map(str::to_owned),
                received: received(session).ok_or_else(|| {
                    Trouble::Uncertain("the session has no usable amount".to_owned())
                })?,
            },
            (_, Some("expired")) => Payment::Failed(FailureKind::Expired),
            _ => Payment::Waiting,
        },
    )
}

fn received(session: &Value) -> Option<Money> {
    let currency: Currency = session["currency"].as_str()?.parse().ok()?;
    Some(Money::new(session["amount_total"].as_i64()?, currency))
}

pub(crate) fn read(body: &[u8]) -> Result<Notice, NoticeError> {
    let event: Value =
        serde_json::from_slice(body).map_err(|error| NoticeError::Malformed(error.to_string()))?;
    let event_id = event["id"]
        .as_str()
        .filter(|id| !id.is_empty() && id.len() <= 200)
        .ok_or_else(|| NoticeError::Malformed("it has no id".to_owned()))?;
    let object = &event["data"]["object"];
    let payment = match event["type"].as_str().unwrap_or_default() {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            payment(object).ok()
        }
        "checkout.session.expired" => Some(Payment::Failed(FailureKind::Expired)),
        "checkout.session.async_payment_failed" => {
            let code = object["last_payment_error"]["code"].as_str();
            Some(Payment::Failed(code.map_or(FailureKind::Declined, failure)))
        }
        _ => None,
    };
    let attempt = object["client_reference_id"]
        .as_str()
        .and_then(|reference| reference.parse().ok());
    Ok(Notice {
        event_id: event_id.to_owned(),
        about: match attempt {
            Some(attempt) if payment.is_some() => About::Attempt(attempt),
            _ => About::Nothing,
        },
        payment,
    })
}
