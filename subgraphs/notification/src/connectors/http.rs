//! Calls to a provider: bounded in time and size, counted, never logged with their content.

use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use time::Duration;
use tokio::sync::Mutex;
use url::Url;

use super::Trouble;

/// The largest answer that a provider may give.
const MAX_ANSWER: usize = 64 * 1024;
/// The longest that a provider is let ask to wait, in seconds.
const MAX_WAIT: i64 = 24 * 3600;

/// Calls one provider's API.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    client: Client,
    base: String,
    name: &'static str,
}

/// A provider's answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Null where it is no JSON.
    pub(super) body: Value,
}

impl Answer {
    /// The text at `key`.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.body[key].as_str().map(str::to_owned)
    }

    /// An answer that says yes, or that it may later: 408, 429, 5xx, and what speaks of our credentials rather than of the message.
    ///
    /// # Errors
    /// [`Trouble::Later`], with `Retry-After` where there is one.
    pub(super) fn settled(self) -> Result<Self, Trouble> {
        let passing = self.status.is_server_error()
            || matches!(self.status.as_u16(), 401 | 403 | 408 | 409 | 425 | 429);
        if passing {
            Err(Trouble::Later {
                code: self.status.as_u16().to_string(),
                after: self.retry_after(),
            })
        } else {
            Ok(self)
        }
    }

    /// `Retry-After` in seconds (RFC 9110, section 10.2.3); a date is not understood.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let value = self.headers.get(reqwest::header::RETRY_AFTER)?;
        let seconds: i64 = value.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::seconds(seconds.clamp(0, MAX_WAIT)))
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

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base))
    }

    /// A call to another host of the same provider.
    pub(super) fn get_at(&self, url: String) -> RequestBuilder {
        self.client.get(url)
    }

    /// As [`Caller::get_at`].
    pub(super) fn post_at(&self, url: &Url) -> RequestBuilder {
        self.client.post(url.clone())
    }

    /// Sends a request and reads the answer, whatever it says.
    ///
    /// # Errors
    /// [`Trouble::Later`] when none comes, or when it is too large.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, Trouble> {
        let outcome = exchange(request).await;
        let label = match &outcome {
            Ok(answer) if answer.status.is_success() => "accepted",
            Ok(_) => "refused",
            Err(_) => "unanswered",
        };
        metrics::counter!("notification_provider_calls_total", "provider" => self.name, "outcome" => label)
            .increment(1);
        outcome
    }
}

/// The access token of the moment; a call that is refused for it fetches another.
#[derive(Default)]
pub(super) struct AccessToken(Mutex<Option<String>>);

impl AccessToken {
    /// The token that is known, where it is not the `stale` one; else that of the answer to `ask`.
    ///
    /// # Errors
    /// What `ask` comes to; [`Trouble::Later`] when there is no token in the answer.
    pub(super) async fn get(
        &self,
        stale: Option<&str>,
        ask: impl Future<Output = Result<Answer, Trouble>>,
    ) -> Result<String, Trouble> {
        let mut known = self.0.lock().await;
        if let Some(token) = known.as_ref().filter(|token| Some(token.as_str()) != stale) {
            return Ok(token.clone());
        }
        let answer = ask.await?.settled()?;
        let token = answer.text("access_token");
        let token = token.ok_or_else(|| Trouble::later("NO_TOKEN"))?;
        *known = Some(token.clone());
        Ok(token)
    }
}

async fn exchange(request: RequestBuilder) -> Result<Answer, Trouble> {
    // The text of reqwest's errors may name what was sent; its kind is enough.
    let unanswered = |error: reqwest::Error| {
        let code = if error.is_timeout() {
            "TIMEOUT"
        } else if error.is_connect() {
            "NO_CONNECTION"
        } else {
            "NO_ANSWER"
        };
        Trouble::later(code)
    };
    let mut response = request.send().await.map_err(unanswered)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
        if bytes.len() + chunk.len() > MAX_ANSWER {
            return Err(Trouble::later("ANSWER_TOO_LARGE"));
        }
        bytes.extend_from_slice(&chunk);
    }
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok(Answer {
        status,
        headers,
        body,
    })
}
