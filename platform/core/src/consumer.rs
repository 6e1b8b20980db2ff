//! Events from other domains, each handled exactly once.
//!
//! A durable pull consumer per source stream; every message is one transaction that holds the effect and an inbox row,
//! then a double acknowledgement. A failure is retried with a growing delay; a poison message goes to `dead_letter` and
//! is terminated. Deliveries that a crashing process exhausted are caught from the broker's MAX_DELIVERIES advisory.

mod rebuild;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, AckKind, consumer::PullConsumer};
use diesel::prelude::*;
use diesel_async::{AsyncConnection as _, RunQueryDsl};
use futures::TryStreamExt as _;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::Clock;
use crate::context::CommandContext;
use crate::database::{Connection, Pool};
use crate::events::{self, Event, Payload};
use crate::history;
use crate::ids::Entropy;
use crate::service::{Bus, Nats, Task};
use crate::tables::{dead_letter, inbox};

pub use rebuild::{RebuildError, Rebuilt};

/// Deliveries before a message that keeps failing becomes a dead letter.
const MAX_ATTEMPTS: i64 = 12;
/// Deliveries after which the broker itself gives up; more than ours, so that only a crashing process gets there.
const MAX_DELIVER: i64 = MAX_ATTEMPTS + 8;
/// How long the broker waits for an acknowledgement before it delivers again.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// Messages in flight per consumer.
const MAX_ACK_PENDING: i64 = 256;

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// Something passing: try again later.
    #[error("{0}")]
    Retry(String),
    /// The event can never be handled: put it aside for a person.
    #[error("{0}")]
    Poison(String),
}

impl From<diesel::result::Error> for HandlerError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Retry(error.to_string())
    }
}

impl From<crate::Error> for HandlerError {
    fn from(error: crate::Error) -> Self {
        if error.code().is_fault() {
            Self::Retry(error.to_string())
        } else {
            Self::Poison(error.to_string())
        }
    }
}

/// What a handler returns.
pub type Handled<'a> = BoxFuture<'a, Result<(), HandlerError>>;

type Handler = Arc<
    dyn for<'a> Fn(&'a mut Connection, &'a CommandContext, &'a Event) -> Handled<'a> + Send + Sync,
>;

/// Empties what is made from events alone.
type Clear =
    Arc<dyn for<'a> Fn(&'a mut Connection) -> BoxFuture<'a, QueryResult<()>> + Send + Sync>;

/// The handlers of one subgraph, by source domain and event type.
#[derive(Clone)]
pub struct Consumers {
    name: &'static str,
    pool: Pool,
    bus: Bus,
    clock: Clock,
    entropy: Entropy,
    handlers: BTreeMap<(&'static str, &'static str), Handler>,
    clear: Option<Clear>,
}

impl Consumers {
    /// Consumers whose durable name on every stream is `name`, the subgraph's own.
    pub fn new(name: &'static str, pool: Pool, platform: &crate::service::Platform) -> Self {
        Self {
            name,
            pool,
            bus: platform.bus.clone(),
            clock: platform.clock.clone(),
            entropy: platform.entropy.clone(),
            handlers: BTreeMap::new(),
            clear: None,
        }
    }

    /// Has [`Consumers::rebuild`] empty by `clear` what is then made anew from events. Handlers must come to the same in whatever
    /// order events of different aggregates are handled, and must publish nothing.
    #[must_use]
    pub fn rebuilt_after(
        mut self,
        clear: impl for<'a> Fn(&'a mut Connection) -> BoxFuture<'a, QueryResult<()>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.clear = Some(Arc::new(clear));
        self
    }

    /// Handles events of kind `P` inside the transaction that also writes the inbox row.
    ///
    /// The handler gets the payload and the envelope; what it returns as [`HandlerError::Poison`] is put aside.
    #[must_use]
    pub fn on<P: Payload>(
        mut self,
        handler: impl for<'a> Fn(&'a mut Connection, &'a CommandContext, &'a Event, P) -> Handled<'a>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let erased: Handler =
            Arc::new(
                move |connection, context, event| match event.payload::<P>() {
                    Ok(payload) => handler(connection, context, event, payload),
                    Err(error) => {
                        let reason =
                            format!("the payload is not a {} v{}: {error}", P::TYPE, P::VERSION);
                        Box::pin(async { Err(HandlerError::Poison(reason)) })
                    }
                },
            );
        self.handlers.insert((P::DOMAIN, P::TYPE), erased);
        self
    }

    /// The event types handled, with the domains they come from.
    pub fn handled(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.handlers.keys().copied()
    }

    /// One task per source stream, one for replayed dead letters, one for exhausted deliveries.
    pub fn tasks(self) -> Vec<Task> {
        let Bus::Nats(nats) = self.bus.clone() else {
            return Vec::new();
        };
        let consumers = Arc::new(self);
        let mut domains: Vec<_> = consumers
            .handlers
            .keys()
            .map(|(domain, _)| *domain)
            .collect();
        domains.dedup();
        let mut tasks = Vec::with_capacity(domains.len() + 2);
        for domain in domains {
            let (consumers, nats) = (consumers.clone(), nats.clone());
            tasks.push(Task::new("consumer", move |stop| {
                consumers.clone().consume(nats.clone(), domain, stop)
            }));
        }
        let replaying = consumers.clone();
        tasks.push(Task::new("dead-letter-replay", move |stop| {
            replaying.clone().replay(stop)
        }));
        tasks.push(Task::new("exhausted-deliveries", move |stop| {
            consumers.clone().catch_exhausted(nats.clone(), stop)
        }));
        tasks
    }

    /// Handles one event at once, as its delivery would be; returns whether it had an effect (`false`: seen before or not for us).
    ///
    /// Tests and rebuilds call it; deliveries go the same way.
    ///
    /// # Errors
    /// What the handler returns; the transaction is rolled back.
    pub async fn handle(&self, event: &Event) -> Result<bool, HandlerError> {
        let Some(handler) = self.handler(event) else {
            return Ok(false);
        };
        let now = self.clock.now();
        let context = CommandContext {
            request_id: event
                .correlationid
                .clone()
                .unwrap_or_else(|| event.id.to_string()),
            traceparent: event.traceparent.clone(),
            causation_id: Some(event.id),
            ..CommandContext::system(now, self.entropy.clone())
        };
        let mut connection = self
            .pool
            .get()
            .await
            .map_err(|error| HandlerError::Retry(error.to_string()))?;
        connection
            .transaction(async |connection| {
                let fresh = diesel::insert_into(inbox::table)
                    .values((
                        inbox::consumer.eq(self.name),
                        inbox::event_id.eq(event.id),
                        inbox::handled_at.eq(now),
                    ))
                    .on_conflict_do_nothing()
                    .execute(connection)
                    .await?;
                if fresh == 0 {
                    return Ok(false);
                }
                handler(connection, &context, event).await?;
                history::forget_dead_letters(connection, self.name, event).await?;
                Ok(true)
            })
            .await
    }

    fn handler(&self, event: &Event) -> Option<&Handler> {
        let domain = event.source.strip_prefix("coko/")?;
        self.handlers
            .iter()
            .find(|((source, kind), _)| *source == domain && *kind == event.kind)
            .map(|(_, handler)| handler)
    }

    async fn consume(self: Arc<Self>, nats: Nats, domain: &'static str, stop: CancellationToken) {
        let mut pause = Duration::from_millis(200);
        while !stop.is_cancelled() {
            if let Err(error) = self.deliveries(&nats, domain, &stop).await {
                tracing::warn!(consumer = self.name, domain, error, "the consumer pauses");
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = stop.cancelled() => {}
                }
                pause = (pause * 2).min(Duration::from_secs(5));
            } else {
                pause = Duration::from_millis(200);
            }
        }
    }

    async fn deliveries(
        &self,
        nats: &Nats,
        domain: &'static str,
        stop: &CancellationToken,
    ) -> Result<(), String> {
        let stream = nats.ensure_stream(domain).await?;
        let kinds: Vec<_> = self
            .handlers
            .keys()
            .filter(|(source, _)| *source == domain)
            .collect();
        // Several filter subjects need a 2.10 server; one wildcard works on all, and what is not ours is acknowledged unread.
        let filter_subject = match kinds.as_slice() {
            [(domain, kind)] => events::subject(domain, kind),
            _ => events::subject(domain, ">"),
        };
        let consumer: PullConsumer = stream
            .create_consumer(jetstream::consumer::pull::Config {
                durable_name: Some(self.name.to_owned()),
                filter_subject,
                ack_wait: ACK_WAIT,
                max_deliver: MAX_DELIVER,
                max_ack_pending: MAX_ACK_PENDING,
                ..Default::default()
            })
            .await
            .map_err(|error| error.to_string())?;
        let mut messages = consumer
            .stream()
            .max_messages_per_batch(64)
            .expires(Duration::from_secs(20))
            .heartbeat(Duration::from_secs(5))
            .messages()
            .await
            .map_err(|error| error.to_string())?;
        loop {
            let message = tokio::select! {
                message = messages.try_next() => message.map_err(|error| error.to_string())?,
                () = stop.cancelled() => return Ok(()),
            };
            let Some(message) = message else {
                return Err("the broker closed the delivery".to_owned());
            };
            self.deliver(&message, domain).await?;
        }
    }

    /// Handles one delivery to its acknowledgement.
    async fn deliver(
        &self,
        message: &jetstream::Message,
        domain: &'static str,
    ) -> Result<(), String> {
        let (attempts, pending) = message
            .info()
            .map_or((1, 0), |info| (info.delivered, info.pending));
        #[expect(
            clippy::cast_precision_loss,
            reason = "a gauge of lag needs no 53rd bit"
        )]
        metrics::gauge!("consumer_lag", "consumer" => self.name, "domain" => domain)
            .set(pending as f64);
        let outcome = match serde_json::from_slice::<Event>(&message.payload) {
            Ok(event) => match self.handle(&event).await {
                Err(HandlerError::Retry(reason)) if attempts >= MAX_ATTEMPTS => Err((
                    Some(event.id),
                    format!("gave up after {attempts} attempts: {reason}"),
                    true,
                )),
                Err(HandlerError::Retry(reason)) => Err((Some(event.id), reason, false)),
                Err(HandlerError::Poison(reason)) => Err((Some(event.id), reason, true)),
                Ok(_) => Ok(()),
            },
            Err(error) => Err((None, format!("not a CloudEvents envelope: {error}"), true)),
        };
        let label = match &outcome {
            Ok(()) => "handled",
            Err((.., true)) => "dead",
            Err((.., false)) => "retried",
        };
        metrics::counter!("consumer_events_total", "consumer" => self.name, "outcome" => label)
            .increment(1);
        match outcome {
            Ok(()) => message
                .double_ack()
                .await
                .map_err(|error| error.to_string()),
            Err((_, reason, false)) => {
                let delay = retry_delay(attempts);
                tracing::warn!(
                    consumer = self.name,
                    reason,
                    attempts,
                    ?delay,
                    "an event is retried"
                );
                message
                    .ack_with(AckKind::Nak(Some(delay)))
                    .await
                    .map_err(|error| error.to_string())
            }
            Err((id, reason, true)) => {
                let id = id.unwrap_or_else(|| message_id(message));
                self.bury(id, &message.subject, &message.payload, &reason, attempts)
                    .await?;
                message
                    .ack_with(AckKind::Term)
                    .await
                    .map_err(|error| error.to_string())
            }
        }
    }

    /// Puts a message aside; the row is written before the broker is told to forget it.
    async fn bury(
        &self,
        id: Uuid,
        subject: &str,
        payload: &[u8],
        reason: &str,
        attempts: i64,
    ) -> Result<(), String> {
        tracing::error!(consumer = self.name, event = %id, reason, "an event became a dead letter");
        metrics::counter!("dead_letters_total", "consumer" => self.name).increment(1);
        let mut connection = self.pool.get().await.map_err(|error| error.to_string())?;
        let row = (
            dead_letter::error.eq(reason),
            dead_letter::attempts.eq(i32::try_from(attempts).unwrap_or(i32::MAX)),
            dead_letter::failed_at.eq(self.clock.now()),
            dead_letter::replay_at.eq(None::<time::OffsetDateTime>),
        );
        diesel::insert_into(dead_letter::table)
            .values((
                dead_letter::consumer.eq(self.name),
                dead_letter::event_id.eq(id),
                dead_letter::subject.eq(subject),
                dead_letter::payload.eq(payload),
                row,
            ))
            .on_conflict((dead_letter::consumer, dead_letter::event_id))
            .do_update()
            .set(row)
            .execute(&mut connection)
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    }

    /// Handles dead letters that a person asked to replay.
    async fn replay(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.replay_due().await {
                tracing::warn!(
                    consumer = self.name,
                    error,
                    "dead letters cannot be replayed now"
                );
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(2)) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn replay_due(&self) -> Result<(), String> {
        let mut connection = self.pool.get().await.map_err(|error| error.to_string())?;
        let due: Vec<(Uuid, String, Vec<u8>, i32)> = dead_letter::table
            .filter(dead_letter::consumer.eq(self.name))
            .filter(dead_letter::replay_at.le(self.clock.now()))
            .order(dead_letter::replay_at)
            .limit(100)
            .select((
                dead_letter::event_id,
                dead_letter::subject,
                dead_letter::payload,
                dead_letter::attempts,
            ))
            .load(&mut connection)
            .await
            .map_err(|error| error.to_string())?;
        drop(connection);
        for (id, subject, payload, attempts) in due {
            let outcome = match serde_json::from_slice::<Event>(&payload) {
                Ok(event) => self.handle(&event).await.map(drop),
                Err(error) => Err(HandlerError::Poison(error.to_string())),
            };
            match outcome {
                Ok(()) => self.forget(id).await?,
                Err(error) => {
                    self.bury(
                        id,
                        &subject,
                        &payload,
                        &error.to_string(),
                        i64::from(attempts) + 1,
                    )
                    .await?;
                }
            }
        }
        Ok(())
    }

    async fn forget(&self, id: Uuid) -> Result<(), String> {
        let mut connection = self.pool.get().await.map_err(|error| error.to_string())?;
        diesel::delete(dead_letter::table.find((self.name, id)))
            .execute(&mut connection)
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    }

    /// Buries messages whose deliveries a crashing process used up, from the broker's own advisories.
    async fn catch_exhausted(self: Arc<Self>, nats: Nats, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.exhausted(&nats, &stop).await {
                tracing::debug!(consumer = self.name, error, "advisories cannot be read now");
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(5)) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
    }

    async fn exhausted(&self, nats: &Nats, stop: &CancellationToken) -> Result<(), String> {
        #[derive(serde::Deserialize)]
        struct Advisory {
            stream: String,
            stream_seq: u64,
            deliveries: i64,
        }
        let stream = nats.ensure_advisories().await?;
        let consumer: PullConsumer = stream
            .create_consumer(jetstream::consumer::pull::Config {
                durable_name: Some(self.name.to_owned()),
                filter_subject: format!(
                    "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.*.{}",
                    self.name
                ),
                ..Default::default()
            })
            .await
            .map_err(|error| error.to_string())?;
        let mut messages = consumer
            .messages()
            .await
            .map_err(|error| error.to_string())?;
        loop {
            let message = tokio::select! {
                message = messages.try_next() => message.map_err(|error| error.to_string())?,
                () = stop.cancelled() => return Ok(()),
            };
            let Some(message) = message else {
                return Ok(());
            };
            if let Ok(advisory) = serde_json::from_slice::<Advisory>(&message.payload) {
                let stream = nats
                    .jetstream
                    .get_stream(&advisory.stream)
                    .await
                    .map_err(|error| error.to_string())?;
                if let Ok(lost) = stream.get_raw_message(advisory.stream_seq).await {
                    let id = serde_json::from_slice::<Event>(&lost.payload)
                        .map_or_else(|_| Uuid::nil(), |event| event.id);
                    self.bury(
                        id,
                        &lost.subject,
                        &lost.payload,
                        "the process stopped at every delivery",
                        advisory.deliveries,
                    )
                    .await?;
                }
            }
            message
                .double_ack()
                .await
                .map_err(|error| error.to_string())?;
        }
    }
}

/// 1 s, 2 s, 4 s … at most five minutes.
fn retry_delay(attempts: i64) -> Duration {
    let exponent = u32::try_from(attempts.clamp(1, 10) - 1).unwrap_or(0);
    Duration::from_secs(2_u64.pow(exponent)).min(Duration::from_secs(300))
}

/// The broker's message id for what is not an envelope, so that it can still be told apart.
fn message_id(message: &jetstream::Message) -> Uuid {
    message
        .headers
        .as_ref()
        .and_then(|headers| headers.get(async_nats::header::NATS_MESSAGE_ID))
        .and_then(|id| id.as_str().parse().ok())
        .unwrap_or_else(|| {
            Uuid::from_u128(
                message
                    .info()
                    .map_or(0, |info| u128::from(info.stream_sequence)),
            )
        })
}

/// A dead letter as operators see it.
#[derive(Clone, Debug, Queryable, serde::Serialize, serde::Deserialize)]
pub struct DeadLetter {
    /// The consumer that could not handle it.
    pub consumer: String,
    /// The event.
    pub event_id: Uuid,
    /// The subject it came on.
    pub subject: String,
    /// Why it failed last.
    pub error: String,
    /// Deliveries and replays so far.
    pub attempts: i32,
    /// When it failed last.
    #[serde(with = "time::serde::rfc3339")]
    pub failed_at: time::OffsetDateTime,
}

/// The newest dead letters of a database, at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn dead_letters(connection: &mut Connection, limit: i64) -> QueryResult<Vec<DeadLetter>> {
    dead_letter::table
        .order(dead_letter::failed_at.desc())
        .limit(limit)
        .select((
            dead_letter::consumer,
            dead_letter::event_id,
            dead_letter::subject,
            dead_letter::error,
            dead_letter::attempts,
            dead_letter::failed_at,
        ))
        .load(connection)
        .await
}

/// Asks the consumer to handle a dead letter again; returns whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn request_replay(
    connection: &mut Connection,
    event_id: Uuid,
    now: time::OffsetDateTime,
) -> QueryResult<bool> {
    diesel::update(dead_letter::table.filter(dead_letter::event_id.eq(event_id)))
        .set(dead_letter::replay_at.eq(now))
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}

/// Drops a dead letter for good; returns whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn discard(connection: &mut Connection, event_id: Uuid) -> QueryResult<bool> {
    diesel::delete(dead_letter::table.filter(dead_letter::event_id.eq(event_id)))
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}
