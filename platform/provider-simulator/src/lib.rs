//! Wire formats of payment and message providers with scenarios, for development and tests: `coko serve provider-simulator`.
//!
//! Under `/wave`, `/orange-money`, `/stripe` and `/paypal` it answers as those providers do, and sends their notices. What a
//! payer does is a [`Scenario`], chosen per amount or for all payments with `POST /simulator/scenario`, or by a person on the
//! page `/pay/{id}`. It keeps everything in memory and knows nothing of orders.
//!
//! Under `/sendgrid`, `/twilio`, `/orange-sms`, `/mtn` and `/fcm`, and by SMTP, it takes messages as those providers do, and reports
//! what became of them by a [`MessageScenario`], chosen per recipient or for all with `POST /simulator/message-scenario`;
//! `GET /simulator/messages` shows them.

mod fcm;
mod messages;
mod notice;
mod operators;
mod orange_money;
mod page;
mod paypal;
mod scenario;
mod sendgrid;
mod smtp;
mod state;
mod stripe;
mod twilio;
mod wave;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use coko_core::clock::Clock;
use coko_core::config::Secret;
use coko_core::ids::Entropy;
use serde::Deserialize;
use serde_json::{Value, json};

use messages::Carriers;
pub use messages::{Message, MessageScenario};
pub use scenario::Scenario;
use state::{Outcome, Paying, State};

/// The role, and the section of the configuration without its dash.
pub const NAME: &str = "provider-simulator";

/// The `simulator` section of the configuration.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Signs notices, as the `webhook_secret` of each provider in payment's section does.
    pub webhook_secret: Secret,
    /// Where payment's `/webhooks/…` are reached. Default `http://127.0.0.1:4000`.
    #[serde(default = "default_webhook_url")]
    pub webhook_url: String,
    /// Where this simulator itself is reached, for links to its page. Default `http://127.0.0.1:4100`.
    #[serde(default = "default_public_url")]
    pub public_url: String,
    /// What payers do unless something else is said. Default `MANUAL`.
    #[serde(default)]
    pub scenario: Scenario,
    /// How long payers take, in milliseconds. Default 50.
    #[serde(default = "default_payer_millis")]
    pub payer_millis: u64,
    /// How long a slow answer takes, in milliseconds. Default 3000.
    #[serde(default = "default_slow_millis")]
    pub slow_millis: u64,
    /// Where letters are taken by SMTP: `127.0.0.1:4125`. Default nowhere.
    #[serde(default)]
    pub smtp: Option<SocketAddr>,
}

fn default_webhook_url() -> String {
    "http://127.0.0.1:4000".to_owned()
}

fn default_public_url() -> String {
    "http://127.0.0.1:4100".to_owned()
}

fn default_payer_millis() -> u64 {
    50
}

fn default_slow_millis() -> u64 {
    3000
}

/// A running simulator; clones share their state.
#[derive(Clone, Debug)]
pub struct Simulator {
    state: Arc<Mutex<State>>,
    config: Arc<Config>,
    clock: Clock,
    entropy: Entropy,
    http: reqwest::Client,
    carriers: Arc<Carriers>,
}

/// What is asked of a provider.
pub(crate) struct Order {
    provider: &'static str,
    reference: String,
    amount: i64,
    currency: String,
    /// Where its notices go, for a provider that is told with each payment.
    notice_url: Option<String>,
    success_url: String,
    cancel_url: String,
}

/// The answer to an opening that the scenario spoils.
pub(crate) struct Broken;

impl Simulator {
    /// A simulator without payments.
    pub fn new(config: Config, clock: Clock, entropy: Entropy) -> Self {
        Self {
            state: Arc::new(Mutex::new(State::new(config.scenario))),
            config: Arc::new(config),
            clock,
            entropy,
            http: reqwest::Client::new(),
            carriers: Arc::default(),
        }
    }

    /// Everything that it answers.
    pub fn router(&self) -> Router {
        Router::new()
            .nest("/wave", wave::routes())
            .nest("/orange-money", orange_money::routes())
            .nest("/stripe", stripe::routes())
            .nest("/paypal", paypal::routes())
            .nest("/sendgrid", sendgrid::routes())
            .nest("/twilio", twilio::routes())
            .nest("/fcm", fcm::routes())
            .merge(operators::routes())
            .merge(messages::routes())
            .merge(page::routes())
            .route("/simulator/scenario", post(set_scenario))
            .route("/simulator/webhook-url", post(set_webhook_url))
            .route("/simulator/payments", get(payments))
            .route("/health", get(|| async { Json(json!({ "status": "ok" })) }))
            .route(
                "/ready",
                get(|| async { Json(json!({ "status": "ready" })) }),
            )
            .with_state(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many payments were made, and how many of them were paid back.
    pub fn totals(&self) -> (usize, usize) {
        let state = self.state();
        let paid = state.payments.values().filter(|paying| paying.paid);
        let refunded = paid.clone().filter(|paying| paying.refunds > 0);
        (paid.clone().count(), refunded.count())
    }

    /// Whether any payment was paid back more than once, which must never be.
    pub fn any_refunded_twice(&self) -> bool {
        self.state()
            .payments
            .values()
            .any(|paying| paying.refunds > 1)
    }

    /// Sets what payers do: for payments of `amount` in minor units, or for all others.
    pub fn set_scenario(&self, scenario: Scenario, amount: Option<i64>) {
        let mut state = self.state();
        match amount {
            Some(amount) => {
                state.by_amount.insert(amount, scenario);
            }
            None => state.scenario = scenario,
        }
    }

    /// Sets shares of a hundred payments for scenarios; the rest follow the general one.
    pub fn set_mix(&self, mix: Vec<(Scenario, u32)>) {
        self.state().mix = mix;
    }

    /// Sets where payment's `/webhooks/…` are reached from now on.
    pub fn set_webhook_url(&self, url: &str) {
        self.state().webhook_url = Some(url.to_owned());
    }

    /// Lets the payer of the payment with this reference pay.
    pub async fn pay(&self, reference: &str) {
        let id = self.state().by_reference(reference);
        if let Some(id) = id {
            self.act(&id, Scenario::Success).await;
        }
    }

    /// The `notif_token` that an Orange Money payment's notice carries, by the payment's reference.
    pub fn notice_token(&self, reference: &str) -> Option<String> {
        let state = self.state();
        let id = state.by_reference(reference)?;
        let paying = state.payments.get(&id)?;
        Some(orange_money::notice_token(paying))
    }

    /// The references of all payments, the oldest first.
    pub fn references(&self) -> Vec<String> {
        let state = self.state();
        state
            .payments
            .values()
            .map(|paying| paying.reference.clone())
            .collect()
    }

    /// Opens a payment, and has its payer act as the scenario says.
    pub(crate) async fn open(&self, order: Order) -> Result<Paying, Broken> {
        let (paying, scenario) = {
            let mut state = self.state();
            let scenario = state.scenario_for(order.amount);
            let token = self.entropy.token();
            (state.open(order, token), scenario)
        };
        match scenario {
            Scenario::EarlyNotice => {
                self.act(&paying.id, Scenario::Success).await;
            }
            Scenario::Slow => {
                let slow = Duration::from_millis(self.config.slow_millis);
                // The payer acts even when nobody waits for this answer any more.
                self.act_later(&paying.id, Scenario::Success, slow);
                tokio::time::sleep(slow).await;
            }
            Scenario::Manual => {}
            // The page is known to nobody, and cannot be asked for.
            Scenario::ServerError if paying.provider == "orange-money" => {}
            scenario => self.act_later(&paying.id, scenario, Duration::ZERO),
        }
        if scenario == Scenario::ServerError {
            return Err(Broken);
        }
        Ok(paying)
    }

    /// The same under an idempotency key, by which the payment is found afterwards, even when its opening was not answered.
    pub(crate) async fn open_under(&self, key: String, order: Order) -> Result<Paying, Broken> {
        let reference = order.reference.clone();
        let opened = self.open(order).await;
        let mut state = self.state();
        let id = state.by_reference(&reference).unwrap_or_default();
        state.keys.insert(key, id);
        opened
    }

    fn act_later(&self, id: &str, scenario: Scenario, after: Duration) {
        let (simulator, id) = (self.clone(), id.to_owned());
        let wait = after + Duration::from_millis(self.config.payer_millis);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            simulator.act(&id, scenario).await;
        });
    }

    /// What the payer does, and which notices follow.
    pub(crate) async fn act(&self, id: &str, scenario: Scenario) {
        let outcome = match scenario {
            Scenario::InsufficientFunds => Outcome::Failed("insufficient-funds"),
            Scenario::Decline => Outcome::Failed("payment-failure"),
            Scenario::Expired => Outcome::Expired,
            _ => Outcome::Paid,
        };
        let Some(paying) = self.state().finish(id, outcome) else {
            return;
        };
        let genuine = scenario != Scenario::BadSignature;
        match scenario {
            Scenario::NeverNotified => {}
            Scenario::Duplicate => {
                for _ in 0..3 {
                    self.notify(&paying, outcome, genuine, 1).await;
                }
            }
            Scenario::OutOfOrder => {
                self.notify(&paying, outcome, genuine, 2).await;
                self.notify(&paying, Outcome::Failed("payment-failure"), genuine, 1)
                    .await;
            }
            _ => self.notify(&paying, outcome, genuine, 1).await,
        }
    }

    async fn notify(&self, paying: &Paying, outcome: Outcome, genuine: bool, number: u32) {
        let notice = notice::of(paying, outcome, number);
        let Some(body) = notice else { return };
        let body = body.to_string();
        let told = paying.notice_url.clone();
        let url = told.unwrap_or_else(|| self.notice_url(paying.provider));
        let mut request = self.http.post(url).body(body.clone());
        for (name, value) in
            notice::signature(paying.provider, &body, &self.config, &self.clock, genuine)
        {
            request = request.header(name, value);
        }
        let request = request
            .header("content-type", "application/json")
            .timeout(Duration::from_secs(10));
        // A provider that is not answered tries a few times, and gives up.
        for pause in [0, 200, 1000] {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let Some(attempt) = request.try_clone() else {
                return;
            };
            match attempt.send().await {
                Ok(answer) if !answer.status().is_server_error() => return,
                outcome => tracing::debug!(?outcome, "a notice was not taken"),
            }
        }
    }

    /// Where notices of a provider go that has one address for all of them.
    fn notice_url(&self, provider: &str) -> String {
        let told = self.state().webhook_url.clone();
        let base = told.unwrap_or_else(|| self.config.webhook_url.clone());
        format!("{}/webhooks/{provider}", base.trim_end_matches('/'))
    }

    /// Where notification's `/notifications/…` is reached.
    pub(crate) fn report_base(&self) -> String {
        let told = self.state().webhook_url.clone();
        let base = told.unwrap_or_else(|| self.config.webhook_url.clone());
        base.trim_end_matches('/').to_owned()
    }

    pub(crate) fn page(&self, id: &str) -> String {
        format!("{}/pay/{id}", self.config.public_url.trim_end_matches('/'))
    }
}

/// The JSON answer of a failure, in the shape that most providers share.
pub(crate) fn failure(status: StatusCode, code: &str) -> (StatusCode, Json<Value>) {
    let body = json!({ "code": code, "message": code, "error": { "code": code } });
    (status, Json(body))
}

#[derive(Deserialize)]
struct SetScenario {
    #[serde(default)]
    scenario: Option<Scenario>,
    #[serde(default)]
    amount: Option<i64>,
    #[serde(default)]
    mix: Option<HashMap<Scenario, u32>>,
}

async fn set_scenario(
    Shared(simulator): Shared<Simulator>,
    Json(said): Json<SetScenario>,
) -> StatusCode {
    if let Some(scenario) = said.scenario {
        simulator.set_scenario(scenario, said.amount);
    }
    if let Some(mix) = said.mix {
        simulator.set_mix(mix.into_iter().collect());
    }
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct SetWebhookUrl {
    url: String,
}

async fn set_webhook_url(
    Shared(simulator): Shared<Simulator>,
    Json(said): Json<SetWebhookUrl>,
) -> StatusCode {
    simulator.set_webhook_url(&said.url);
    StatusCode::NO_CONTENT
}

async fn payments(Shared(simulator): Shared<Simulator>) -> Json<Value> {
    let state = simulator.state();
    let payments: Vec<Value> = state.payments.values().map(Paying::summary).collect();
    Json(json!({ "payments": payments }))
}
