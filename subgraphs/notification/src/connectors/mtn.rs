//! Text messages by MTN (SMS API v3).

use async_trait::async_trait;
use serde_json::json;

use super::http::{AccessToken, Answer, Caller};
use super::{Accepted, Connector, Parcel, Trouble};
use crate::config::MtnConfig;

/// The code of an answer that says yes.
const ACCEPTED: &str = "0000";

pub(super) struct Mtn {
    caller: Caller,
    config: MtnConfig,
    token: AccessToken,
}

impl Mtn {
    pub(super) fn new(caller: Caller, config: MtnConfig) -> Self {
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
        let form = [
            ("client_id", self.config.client_id.as_str()),
            ("client_secret", self.config.client_secret.expose()),
        ];
        let path = "/v1/oauth/access_token?grant_type=client_credentials";
        let request = self.caller.post(path).form(&form);
        self.caller.send(request).await
    }

    async fn call(&self, token: &str, parcel: &Parcel<'_>) -> Result<Answer, Trouble> {
        let body = json!({
            "senderAddress": self.config.from,
            "receiverAddress": [parcel.to.trim_start_matches('+')],
            "message": parcel.text,
            "clientCorrelatorId": parcel.delivery,
        });
        let path = "/v3/sms/messages/sms/outbound";
        let request = self.caller.post(path).bearer_auth(token).json(&body);
        self.caller.send(request).await
    }
}

#[async_trait]
impl Connector for Mtn {
    fn name(&self) -> &'static str {
        "mtn"
    }

    async fn send(&self, parcel: &Parcel<'_>) -> Result<Accepted, Trouble> {
        let token = self.token(None).await?;
        let mut answer = self.call(&token, parcel).await?;
        if answer.status == reqwest::StatusCode::UNAUTHORIZED {
            let token = self.token(Some(&token)).await?;
            answer = self.call(&token, parcel).await?;
        }
        let answer = answer.settled()?;
        let code = answer.text("statusCode");
        if answer.status.is_success() && code.as_deref().is_none_or(|code| code == ACCEPTED) {
            return Ok(Accepted {
                reference: answer.text("transactionId"),
            });
        }
        let code = code.unwrap_or_else(|| answer.status.as_u16().to_string());
        Err(Trouble::refused(
            code.chars().take(60).collect::<String>(),
            None,
        ))
    }
}
