//! Orange Money Web Payment: no signatures, no search, no refunds. The status call alone decides.

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::HeaderMap;
use coko_core::money::Currency;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use super::http::{Answer, Caller};
use super::{
    About, Checkout, Connector, Known, Notice, NoticeError, Opened, Payment, Refunded, Status,
    Trouble,
};
use crate::config::OrangeMoneyConfig;
use crate::model::order::reference;
use crate::model::{FailureKind, References};

pub(super) struct OrangeMoney {
    caller: Caller,
    config: OrangeMoneyConfig,
    /// The access token of the moment; a call that is refused for it fetches another.
    token: Arc<tokio::sync::Mutex<Option<String>>>,
}

impl OrangeMoney {
    pub(super) fn new(caller: Caller, config: OrangeMoneyConfig) -> Self {
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
            .post("/oauth/v3/token")
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

    /// Calls the payment API, with a fresh token when the one at hand has expired.
    async fn call(&self, path: &str, body: &Value) -> Result<Answer, Trouble> {
        let token = self.token(None).await?;
        let answer = self.call_with(&token, path, body).await?;
        if answer.status == reqwest::StatusCode::UNAUTHORIZED {
            let token = self.token(Some(&token)).await?;
            return self.call_with(&token, path, body).await?.accepted();
        }
        answer.accepted()
    }

    async fn call_with(&self, token: &str, path: &str, body: &Value) -> Result<Answer, Trouble> {
        let path = format!("/orange-money-webpay/{}/v1/{path}", self.config.country);
        let request = self.caller.post(&path).bearer_auth(token).json(body);
        self.caller.send(request).await
    }

    fn currency(&self, currency: Currency) -> &'static str {
        // The sandbox has a currency of its own.
        if self.config.country == "dev" {
            "OUV"
        } else {
            currency.code()
        }
    }
}

#[async_trait]
impl Connector for OrangeMoney {
    async fn open(&self, checkout: &Checkout<'_>) -> Result<Opened, Trouble> {
        let order = reference(checkout.attempt);
        let body = json!({
            "merchant_key": self.config.merchant_key.expose(),
            "currency": self.currency(checkout.charge.currency),
            "order_id": order,
            "amount": checkout.charge.amount,
            "return_url": checkout.success_url,
            "cancel_url": checkout.cancel_url,
            "notif_url": checkout.notice_url,
            "lang": checkout.language,
            "reference": "Coko",
        });
        let answer = self.call("webpayment", &body).await?;
        Ok(Opened {
            references: References {
                external_id: Some(order),
                token: Some(answer.required("pay_token")?),
                transaction: None,
            },
            checkout_url: answer.required("payment_url")?,
            notice_token: Some(answer.required("notif_token")?),
        })
    }

    async fn status(&self, known: &Known) -> Result<Status, Trouble> {
        let Some(token) = &known.references.token else {
            // The opening was never answered: nobody was given a page to pay on, and nothing can be asked.
            return Ok(Payment::Absent.into());
        };
        let body = json!({
            "order_id": reference(known.attempt),
            "amount": known.charge.amount,
            "pay_token": token,
        });
        let answer = self.call("transactionstatus", &body).await?;
        let transaction = answer.text("txnid").map(str::to_owned);
        Ok(match answer.text("status") {
            // The call names the amount, so that a success is one of that amount.
            Some("SUCCESS") => Payment::Paid {
                transaction,
                received: known.charge,
            },
            Some("FAILED") => Payment::Failed(FailureKind::Declined),
            Some("EXPIRED") => Payment::Failed(FailureKind::Expired),
            _ => Payment::Waiting,
        }
        .into())
    }

    async fn expire(&self, _: &Known) -> Result<(), Trouble> {
        Ok(())
    }

    async fn refund(&self, _: Uuid, _: &Known) -> Result<Refunded, Trouble> {
        Ok(Refunded::ByHand)
    }

    async fn verify(&self, _: &HeaderMap, _: &[u8], _: OffsetDateTime) -> Result<(), NoticeError> {
        Ok(())
    }

    fn read(&self, body: &[u8]) -> Result<Notice, NoticeError> {
        read(body)
    }
}

pub(crate) fn read(body: &[u8]) -> Result<Notice, NoticeError> {
    let event: Value =
        serde_json::from_slice(body).map_err(|error| NoticeError::Malformed(error.to_string()))?;
    let token = event["notif_token"]
        .as_str()
        .filter(|token| !token.is_empty() && token.len() <= 500)
        .ok_or_else(|| NoticeError::Malformed("it has no notif_token".to_owned()))?;
    Ok(Notice {
        event_id: hex::encode(Sha256::digest(body)),
        about: About::Token(token.to_owned()),
        payment: None,
    })
}
