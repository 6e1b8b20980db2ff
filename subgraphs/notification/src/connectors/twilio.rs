//! Text messages by Twilio, and its reports (StatusCallback).

use async_trait::async_trait;
use serde_json::Value;
use url::form_urlencoded;
use uuid::Uuid;

use super::http::Caller;
use super::{Accepted, Connector, Parcel, ReportError, Trouble, signature};
use crate::config::TwilioConfig;
use crate::model::Status;
use crate::model::callback::{SuppressionReason, Told};

pub(crate) struct Twilio {
    caller: Caller,
    config: TwilioConfig,
    callbacks: String,
}

impl Twilio {
    pub(super) fn new(caller: Caller, config: TwilioConfig, callbacks: &str) -> Self {
        Self {
            caller,
            config,
            callbacks: callbacks.to_owned(),
        }
    }

    /// Where it reports what becomes of a delivery.
    fn callback(&self, delivery: Uuid) -> String {
        format!("{}/twilio/{delivery}", self.callbacks)
    }

    /// What a report about `delivery` tells, whose origin `signature` proves.
    ///
    /// # Errors
    /// [`ReportError::Signature`] for what is not from Twilio.
    pub(crate) fn read(
        &self,
        delivery: Uuid,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<Told, ReportError> {
        let mut fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
        fields.sort();
        let fields_text = fields
            .iter()
            .flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        let mut signed = self.callback(delivery);
        signed.extend(fields_text);
        let genuine = signature.is_some_and(|signature| {
            signature::hmac_sha1(&self.config.auth_token, signed.as_bytes(), signature)
        });
        if !genuine {
            return Err(ReportError::Signature);
        }
        let field = |name: &str| {
            let mut found = fields.iter().filter(|(key, _)| key == name);
            found.next().map(|(_, value)| value.as_str())
        };
        let sid = field("MessageSid").ok_or(ReportError::Malformed)?;
        let state = field("MessageStatus").ok_or(ReportError::Malformed)?;
        let code = field("ErrorCode").filter(|code| !code.is_empty());
        let status = match state {
            "delivered" => Some(Status::Delivered),
            "undelivered" | "failed" => Some(Status::Failed),
            _ => None,
        };
        let failed = status == Some(Status::Failed);
        let code = code.unwrap_or("UNDELIVERED");
        let gone = gone(code).filter(|_| failed);
        Ok(Told {
            event_id: format!("{sid}:{state}").chars().take(200).collect(),
            delivery: Some(delivery),
            status,
            suppress: field("To")
                .zip(gone)
                .map(|(to, gone)| (to.to_owned(), gone)),
            code: failed.then(|| code.chars().take(60).collect()),
        })
    }
}

/// Why a number takes no messages any more, by Twilio's codes of errors.
fn gone(code: &str) -> Option<SuppressionReason> {
    match code {
        "21211" | "21214" | "21217" | "21614" | "30005" | "30006" => {
            Some(SuppressionReason::Invalid)
        }
        "21610" => Some(SuppressionReason::Unsubscribed),
        _ => None,
    }
}

#[async_trait]
impl Connector for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    async fn send(&self, parcel: &Parcel<'_>) -> Result<Accepted, Trouble> {
        let sender = if self.config.from.starts_with("MG") {
            "MessagingServiceSid"
        } else {
            "From"
        };
        let callback = self.callback(parcel.delivery);
        let form = [
            ("To", parcel.to),
            (sender, self.config.from.as_str()),
            ("Body", parcel.text),
            ("StatusCallback", callback.as_str()),
        ];
        let account = &self.config.account_sid;
        let request = self
            .caller
            .post(&format!("/2010-04-01/Accounts/{account}/Messages.json"))
            .basic_auth(account, Some(self.config.auth_token.expose()))
            .form(&form);
        let answer = self.caller.send(request).await?.settled()?;
        if answer.status.is_success() {
            return Ok(Accepted {
                reference: answer.text("sid"),
            });
        }
        let code = match &answer.body["code"] {
            Value::Number(number) => number.to_string(),
            _ => answer.status.as_u16().to_string(),
        };
        let gone = gone(&code);
        Err(Trouble::refused(code, gone))
    }
}
