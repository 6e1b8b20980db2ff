//! PayPal Orders v2: the payer approves, we capture. PayPal itself verifies notices; the order's state decides.

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::HeaderMap;
use coko_core::money::{Currency, Money};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::http::{Answer, Caller};
use super::{
    About, Checkout, Connector, Known, Notice, NoticeError, Opened, Payment, Refunded, Status,
    Trouble,
};
use crate::config::PaypalConfig;
use crate::model::{FailureKind, References};

pub(super) struct Paypal {
    caller: Caller,
    config: PaypalConfig,
    token: Arc<tokio::sync::Mutex<Option<String>>>,
}

impl Paypal {
    pub(super) fn new(caller: Caller, config: PaypalConfig) -> Self {
        Self {
            caller,
            config,
            token: Arc::default(),
        }
    }

    async fn token(&self, stale: Option<&str>) -> Result<String, Trouble> {
        let known = self.token.lock().await.clone();
        if let Some(token) = known.filter(|token| Some(token.as_str()) != stale) {
            return Ok(token);
        }
        let request = self
            .caller
            .post("/v1/oauth2/token")
            .basic_auth(
                &self.config.client_id,
                Some(self.config.client_secret.expose()),
            )
            .form(&[("grant_type", "client_credentials")]);
        let answer = self.caller.send_again(request).await?.accepted()?;
        let token = answer.required("access_token")?;
        *self.token.lock().await = Some(token.clone());
        Ok(token)
    }

    /// Calls the API, again when the answer is not certain: every call of ours is idempotent under its `PayPal-Request-Id`.
    async fn call(&self, request: RequestBuilder) -> Result<Answer, Trouble> {
        let again = request.try_clone();
        let token = self.token(None).await?;
        let answer = self.caller.send_again(request.bearer_auth(&token)).await?;
        match again {
            Some(again) if answer.status == reqwest::StatusCode::UNAUTHORIZED => {
                let token = self.token(Some(&token)).await?;
                self.caller.send_again(again.bearer_auth(token)).await
            }
            _ => Ok(answer),
        }
    }

    /// Takes the money that the payer approved.
    async fn capture(&self, id: &str, attempt: Uuid) -> Result<Payment, Trouble> {
        let request = self
            .caller
            .post(&format!("/v2/checkout/orders/{id}/capture"))
            .header("PayPal-Request-Id", format!("capture-{attempt}"))
            .json(&json!({}));
        match self.call(request).await?.accepted() {
            Ok(answer) => payment(&answer.body),
            Err(Trouble::Refused { kind, .. }) => Ok(Payment::Failed(kind)),
            Err(uncertain) => Err(uncertain),
        }
    }
}

#[async_trait]
impl Connector for Paypal {
    async fn open(&self, checkout: &Checkout<'_>) -> Result<Opened, Trouble> {
        let attempt = checkout.attempt.to_string();
        let body = json!({
            "intent": "CAPTURE",
            "purchase_units": [{
                "reference_id": attempt,
                "custom_id": attempt,
                "invoice_id": attempt,
                "description": checkout.title.chars().take(127).collect::<String>(),
                "amount": { "currency_code": checkout.charge.currency.code(), "value": decimal(checkout.charge) },
            }],
            "payment_source": { "paypal": { "experience_context": {
                "return_url": checkout.success_url,
                "cancel_url": checkout.cancel_url,
            }}},
        });
        let request = self
            .caller
            .post("/v2/checkout/orders")
            .header("PayPal-Request-Id", &attempt)
            .json(&body);
        let answer = self.call(request).await?.accepted()?;
        let links = answer.body["links"].as_array().cloned().unwrap_or_default();
        let approve = links
            .iter()
            .find(|link| matches!(link["rel"].as_str(), Some("payer-action" | "approve")));
        let approve = approve.and_then(|link| link["href"].as_str());
        Ok(Opened {
            references: References {
                external_id: Some(answer.required("id")?),
                ..References::default()
            },
            checkout_url: approve
                .ok_or_else(|| Trouble::Uncertain("the order has no link to pay".to_owned()))?
                .to_owned(),
            notice_token: None,
        })
    }

    async fn status(&self, known: &Known) -> Result<Status, Trouble> {
        let Some(id) = &known.references.external_id else {
            // Opening again under the same key finds the order that there may be.
            return Ok(Payment::Absent.into());
        };
        let request = self.caller.get(&format!("/v2/checkout/orders/{id}"));
        let answer = self.call(request).await?;
        if answer.status == reqwest::StatusCode::NOT_FOUND {
            return Ok(Payment::Failed(FailureKind::Expired).into());
        }
        let answer = answer.accepted()?;
        if answer.text("status") == Some("APPROVED") {
            return Ok(self.capture(id, known.attempt).await?.into());
        }
        Ok(payment(&answer.body)?.into())
    }

    async fn expire(&self, _: &Known) -> Result<(), Trouble> {
        // An order that is never captured takes no money.
        Ok(())
    }

    async fn refund(&self, refund: Uuid, known: &Known) -> Result<Refunded, Trouble> {
        let capture = known.references.transaction.as_deref().unwrap_or_default();
        let amount = json!({ "currency_code": known.charge.currency.code(), "value": decimal(known.charge) });
        let request = self
            .caller
            .post(&format!("/v2/payments/captures/{capture}/refund"))
            .header("PayPal-Request-Id", refund.to_string())
            .json(&json!({ "amount": amount }));
        self.call(request).await?.accepted()?;
        Ok(Refunded::Done)
    }

    async fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        _: OffsetDateTime,
    ) -> Result<(), NoticeError> {
        let header = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.ok_or(NoticeError::Signature)
        };
        let event: Value = serde_json::from_slice(body)
            .map_err(|error| NoticeError::Malformed(error.to_string()))?;
        let question = json!({
            "auth_algo": header("paypal-auth-algo")?,
            "cert_url": header("paypal-cert-url")?,
            "transmission_id": header("paypal-transmission-id")?,
            "transmission_sig": header("paypal-transmission-sig")?,
            "transmission_time": header("paypal-transmission-time")?,
            "webhook_id": self.config.webhook_id,
            "webhook_event": event,
        });
        let request = self
            .caller
            .post("/v1/notifications/verify-webhook-signature")
            .json(&question);
        let answer = self
            .call(request)
            .await
            .map_err(|error| NoticeError::Unverified(error.to_string()))?;
        match answer.text("verification_status") {
            Some("SUCCESS") => Ok(()),
            _ => Err(NoticeError::Signature),
        }
    }

    fn read(&self, body: &[u8]) -> Result<Notice, NoticeError> {
        read(body)
    }
}

fn payment(order: &Value) -> Result<Payment, Trouble> {
    let capture = &order["purchase_units"][0]["payments"]["captures"][0];
    Ok(
        match (order["status"].as_str(), capture["status"].as_str()) {
            (Some("COMPLETED"), Some("COMPLETED" | "REFUNDED" | "PARTIALLY_REFUNDED")) => {
                Payment::Paid {
                    transaction: capture["id"].as_str().map(str::to_owned),
                    received: received(&capture["amount"]).ok_or_else(|| {
                        Trouble::Uncertain("the capture has no usable amount".to_owned())
                    })?,
                }
            }
            (Some("COMPLETED"), Some("DECLINED" | "FAILED")) => {
                Payment::Failed(FailureKind::Declined)
            }
            (Some("VOIDED"), _) => Payment::Failed(FailureKind::PayerCancelled),
            _ => Payment::Waiting,
        },
    )
}

/// `2.29`: PayPal writes amounts with the currency's decimals.
fn decimal(money: Money) -> String {
    let unit = 10_i64.pow(money.currency.exponent());
    if unit == 1 {
        return money.amount.to_string();
    }
    let width = money.currency.exponent() as usize;
    format!("{}.{:0width$}", money.amount / unit, money.amount % unit)
}

fn received(amount: &Value) -> Option<Money> {
    let currency: Currency = amount["currency_code"].as_str()?.parse().ok()?;
    let value = amount["value"].as_str()?;
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let digits = currency.exponent() as usize;
    let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > digits || !numeric(whole) || !numeric(part) {
        return None;
    }
    let minor = format!("{whole}{part:0<digits$}");
    Some(Money::new(minor.parse().ok()?, currency))
}

pub(crate) fn read(body: &[u8]) -> Result<Notice, NoticeError> {
    let event: Value =
        serde_json::from_slice(body).map_err(|error| NoticeError::Malformed(error.to_string()))?;
    let event_id = event["id"]
        .as_str()
        .filter(|id| !id.is_empty() && id.len() <= 200)
        .ok_or_else(|| NoticeError::Malformed("it has no id".to_owned()))?;
    let resource = &event["resource"];
    // A capture bears the custom id itself, an order in its first unit.
    let attempt = [
        &resource["custom_id"],
        &resource["purchase_units"][0]["custom_id"],
    ]
    .into_iter()
    .find_map(|id| id.as_str()?.parse().ok());
    Ok(Notice {
        event_id: event_id.to_owned(),
        about: attempt.map_or(About::Nothing, About::Attempt),
        payment: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (amount, currency, text) in [
            (229, Currency::Eur, "2.29"),
            (5, Currency::Usd, "0.05"),
            (100_000, Currency::Eur, "1000.00"),
        ] {
            let money = Money::new(amount, currency);
            assert_eq!(decimal(money), text);
            let read = received(&json!({ "currency_code": currency.code(), "value": text }));
            assert_eq!(read, Some(money));
        }
        for bad in ["2.295", "-2.29", "2,29", "x", ""] {
            assert_eq!(
                received(&json!({ "currency_code": "EUR", "value": bad })),
                None,
                "{bad}"
            );
        }
    }
}
