//! Push messages by Firebase Cloud Messaging (HTTP v1).

use async_trait::async_trait;
use coko_core::clock::Clock;
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use super::http::{Answer, Caller};
use super::signature::PrivateKey;
use super::{Accepted, Connector, Parcel, Trouble};
use crate::config::FcmConfig;
use crate::error::BuildError;
use crate::model::callback::SuppressionReason;

/// What we ask Google to be let do.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// The grant of RFC 7523.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Where a machine's identity has its token.
const METADATA: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// How long before its end a token is no longer used.
const MARGIN: Duration = Duration::minutes(2);
/// How long to wait where FCM says that it is too much and not how long: what its documentation asks for.
const OVERLOADED: Duration = Duration::minutes(1);

/// A token, and until when it is used.
type Token = (String, OffsetDateTime);

pub(super) struct Fcm {
    caller: Caller,
    config: FcmConfig,
    key: Option<PrivateKey>,
    clock: Clock,
    token: Mutex<Option<Token>>,
}

impl Fcm {
    pub(super) fn new(caller: Caller, config: FcmConfig, clock: Clock) -> Result<Self, BuildError> {
        let key = match &config.service_account {
            Some(account) => {
                let key = PrivateKey::parse(&account.private_key);
                Some(key.ok_or(BuildError::PrivateKey)?)
            }
            None => None,
        };
        Ok(Self {
            caller,
            config,
            key,
            clock,
            token: Mutex::new(None),
        })
    }

    async fn token(&self, stale: Option<&str>) -> Result<String, Trouble> {
        let now = self.clock.now();
        let mut known = self.token.lock().await;
        if let Some((token, until)) = known.as_ref()
            && *until > now
            && Some(token.as_str()) != stale
        {
            return Ok(token.clone());
        }
        let answer = self.ask_for_token(now).await?.settled()?;
        let token = answer.text("access_token");
        let token = token.ok_or_else(|| Trouble::later("NO_TOKEN"))?;
        let seconds = answer.body["expires_in"].as_i64().unwrap_or(300);
        let until = now + Duration::seconds(seconds.clamp(0, 3600)) - MARGIN;
        *known = Some((token.clone(), until));
        Ok(token)
    }

    async fn ask_for_token(&self, now: OffsetDateTime) -> Result<Answer, Trouble> {
        let request = match (&self.config.service_account, &self.key) {
            (Some(account), Some(key)) => {
                let claims = json!({
                    "iss": account.client_email, "scope": SCOPE, "aud": account.token_uri,
                    "iat": now.unix_timestamp(), "exp": now.unix_timestamp() + 3600,
                });
                let assertion = key.token(&claims);
                let assertion = assertion.ok_or_else(|| Trouble::later("NO_SIGNATURE"))?;
                let form = [("grant_type", GRANT), ("assertion", assertion.as_str())];
                self.caller.post_at(&account.token_uri).form(&form)
            }
            _ => {
                let base = self.config.metadata_url.as_str().trim_end_matches('/');
                let url = format!("{base}{METADATA}?scopes={SCOPE}");
                let request = self.caller.get_at(url);
                request.header("metadata-flavor", "Google")
            }
        };
        self.caller.send(request).await
    }

    async fn call(&self, token: &str, message: &Value) -> Result<Answer, Trouble> {
        let path = format!("/v1/projects/{}/messages:send", self.config.project_id);
        let body = json!({ "message": message });
        let request = self.caller.post(&path).bearer_auth(token).json(&body);
        self.caller.send(request).await
    }
}

/// A message as FCM takes it; every value of `data` is a text.
fn message(parcel: &Parcel<'_>) -> Value {
    let mut data = Map::new();
    data.insert("deliveryId".to_owned(), parcel.delivery.to_string().into());
    if let Some(notification) = parcel.notification {
        data.insert("notificationId".to_owned(), notification.to_string().into());
    }
    if let Some(link) = parcel.link {
        data.insert("link".to_owned(), link.into());
    }
    let priority = if parcel.urgent { "HIGH" } else { "NORMAL" };
    let mut android = json!({
        "priority": priority, "ttl": format!("{}s", parcel.life.whole_seconds().max(0)),
    });
    let mut message = json!({
        "token": parcel.to,
        "notification": { "title": parcel.title, "body": parcel.text },
        "data": data,
    });
    if let Some(collapse) = parcel.collapse {
        android["collapse_key"] = collapse.into();
        message["apns"] = json!({ "headers": { "apns-collapse-id": collapse } });
    }
    message["android"] = android;
    message
}

#[async_trait]
impl Connector for Fcm {
    fn name(&self) -> &'static str {
        "fcm"
    }

    async fn send(&self, parcel: &Parcel<'_>) -> Result<Accepted, Trouble> {
        let message = message(parcel);
        let token = self.token(None).await?;
        let mut answer = self.call(&token, &message).await?;
        if answer.status == reqwest::StatusCode::UNAUTHORIZED {
            let token = self.token(Some(&token)).await?;
            answer = self.call(&token, &message).await?;
        }
        if answer.status.is_success() {
            return Ok(Accepted {
                reference: answer.text("name"),
            });
        }
        Err(trouble(&answer))
    }
}

/// What an answer that says no means.
fn trouble(answer: &Answer) -> Trouble {
    let details = answer.body["error"]["details"].as_array();
    let details = details.map(Vec::as_slice).unwrap_or_default();
    let code = details
        .iter()
        .find_map(|detail| detail["errorCode"].as_str())
        .or_else(|| answer.body["error"]["status"].as_str())
        .unwrap_or("UNKNOWN");
    let short: String = code.chars().take(60).collect();
    match code {
        "UNREGISTERED" | "SENDER_ID_MISMATCH" => {
            Trouble::refused(short, Some(SuppressionReason::Invalid))
        }
        "INVALID_ARGUMENT" => Trouble::refused(short, None),
        // Also a 404 that does not speak of the token: a project that is misnamed must not cost everyone their devices.
        _ => Trouble::Later {
            code: short,
            after: answer.retry_after().or_else(|| {
                let overloaded = answer.status == reqwest::StatusCode::TOO_MANY_REQUESTS;
                overloaded.then_some(OVERLOADED)
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    #[test]
    fn only_what_speaks_of_the_token_costs_a_device() {
        let answer = |status, body| Answer {
            status,
            headers: HeaderMap::new(),
            body,
        };
        let unregistered = json!({ "error": {
            "status": "NOT_FOUND", "details": [{ "errorCode": "UNREGISTERED" }],
        } });
        let gone = Some(SuppressionReason::Invalid);
        assert_eq!(
            trouble(&answer(StatusCode::NOT_FOUND, unregistered)),
            Trouble::refused("UNREGISTERED", gone)
        );
        for (body, code) in [
            (json!({ "error": { "status": "NOT_FOUND" } }), "NOT_FOUND"),
            (Value::Null, "UNKNOWN"),
        ] {
            assert_eq!(
                trouble(&answer(StatusCode::NOT_FOUND, body)),
                Trouble::later(code)
            );
        }
    }
}
