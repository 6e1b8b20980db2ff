//! A read model made anew from the history that streams hold.

use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::stream::Stream;
use diesel::prelude::*;
use diesel_async::{AsyncConnection as _, RunQueryDsl};
use futures::StreamExt as _;

use super::{Clear, Consumers, HandlerError};
use crate::events::Event;
use crate::service::{Bus, Nats};
use crate::tables::inbox;

/// Events that are handled together.
const BATCH: usize = 256;
/// Of those, how many at a time: each takes a connection.
const AT_ONCE: usize = 4;
/// How often an event is tried whose handling fails in passing.
const ATTEMPTS: u32 = 6;
/// How long the broker may keep silent while there is more.
const SILENCE: Duration = Duration::from_secs(30);

/// What was rebuilt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Rebuilt {
    /// Events that were read.
    pub read: u64,
    /// Those that had an effect.
    pub handled: u64,
    /// Those that can never be handled, as their dead letters say.
    pub refused: u64,
}

/// Why a read model was not rebuilt to its end; it can be begun again.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// Nothing says what is to be emptied.
    #[error("{0} keeps no read model that could be made anew from events")]
    NotRebuildable(&'static str),
    /// The history cannot be read.
    #[error("the broker does not give the history: {0}")]
    Broker(String),
    /// The read model cannot be emptied.
    #[error("the database does not answer: {0}")]
    Database(String),
    /// An event could not be handled after several attempts.
    #[error("the event {event} could not be handled: {reason}")]
    Event {
        /// Its id.
        event: uuid::Uuid,
        /// Why.
        reason: String,
    },
}

impl From<diesel::result::Error> for RebuildError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.to_string())
    }
}

/// The history of one domain, as far as it reaches at one moment.
struct History {
    stream: Stream,
    events: u64,
    last: u64,
}

impl Consumers {
    /// Empties the read model and makes it anew from everything that the streams hold; `progress` is told how many events of how
    /// many were read. The service may run meanwhile: what it is delivered is handled once, here or there.
    ///
    /// # Errors
    /// When there is no read model, or a server does not answer; what is there then is a part, and the rebuild is to be run again.
    pub async fn rebuild(&self, progress: impl Fn(u64, u64)) -> Result<Rebuilt, RebuildError> {
        let clear = self.clear.as_ref();
        let clear = clear.ok_or(RebuildError::NotRebuildable(self.name))?;
        let Bus::Nats(nats) = &self.bus else {
            return Err(RebuildError::Broker("there is none".to_owned()));
        };
        // A broker that is down is found out before anything is emptied.
        self.histories(nats).await?;
        self.empty(clear).await?;
        // What the service handled until here is gone, so that is how far the history has to be read.
        let histories = self.histories(nats).await?;
        let total = histories.iter().map(|history| history.events).sum();
        let mut rebuilt = Rebuilt::default();
        progress(0, total);
        for history in &histories {
            self.replay_history(history, &mut rebuilt, &|read| progress(read, total))
                .await?;
        }
        Ok(rebuilt)
    }

    async fn histories(&self, nats: &Nats) -> Result<Vec<History>, RebuildError> {
        let mut domains: Vec<_> = self.handled().map(|(domain, _)| domain).collect();
        domains.dedup();
        let mut histories = Vec::with_capacity(domains.len());
        for domain in domains {
            let stream = nats.ensure_stream(domain).await;
            let mut stream = stream.map_err(RebuildError::Broker)?;
            let state = stream.info().await.map_err(broken)?.state.clone();
            histories.push(History {
                stream,
                events: state.messages,
                last: state.last_sequence,
            });
        }
        Ok(histories)
    }

    /// Empties the read model, and forgets which events it was made of.
    async fn empty(&self, clear: &Clear) -> Result<(), RebuildError> {
        let connection = self.pool.get().await;
        let mut connection =
            connection.map_err(|error| RebuildError::Database(error.to_string()))?;
        connection
            .transaction(async |connection| {
                clear(connection).await?;
                diesel::delete(inbox::table.filter(inbox::consumer.eq(self.name)))
                    .execute(connection)
                    .await?;
                Ok(())
            })
            .await
    }

    async fn replay_history(
        &self,
        history: &History,
        rebuilt: &mut Rebuilt,
        progress: &impl Fn(u64),
    ) -> Result<(), RebuildError> {
        if history.events == 0 {
            return Ok(());
        }
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::All,
            ..Default::default()
        };
        let consumer = history
            .stream
            .create_consumer(config)
            .await
            .map_err(broken)?;
        let mut messages = consumer.messages().await.map_err(broken)?;
        let mut batch: Vec<Event> = Vec::with_capacity(BATCH);
        loop {
            let next = tokio::time::timeout(SILENCE, messages.next()).await;
            let Ok(Some(message)) = next else {
                return Err(RebuildError::Broker("the delivery broke off".to_owned()));
            };
            let message = message.map_err(broken)?;
            let (sequence, pending) = match message.info() {
                Ok(info) => (info.stream_sequence, info.pending),
                Err(error) => return Err(RebuildError::Broker(error.to_string())),
            };
            rebuilt.read += 1;
            match serde_json::from_slice(&message.payload) {
                Ok(event) => batch.push(event),
                Err(_) => rebuilt.refused += 1,
            }
            // What is published later is delivered to the service itself.
            let is_last = sequence >= history.last || pending == 0;
            if is_last || batch.len() == BATCH {
                self.handle_batch(&mut batch, rebuilt).await?;
                progress(rebuilt.read);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn handle_batch(
        &self,
        batch: &mut Vec<Event>,
        rebuilt: &mut Rebuilt,
    ) -> Result<(), RebuildError> {
        let events = std::mem::take(batch);
        let mut outcomes = futures::stream::iter(events)
            .map(|event| self.handle_again(event))
            .buffer_unordered(AT_ONCE);
        while let Some(outcome) = outcomes.next().await {
            match outcome? {
                Some(true) => rebuilt.handled += 1,
                Some(false) => {}
                None => rebuilt.refused += 1,
            }
        }
        Ok(())
    }

    /// Whether an event had an effect; none when it can never be handled.
    async fn handle_again(&self, event: Event) -> Result<Option<bool>, RebuildError> {
        let mut attempt = 1;
        loop {
            match self.handle(&event).await {
                Ok(effect) => return Ok(Some(effect)),
                Err(HandlerError::Poison(reason)) => {
                    tracing::warn!(consumer = self.name, event = %event.id, reason, "an event was left out");
                    return Ok(None);
                }
                Err(HandlerError::Retry(reason)) if attempt == ATTEMPTS => {
                    return Err(RebuildError::Event {
                        event: event.id,
                        reason,
                    });
                }
                Err(HandlerError::Retry(_)) => {
                    tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
                    attempt += 1;
                }
            }
        }
    }
}

fn broken(error: impl std::fmt::Display) -> RebuildError {
    RebuildError::Broker(error.to_string())
}
