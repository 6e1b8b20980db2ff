//! Text messages by Orange (SMS API, outbound).

use async_trait::async_trait;
use serde_json::json;
use url::form_urlencoded;

use super::http::{AccessToken, Answer, Caller};
use super::{Accepted, Connector, Parcel, Trouble};
use crate::config::OrangeConfig;

pub(super) struct Orange {
    caller: Caller,
    config: OrangeConfig,
    token: AccessToken,
}

impl Orange {
    pub(super) fn new(caller: Caller, config: OrangeConfig) -> Self {
        Self {
            caller,
            config,
            token: AccessToken::default(),
        }
    }

    async fn token(&self, stale: Option<&str>) -> Result<String, Trouble> {
        self.token.get(stale, self.ask_for_token()).await
    }

    async fn ask_for_token(&self) -> Result<Answer, Trouble> {
        let secret = self.config.client_secret.expose();
        let request = self.caller.post("/oauth/v3/token");
        let request = request
            .basic_auth(&self.config.client_id, Some(secret))
            .form(&[("grant_type", "client_credentials")]);
        self.caller.send(request).await
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
