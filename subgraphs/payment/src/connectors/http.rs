//! Calls to a provider: bounded in time and size, counted, never logged with their content.

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use url::Url;

use super::Trouble;
use crate::model::FailureKind;

/// The largest answer that a provider may give.
const MAX_ANSWER: usize = 256 * 1024;

/// Calls one provider's API.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    client: Client,
    base: String,
    name: &'static str,
}

/// A provider's answer in JSON.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Answer {
    /// The text at `key`.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.body[key].as_str()
    }

    /// The text at `key`, without which the answer is of no use.
    pub(super) fn required(&self, key: &str) -> Result<String, Trouble> {
        self.text(key)
            .map(str::to_owned)
            .ok_or_else(|| Trouble::Uncertain(format!("the answer has no `{key}`")))
    }

    /// The body of an answer that says yes.
    ///
    /// # Errors
    /// [`Trouble::Refused`] for 4xx, by the provider's code; 408, 409, 425 and 429 are uncertain.
    pub(super) fn accepted(self) -> Result<Self, Trouble> {
        if self.status.is_success() {
            return Ok(self);
        }
        let code = self.code();
        match self.status.as_u16() {
            408 | 409 | 425 | 429 => Err(Trouble::Uncertain(format!("{} {code}", self.status))),
            _ => Err(Trouble::refused(failure(&code), code)),
        }
    }

    /// The provider's code of an error, wherever it puts it.
    fn code(&self) -> String {
        let body = &self.body;
        let places = [
            &body["code"],
            &body["error_code"],
            &body["error"]["code"],
            &body["error"]["type"],
            &body["details"][0]["issue"],
            &body["name"],
            &body["error"],
        ];
        let found = places.into_iter().find_map(|place| match place {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let found = found.unwrap_or_else(|| self.status.as_u16().to_string());
        found.chars().take(60).collect()
    }
}

impl Caller {
    pub(super) fn new(client: Client, base: &Url, name: &'static str) -> Self {
        Self {
            client,
            base: base.as_str().trim_end_matches('/').to_owned(),
            name,
        }
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base))
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// [`Trouble::Uncertain`] when none comes, when it says 5xx, or when it is too large or no JSON. A connection that was
    /// never made is certain: nothing happened.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, Trouble> {
        let outcome = self.exchange(request).await;
        let label = match &outcome {
            Ok(answer) if answer.status.is_success() => "accepted",
            Ok(_) | Err(Trouble::Refused { .. }) => "refused",
            Err(Trouble::Uncertain(_)) => "uncertain",
        };
        metrics::counter!("payment_provider_calls_total", "provider" => self.name, "outcome" => label)
            .increment(1);
        outcome
    }

    /// The same, once more when the answer is not certain: for calls that may be repeated.
    pub(super) async fn send_again(&self, request: RequestBuilder) -> Result<Answer, Trouble> {
        let second = request.try_clone();
        match (self.send(request).await, second) {
            (Err(Trouble::Uncertain(_)), Some(second)) => self.send(second).await,
            (outcome, _) => outcome,
        }
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Answer, Trouble> {
        // The text of reqwest's errors names the URL, which may hold a token.
        let uncertain = |error: reqwest::Error| Trouble::Uncertain(error.without_url().to_string());
        let mut response = request.send().await.map_err(|error| {
            if error.is_connect() {
                Trouble::refused(FailureKind::OperatorDown, "no connection")
            } else {
                uncertain(error)
            }
        })?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(uncertain)? {
            if bytes.len() + chunk.len() > MAX_ANSWER {
                return Err(Trouble::Uncertain("the answer is too large".to_owned()));
            }
            bytes.extend_from_slice(&chunk);
        }
        if status.is_server_error() {
            return Err(Trouble::Uncertain(format!("the provider answers {status}")));
        }
        let body = match serde_json::from_slice(&bytes) {
            Ok(body) => body,
            Err(_) if bytes.is_empty() => Value::Null,
            Err(_) if !status.is_success() => Value::Null,
            Err(error) => {
                return Err(Trouble::Uncertain(format!(
                    "the answer is not JSON: {error}"
                )));
            }
        };
        Ok(Answer { status, body })
    }
}

/// Every provider's code of a failed payment as one of ours.
pub(super) fn failure(code: &str) -> FailureKind {
    let code = code.to_ascii_lowercase().replace('_', "-");
    match code.as_str() {
        "insufficient-funds" | "60019" => FailureKind::InsufficientFunds,
        "kyb-limits-exceeded"
        | "card-velocity-exceeded"
        | "limit-exceeded"
        | "transaction-limit-exceeded" => FailureKind::LimitExceeded,
        "payer-cancelled" | "canceled" | "cancelled" => FailureKind::PayerCancelled,
        "expired" | "expired-card" | "checkout-session-expired" => FailureKind::Expired,
        "fraudulent" | "suspected-fraud" | "compliance-violation" | "stolen-card" => {
            FailureKind::FraudSuspected
        }
        "blocked-account"
        | "payer-mobile-mismatch"
        | "cross-border-payment-not-allowed"
        | "payment-failure"
        | "card-declined"
        | "instrument-declined"
        | "payer-action-required"
        | "failed" => FailureKind::Declined,
        "service-unavailable" | "internal-server-error" => FailureKind::OperatorDown,
        _ => FailureKind::Unknown,
    }
}
