//! Messages that were handed over, how each goes, and what is reported of it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Simulator;

/// What precedes the point in the SubjectPublicKeyInfo of a P-256 key (RFC 5480).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Messages that are kept.
const MOST_KEPT: usize = 10_000;

/// How a message goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageScenario {
    /// It arrives, and that is reported.
    #[default]
    Delivered,
    /// It arrives, and nothing is reported.
    NeverReported,
    /// The answer is 5xx, and it does not arrive.
    ServerError,
    /// The answer is 429 with `Retry-After`, and it does not arrive.
    RateLimited,
    /// The device, number or mailbox is refused as one that is no more.
    Unregistered,
    /// It is taken, and reported as one that could not be delivered.
    Bounced,
    /// It arrives, and the answer takes long.
    Slow,
    /// It arrives, and the report is signed wrongly.
    BadSignature,
}

/// A message that was handed over and taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// `smtp`, `sendgrid`, `twilio`, `orange`, `mtn` or `fcm`.
    pub provider: &'static str,
    /// The address, number or token.
    pub to: String,
    /// The subject or heading; empty where there is none.
    pub title: String,
    /// The text; a letter by SMTP is whole.
    pub text: String,
    /// What came with it.
    pub data: Value,
}

#[derive(Debug, Default)]
struct State {
    taken: Vec<Message>,
    scenario: MessageScenario,
    /// By recipient, for so many messages or for all of them.
    by_recipient: HashMap<String, (MessageScenario, Option<u32>)>,
}

/// Those who carry messages.
pub(crate) struct Carriers {
    state: Mutex<State>,
    /// Signs what SendGrid reports.
    key: EcdsaKeyPair,
}

impl Default for Carriers {
    fn default() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random);
        let pkcs8 = pkcs8.expect("the machine has randomness");
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random);
        Self {
            state: Mutex::default(),
            key: key.expect("a key that was just made is a key"),
        }
    }
}

impl fmt::Debug for Carriers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carriers").finish_non_exhaustive()
    }
}

impl Carriers {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Base64 of a DER signature.
    pub(crate) fn sign(&self, message: &[u8]) -> String {
        let random = SystemRandom::new();
        let signature = self.key.sign(&random, message);
        STANDARD.encode(signature.expect("the machine has randomness"))
    }
}

impl Simulator {
    /// Sets how messages go: those to `recipient`, as many as `times` says, or all others.
    pub fn set_message_scenario(
        &self,
        scenario: MessageScenario,
        recipient: Option<&str>,
        times: Option<u32>,
    ) {
        let mut state = self.carriers.state();
        match recipient {
            Some(recipient) => {
                let entry = (scenario, times);
                state.by_recipient.insert(recipient.to_owned(), entry);
            }
            None => state.scenario = scenario,
        }
    }

    /// The messages that were taken, the oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.carriers.state().taken.clone()
    }

    /// Those of them that went to `recipient`.
    pub fn messages_to(&self, recipient: &str) -> Vec<Message> {
        let mut messages = self.messages();
        messages.retain(|message| message.to == recipient);
        messages
    }

    /// The key that verifies what SendGrid reports: base64 of its SubjectPublicKeyInfo.
    pub fn sendgrid_public_key(&self) -> String {
        let point = self.carriers.key.public_key();
        STANDARD.encode([&P256[..], point.as_ref()].concat())
    }

    /// How the next message to `recipient` goes.
    pub(crate) fn message_scenario(&self, recipient: &str) -> MessageScenario {
        let mut state = self.carriers.state();
        let general = state.scenario;
        let Some((scenario, times)) = state.by_recipient.get_mut(recipient) else {
            return general;
        };
        match times {
            None => *scenario,
            Some(0) => general,
            Some(left) => {
                *left -= 1;
                *scenario
            }
        }
    }

    /// Keeps a message that arrives; the oldest make room where there are too many.
    pub(crate) fn take(&self, message: Message) {
        let mut state = self.carriers.state();
        if state.taken.len() == MOST_KEPT {
            state.taken.drain(..MOST_KEPT / 10);
        }
        state.taken.push(message);
    }

    pub(crate) fn sign_report(&self, message: &[u8]) -> String {
        self.carriers.sign(message)
    }

    /// As long as a slow answer takes.
    pub(crate) async fn dawdle(&self, scenario: MessageScenario) {
        if scenario == MessageScenario::Slow {
            tokio::time::sleep(Duration::from_millis(self.config.slow_millis)).await;
        }
    }

    /// Sends a report, and again a few times where nobody takes it.
    pub(crate) fn report(&self, request: reqwest::RequestBuilder) {
        let wait = self.config.payer_millis;
        tokio::spawn(async move {
            for pause in [wait, 200, 1000] {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                let Some(attempt) = request.try_clone() else {
                    return;
                };
                match attempt.timeout(Duration::from_secs(10)).send().await {
                    Ok(answer) if !answer.status().is_server_error() => return,
                    outcome => tracing::debug!(?outcome, "a report was not taken"),
                }
            }
        });
    }
}

/// Too much for now: try again in a second.
pub(crate) fn overloaded() -> HeaderMap {
    HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static("1"))])
}

#[derive(Deserialize)]
struct SetScenario {
    scenario: MessageScenario,
    #[serde(default)]
    recipient: Option<String>,
    #[serde(default)]
    times: Option<u32>,
}

async fn set_scenario(
    Shared(simulator): Shared<Simulator>,
    Json(said): Json<SetScenario>,
) -> StatusCode {
    simulator.set_message_scenario(said.scenario, said.recipient.as_deref(), said.times);
    StatusCode::NO_CONTENT
}

async fn messages(Shared(simulator): Shared<Simulator>) -> Json<Value> {
    Json(json!({ "messages": simulator.messages() }))
}

pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/simulator/message-scenario", post(set_scenario))
        .route("/simulator/messages", get(messages))
}
