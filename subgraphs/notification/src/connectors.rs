//! Providers that carry messages, behind one trait. A connector speaks a provider's wire format and knows nothing of people.
//!
//! None of them takes an idempotency key: what was taken and not answered is sent again, so that a message may come twice but is
//! never lost.

mod fcm;
mod http;
mod mtn;
mod orange;
pub(crate) mod sendgrid;
mod signature;
mod smtp;
mod twilio;

use std::sync::Arc;

use async_trait::async_trait;
use coko_core::service::Platform;
use time::Duration;
use uuid::Uuid;

use crate::config::Config;
use crate::error::BuildError;
use crate::model::callback::SuppressionReason;

pub(crate) use sendgrid::Sendgrid;
pub(crate) use twilio::Twilio;

/// A message to carry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel<'a> {
    /// The delivery, by which reports name it.
    pub(crate) delivery: Uuid,
    /// The address, number or registration token.
    pub(crate) to: &'a str,
    /// One line; SMS have none.
    pub(crate) title: &'a str,
    /// The text.
    pub(crate) text: &'a str,
    /// The same as HTML, in letters.
    pub(crate) html: Option<&'a str>,
    /// Where it leads.
    pub(crate) link: Option<&'a str>,
    /// The notification in the applications; several have none.
    pub(crate) notification: Option<Uuid>,
    /// What replaces what on a device: one message of each.
    pub(crate) collapse: Option<&'a str>,
    /// Whether it may wake a device up.
    pub(crate) urgent: bool,
    /// Where letters of this kind are ended.
    pub(crate) unsubscribe: Option<&'a str>,
    /// How long it is worth delivering.
    pub(crate) life: Duration,
}

/// What a provider took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The provider's name for it.
    pub(crate) reference: Option<String>,
}

/// Why a provider did not take a message. No variant carries an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// It may take it later, no sooner than `after`.
    #[error("not now: {code}")]
    Later {
        /// The provider's code, or ours.
        code: String,
        /// How long the provider asks to wait.
        after: Option<Duration>,
    },
    /// It never will.
    #[error("never: {code}")]
    Refused {
        /// The provider's code, or ours.
        code: String,
        /// Why nothing else is to be sent to this address, number or device either, if so.
        gone: Option<SuppressionReason>,
    },
}

impl Trouble {
    fn later(code: impl Into<String>) -> Self {
        Self::Later {
            code: code.into(),
            after: None,
        }
    }

    fn refused(code: impl Into<String>, gone: Option<SuppressionReason>) -> Self {
        Self::Refused {
            code: code.into(),
            gone,
        }
    }
}

/// Why a report is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReportError {
    /// The signature is missing, wrong or too old.
    #[error("the signature is missing, wrong or too old")]
    Signature,
    /// The body is not in the provider's format.
    #[error("the body is no report of this provider")]
    Malformed,
}

/// Carries messages over one channel.
#[async_trait]
pub(crate) trait Connector: Send + Sync {
    /// The provider's name in logs and metrics.
    fn name(&self) -> &'static str;

    /// Hands a message over.
    async fn send(&self, parcel: &Parcel<'_>) -> Result<Accepted, Trouble>;
}

/// A connector for the numbers that begin like this.
struct Route {
    prefix: String,
    connector: Arc<dyn Connector>,
}

/// The connectors that are configured.
pub(crate) struct Connectors {
    letters: Arc<dyn Connector>,
    push: Option<Arc<dyn Connector>>,
    /// The longest prefixes first.
    texts: Vec<Route>,
    /// For its reports.
    pub(crate) sendgrid: Option<Arc<Sendgrid>>,
    /// For its reports.
    pub(crate) twilio: Option<Arc<Twilio>>,
}

impl Connectors {
    /// Connectors for what `config` names; reports are asked for at `callbacks`, a URL without a trailing slash.
    ///
    /// # Errors
    /// When no HTTP client can be made, or a key is not usable.
    pub(crate) fn new(
        platform: &Platform,
        config: &Config,
        callbacks: &str,
    ) -> Result<Self, BuildError> {
        let seconds = config.timers.provider_timeout_seconds;
        let client = reqwest::Client::builder()
            .timeout(std::time::Duration::from_secs(seconds))
            .connect_timeout(std::time::Duration::from_secs(5))
            // Only configured hosts are called, whatever an answer says.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let caller = |url: &url::Url, name| http::Caller::new(client.clone(), url, name);
        let sendgrid = match config.sendgrid.clone() {
            Some(config) => {
                let caller = caller(&config.base_url, "sendgrid");
                Some(Arc::new(Sendgrid::new(caller, config)?))
            }
            None => None,
        };
        let twilio = config.twilio.clone().map(|config| {
            let caller = caller(&config.base_url, "twilio");
            Arc::new(Twilio::new(caller, config, callbacks))
        });
        let push: Option<Arc<dyn Connector>> = match config.fcm.clone() {
            Some(config) => {
                let caller = caller(&config.base_url, "fcm");
                let clock = platform.clock.clone();
                Some(Arc::new(fcm::Fcm::new(caller, config, clock)?))
            }
            None => None,
        };
        let letters: Arc<dyn Connector> = match &sendgrid {
            Some(sendgrid) => sendgrid.clone(),
            None => Arc::new(smtp::Smtp::new(platform.mailer.clone())),
        };
        let mut texts = Vec::new();
        let mut route = |prefixes: &[String], connector: Arc<dyn Connector>| {
            texts.extend(prefixes.iter().map(|prefix| Route {
                prefix: format!("+{}", prefix.trim_start_matches('+')),
                connector: connector.clone(),
            }));
        };
        if let Some(config) = config.orange.clone() {
            let prefixes = config.prefixes.clone();
            let caller = caller(&config.base_url, "orange");
            route(&prefixes, Arc::new(orange::Orange::new(caller, config)));
        }
        if let Some(config) = config.mtn.clone() {
            let prefixes = config.prefixes.clone();
            let caller = caller(&config.base_url, "mtn");
            route(&prefixes, Arc::new(mtn::Mtn::new(caller, config)));
        }
        if let Some(twilio) = &twilio {
            route(&[String::new()], twilio.clone());
        }
        texts.sort_by_key(|route| std::cmp::Reverse(route.prefix.len()));
        Ok(Self {
            letters,
            push,
            texts,
            sendgrid,
            twilio,
        })
    }

    /// Who carries letters.
    pub(crate) fn letters(&self) -> &dyn Connector {
        self.letters.as_ref()
    }

    /// Who carries push messages; none where nobody does.
    pub(crate) fn push(&self) -> Option<&dyn Connector> {
        self.push.as_deref()
    }

    /// Who carries text messages to `number`; none where nobody does.
    pub(crate) fn texts(&self, number: &str) -> Option<&dyn Connector> {
        let fitting = self.texts.iter();
        let mut fitting = fitting.filter(|route| number.starts_with(&route.prefix));
        fitting.next().map(|route| route.connector.as_ref())
    }
}
