//! Text messages by Orange (SMS API, outbound).

use async_trait::async_trait;
use serde_json::json;
use tokio::sync::Mutex;
use url::form_urlencoded;

use super::http::{Answer, Caller};
use super::{Accepted, Connector, Parcel, Trouble};
use crate::config::OrangeConfig;

pub(super) struct Orange {
    caller: Caller,
    config: OrangeConfig,
    /// The access token of the moment; a call that is refused for it fetches another.
    token: Mutex<Option<String>>,
}

impl Orange {
    pub(super) fn new(caller: Caller, config: OrangeConfig) -> Self {
        Self {
            caller,
            config,
            token: Mutex::new(None),
        }
    }

    async fn token(&self, stale: Option<&str>) -> Result<String, Trouble> {
        let mut known = self.token.lock().await;
        if let Some(token) = known.as_ref().filter(|token| Some(token.as_str()) != stale) {
            return Ok(token.clone());
        }
        let secret = self.config.client_secret.expose();
        let request = self.caller.post("/oauth/v3/token");
        let request = request
            .basic_auth(&self.config.client_id, Some(secret))
            .form(&[("grant_type", "client_credentials")]);
        let answer = self.caller.send(request).await?.settled()?;
        let token = answer.text("access_token");
        let token = token.ok_or_else(|| Trouble::later("NO_TOKEN"))?;
        *known = Some(token.clone());
        Ok(token)
    }

    async fn call(&self, token: &str, parcel: &Parcel<'_>) -> Result<Answer, Trouble> {
        let sender = format!("tel:{}", self.config.from);
        let encoded: String = form_urlencoded::byte_serialize(sender.as_bytes()).collect();
        let body = json!({ "outboundSMSMessageRequest": {
            "address": format!("tel:{}", parcel.to),
            "senderAddress": sender,
            "outboundSMSTextMessage": { "message": parcel.text },
        } });
        let path = format!("/smsmessaging/v1/outbound/{encoded}/requests");
        let request = self.caller.post(&path).bearer_auth(token).json(&body);
        self.caller.send(request).await
    }
}

#[async_trait]
impl Connector for Orange {
    fn name(&self) -> &'static str {
        "orange"
    }

    async fn send(&self, parcel: &Parcel<'_>) -> Result<Accepted, Trouble> {
        let token = self.token(None).await?;
        let mut answer = self.call(&token, parcel).await?;
        if answer.status == reqwest::StatusCode::UNAUTHORIZED {
            let token = self.token(Some(&token)).await?;
            answer = self.call(&token, parcel).await?;
        }
        let answer = answer.settled()?;
        if !answer.status.is_success() {
            let exception = &answer.body["requestError"];
            let code = exception["serviceException"]["messageId"].as_str();
            let code = code.map_or_else(|| answer.status.as_u16().to_string(), str::to_owned);
            return Err(Trouble::refused(
                code.chars().take(60).collect::<String>(),
                None,
            ));
        }
        let request = &answer.body["outboundSMSMessageRequest"];
        let reference = request["resourceURL"].as_str();
        let reference = reference.and_then(|url| url.rsplit('/').next());
        Ok(Accepted {
            reference: reference.map(str::to_owned),
        })
    }
}
