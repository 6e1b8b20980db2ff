//! Questions that one domain answers another: for what no event may carry, such as the address of a person.
//!
//! A question goes over the broker to whichever process of the answering domain is free, and both ways are sealed under a key
//! that derives from the platform's internal one: the broker and whoever else is connected to it learn nothing. Nothing is
//! stored; an asker that gets no answer asks again later.

pub mod auth;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::Secret;
use crate::crypto::ColumnCipher;
use crate::ids::Entropy;
use crate::service::{Bus, Platform, Task};
use crate::{Error, Result};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(4);
/// How old a question may be that is answered, in seconds: longer than anyone waits.
const LIFE: i64 = 60;
/// Questions that one process answers at once.
const CONCURRENCY: usize = 8;
/// No question is longer.
const MAX_QUESTION: usize = 64 * 1024;

/// A question with its answer.
pub trait Question: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Who answers: `auth`.
    const DOMAIN: &'static str;
    /// What is asked for: `contacts`.
    const NAME: &'static str;
    /// What is answered.
    type Answer: Serialize + DeserializeOwned + Send + 'static;
}

/// What takes a sealed question and gives the sealed answer; none for what is no genuine, fresh question.
pub(crate) type Answerer =
    Arc<dyn Fn(Vec<u8>) -> BoxFuture<'static, Option<Vec<u8>>> + Send + Sync>;

/// A question on its way.
#[derive(Serialize, Deserialize)]
struct Asked<Q> {
    /// The answer is sealed for this question alone.
    id: Uuid,
    /// When it was asked, seconds since the epoch.
    at: i64,
    question: Q,
}

/// Asks questions of other domains, and answers theirs.
#[derive(Clone, Debug)]
pub struct Questions {
    bus: Bus,
    cipher: Arc<ColumnCipher>,
    clock: Clock,
    entropy: Entropy,
}

impl Questions {
    /// Questions over the platform's broker.
    ///
    /// # Panics
    /// Never: what the internal key signs is as long as a key.
    pub fn new(platform: &Platform) -> Self {
        let derive = |purpose: &[u8]| platform.internal_key.sign("coko-ask", purpose);
        let ring = Secret::new(format!("1:{}", STANDARD.encode(derive(b"seal"))));
        let lookup = Secret::new(hex::encode(derive(b"lookup")));
        let cipher = ColumnCipher::new(&ring, &lookup).expect("a derived key has 32 bytes");
        Self {
            bus: platform.bus.clone(),
            cipher: Arc::new(cipher),
            clock: platform.clock.clone(),
            entropy: platform.entropy.clone(),
        }
    }

    /// Asks, and waits a few seconds for the answer.
    ///
    /// # Errors
    /// `DOWNSTREAM_UNAVAILABLE` when nobody answers, or the answering domain cannot.
    pub async fn ask<Q: Question>(&self, question: &Q) -> Result<Q::Answer> {
        let now = self.clock.now();
        let id = self.entropy.uuid(now);
        let asked = Asked {
            id,
            at: now.unix_timestamp(),
            question,
        };
        let text = serde_json::to_string(&asked).map_err(Error::internal)?;
        let subject = subject::<Q>();
        let sealed = self.cipher.seal(&self.entropy, &subject, &text);
        let answer = match &self.bus {
            Bus::Nats(nats) => {
                let request = nats.client.request(subject.clone(), sealed.into());
                let message = tokio::time::timeout(PATIENCE, request)
                    .await
                    .map_err(Error::unavailable)?
                    .map_err(Error::unavailable)?;
                message.payload.to_vec()
            }
            Bus::Recording(recording) => recording
                .ask(&subject, sealed)
                .await
                .ok_or_else(|| Error::unavailable("nobody answers"))?,
        };
        let text = self.cipher.open(&for_one(&subject, id), &answer)?;
        let answer: Option<Q::Answer> = serde_json::from_str(&text).map_err(Error::unavailable)?;
        answer.ok_or_else(|| Error::unavailable("the question could not be answered"))
    }

    /// Answers questions of the kind `Q` for as long as the task runs; every process of the domain takes its share.
    pub fn answer<Q, F>(
        &self,
        name: &'static str,
        answer: impl Fn(Q) -> F + Send + Sync + 'static,
    ) -> Task
    where
        Q: Question,
        F: Future<Output = Result<Q::Answer>> + Send + 'static,
    {
        let (line, answer) = (self.clone(), Arc::new(answer));
        let answerer: Answerer = Arc::new(move |sealed| {
            let (line, answer) = (line.clone(), answer.clone());
            async move {
                let asked: Asked<Q> = line.open(&sealed)?;
                let answered = match answer(asked.question).await {
                    Ok(answered) => Some(answered),
                    Err(error) => {
                        tracing::error!(question = Q::NAME, %error, "a question is not answered");
                        None
                    }
                };
                let text = serde_json::to_string(&answered).ok()?;
                let column = for_one(&subject::<Q>(), asked.id);
                Some(line.cipher.seal(&line.entropy, &column, &text))
            }
            .boxed()
        });
        let client = match &self.bus {
            Bus::Nats(nats) => Some(nats.client.clone()),
            Bus::Recording(recording) => {
                recording.answer(subject::<Q>(), answerer.clone());
                None
            }
        };
        Task::new(name, move |stop| {
            let (client, answerer) = (client.clone(), answerer.clone());
            async move {
                match client {
                    Some(client) => listen::<Q>(client, answerer, stop).await,
                    None => stop.cancelled().await,
                }
            }
        })
    }

    /// A question that is genuine and fresh.
    fn open<Q: Question>(&self, sealed: &[u8]) -> Option<Asked<Q>> {
        if sealed.len() > MAX_QUESTION {
            return None;
        }
        let text = self.cipher.open(&subject::<Q>(), sealed).ok()?;
        let asked: Asked<Q> = serde_json::from_str(&text).ok()?;
        let age = self.clock.now().unix_timestamp().saturating_sub(asked.at);
        (age.saturating_abs() <= LIFE).then_some(asked)
    }
}

/// The subject that questions of the kind `Q` are asked on; no stream keeps it.
fn subject<Q: Question>() -> String {
    format!("coko-ask.{}.{}", Q::DOMAIN, Q::NAME)
}

/// What an answer is sealed for.
fn for_one(subject: &str, question: Uuid) -> String {
    format!("{subject}:{question}")
}

async fn listen<Q: Question>(
    client: async_nats::Client,
    answerer: Answerer,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        let subscribed = client.queue_subscribe(subject::<Q>(), Q::DOMAIN.to_owned());
        match subscribed.await {
            Ok(questions) => {
                questions
                    .take_until(stop.cancelled())
                    .for_each_concurrent(CONCURRENCY, |message| {
                        let (client, answerer) = (client.clone(), answerer.clone());
                        async move {
                            let Some(reply) = message.reply else { return };
                            let Some(answer) = answerer(message.payload.to_vec()).await else {
                                return;
                            };
                            if let Err(error) = client.publish(reply, answer.into()).await {
                                tracing::warn!(question = Q::NAME, %error, "an answer is lost");
                            }
                        }
                    })
                    .await;
            }
            Err(error) => tracing::warn!(question = Q::NAME, %error, "nothing can be asked yet"),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            () = stop.cancelled() => {}
        }
    }
}
