//! A subject of a JetStream stream, consumed once per process and read by every subscription that it concerns.
//!
//! The consumer is ephemeral and acknowledges nothing: what it has delivered is known by the stream's sequence, and
//! whenever a delivery may have been lost (a gap, a new connection, a broker that was restarted) it is made again from
//! there. One filter subject per consumer, which servers from 2.9 on understand.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::{self, stream};
use coko_core::Code;
use coko_core::service::Nats;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::mapping::Mapping;
use crate::context::RequestContext;
use crate::refusal::{GraphQLError, Refusal};

/// One event of a stream.
#[derive(Debug)]
pub(super) struct FeedEvent {
    /// Rises when the stream itself was made anew, which begins its sequences again.
    pub(super) epoch: u32,
    /// The stream's sequence.
    pub(super) sequence: u64,
    pub(super) subject: String,
    /// The payload; null when it is no JSON.
    pub(super) content: Value,
}

impl FeedEvent {
    fn read(message: &jetstream::Message, epoch: u32) -> Result<Self, String> {
        let info = message.info().map_err(|error| error.to_string())?;
        Ok(Self {
            epoch,
            sequence: info.stream_sequence,
            subject: message.subject.to_string(),
            content: serde_json::from_slice(&message.payload).unwrap_or_default(),
        })
    }
}

/// How far a feed is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Position {
    epoch: u32,
    sequence: u64,
}

/// One shared consumer.
pub(super) struct Feed {
    nats: Nats,
    stream: String,
    subject: String,
    events: broadcast::Sender<Arc<FeedEvent>>,
    /// `None` until it is attached to the stream.
    position: watch::Sender<Option<Position>>,
}

impl Feed {
    /// Begins to consume what is published from now on.
    pub(super) fn begin(
        nats: Nats,
        stream: &str,
        subject: &str,
        recent: usize,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let feed = Arc::new(Self {
            nats,
            stream: stream.to_owned(),
            subject: subject.to_owned(),
            events: broadcast::Sender::new(recent),
            position: watch::Sender::new(None),
        });
        let consumed = feed.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = consumed.consume() => {}
                () = stop.cancelled() => {}
            }
        });
        feed
    }

    async fn consume(&self) {
        let mut pause = Duration::from_millis(100);
        loop {
            let before = *self.position.borrow();
            let Err(reason) = self.deliver().await else {
                continue;
            };
            tracing::debug!(
                stream = self.stream,
                subject = self.subject,
                reason,
                "the feed is attached again"
            );
            let progressed = before != *self.position.borrow();
            pause = if progressed {
                Duration::from_millis(100)
            } else {
                (pause * 2).min(Duration::from_secs(2))
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Delivers from the known position on until something may have been missed.
    async fn deliver(&self) -> Result<(), String> {
        let connects = self.connects();
        let stream = self.stream().await?;
        let last = stream.cached_info().state.last_sequence;
        let mut position = match *self.position.borrow() {
            None => Position {
                epoch: 0,
                sequence: last,
            },
            // The stream was made anew: all of it is new.
            Some(known) if known.sequence > last => Position {
                epoch: known.epoch + 1,
                sequence: 0,
            },
            Some(known) => known,
        };
        let consumer = self.consumer(&stream, position.sequence).await?;
        let mut messages = deliveries(&consumer).await?;
        self.position.send_replace(Some(position));
        let mut looks = tokio::time::interval(Duration::from_millis(500));
        let mut expected = 1;
        loop {
            let message = tokio::select! {
                message = messages.try_next() => message.map_err(|error| error.to_string())?,
                _ = looks.tick() => {
                    if self.connects() != connects {
                        return Err("the connection is another one".to_owned());
                    }
                    continue;
                }
            };
            let message = message.ok_or("the broker closed the delivery")?;
            let delivery = message
                .info()
                .map_err(|error| error.to_string())?
                .consumer_sequence;
            if delivery != expected {
                return Err(format!("delivery {delivery} came, {expected} was expected"));
            }
            expected += 1;
            let event = FeedEvent::read(&message, position.epoch)?;
            position.sequence = event.sequence;
            // An error means that nobody listens.
            let _ = self.events.send(Arc::new(event));
            self.position.send_replace(Some(position));
        }
    }

    fn connects(&self) -> u64 {
        self.nats
            .client
            .statistics()
            .connects
            .load(Ordering::Relaxed)
    }

    async fn stream(&self) -> Result<stream::Stream, String> {
        self.nats
            .jetstream
            .get_stream(&self.stream)
            .await
            .map_err(|error| error.to_string())
    }

    /// An ephemeral consumer of everything after a sequence.
    async fn consumer(&self, stream: &stream::Stream, after: u64) -> Result<PullConsumer, String> {
        stream
            .create_consumer(pull::Config {
                filter_subject: self.subject.clone(),
                deliver_policy: DeliverPolicy::ByStartSequence {
                    start_sequence: after + 1,
                },
                ack_policy: AckPolicy::None,
                inactive_threshold: Duration::from_secs(60),
                memory_storage: true,
                num_replicas: 1,
                ..Default::default()
            })
            .await
            .map_err(|error| error.to_string())
    }

    /// Waits until the feed is attached; everything published after that is delivered.
    ///
    /// # Errors
    /// `DOWNSTREAM_UNAVAILABLE` when the context's deadline passes.
    async fn attached(&self, context: &RequestContext) -> Result<Position, Refusal> {
        let mut position = self.position.subscribe();
        let attached = position.wait_for(Option::is_some);
        match tokio::time::timeout_at(context.deadline, attached).await {
            Ok(Ok(position)) => Ok(position.unwrap_or_default()),
            _ => Err(unavailable("it was not reached in time")),
        }
    }

    /// Rises when the stream was made anew.
    pub(super) fn epoch(&self) -> u32 {
        self.position.borrow().map_or(0, |position| position.epoch)
    }

    /// The first and last sequence that the stream holds.
    ///
    /// # Errors
    /// `DOWNSTREAM_UNAVAILABLE` when the broker does not say.
    pub(super) async fn bounds(&self) -> Result<(u64, u64), Refusal> {
        let stream = self.stream().await.map_err(|reason| unavailable(&reason))?;
        let state = &stream.cached_info().state;
        Ok((state.first_sequence, state.last_sequence))
    }

    /// The events after one sequence and up to another, from the stream itself, and how many there are at most.
    ///
    /// # Errors
    /// `DOWNSTREAM_UNAVAILABLE` when the broker does not answer.
    pub(super) async fn history(
        &self,
        after: u64,
        through: u64,
    ) -> Result<(u64, BoxStream<'static, Result<Arc<FeedEvent>, String>>), Refusal> {
        let epoch = self.epoch();
        let reading = async {
            let stream = self.stream().await?;
            let consumer = self.consumer(&stream, after).await?;
            let count = consumer.cached_info().num_pending;
            if count == 0 {
                return Ok((0, futures::stream::empty().boxed()));
            }
            let messages = deliveries(&consumer).await?;
            // What comes last says that nothing is left; a stream of messages has no other end.
            let events = messages
                .map(move |message| {
                    let message = message.map_err(|error| error.to_string())?;
                    let left = message.info().map_err(|error| error.to_string())?.pending;
                    Ok::<_, String>((Arc::new(FeedEvent::read(&message, epoch)?), left))
                })
                .scan(false, move |ended, event| {
                    if *ended {
                        return std::future::ready(None);
                    }
                    *ended = event
                        .as_ref()
                        .is_ok_and(|(event, left)| *left == 0 || event.sequence >= through);
                    std::future::ready(Some(event.map(|(event, _)| event)))
                })
                .try_filter(move |event| std::future::ready(event.sequence <= through));
            Ok::<_, String>((count, events.boxed()))
        };
        reading.await.map_err(|reason| unavailable(&reason))
    }
}

async fn deliveries(consumer: &PullConsumer) -> Result<pull::Stream, String> {
    consumer
        .stream()
        .max_messages_per_batch(256)
        .expires(Duration::from_secs(20))
        .heartbeat(Duration::from_secs(5))
        .messages()
        .await
        .map_err(|error| error.to_string())
}

fn unavailable(reason: &str) -> Refusal {
    tracing::warn!(reason, "the stream of events cannot be read");
    Refusal::graphql(vec![GraphQLError::new(
        Code::DownstreamUnavailable,
        "The events of this subscription cannot be read now; subscribe again later.",
    )])
}

/// One topic's place in a feed.
pub(super) struct Reader {
    feed: Arc<Feed>,
    mapping: Mapping,
    events: broadcast::Receiver<Arc<FeedEvent>>,
    /// Something fell out of memory before it was read, and has to be read from the stream.
    lagged: bool,
    /// What fell out of memory.
    backlog: Option<BoxStream<'static, Result<Arc<FeedEvent>, String>>>,
    seen: Position,
}

impl Reader {
    /// Listens to the feed of a mapping's subject, which is attached when this returns.
    ///
    /// # Errors
    /// `DOWNSTREAM_UNAVAILABLE` when there is no broker, or it is not reached in time.
    pub(super) async fn open(context: &RequestContext, mapping: Mapping) -> Result<Self, Refusal> {
        let feed = feed_of(context, &mapping)?;
        let events = feed.events.subscribe();
        let seen = feed.attached(context).await?;
        Ok(Self {
            feed,
            mapping,
            events,
            lagged: false,
            backlog: None,
            seen,
        })
    }

    /// The next entity with its event's sequence; `None` when the process ends. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// `DOWNSTREAM_UNAVAILABLE` when events fell out of memory and cannot be read from the stream.
    pub(super) async fn next(&mut self) -> Result<Option<(Value, u64)>, Refusal> {
        loop {
            if self.lagged {
                let (_, last) = self.feed.bounds().await?;
                let (_, backlog) = self.feed.history(self.seen.sequence, last).await?;
                self.backlog = Some(backlog);
                self.lagged = false;
            }
            let event = match self.backlog.as_mut() {
                Some(backlog) => match backlog.next().await {
                    Some(event) => event.map_err(|reason| unavailable(&reason))?,
                    None => {
                        self.backlog = None;
                        continue;
                    }
                },
                None => match self.events.recv().await {
                    Ok(event) => event,
                    Err(broadcast::error::RecvError::Closed) => return Ok(None),
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        self.lagged = true;
                        continue;
                    }
                },
            };
            if event.epoch == self.seen.epoch && event.sequence <= self.seen.sequence {
                continue;
            }
            self.seen = Position {
                epoch: event.epoch,
                sequence: event.sequence,
            };
            if let Some(entity) = self.mapping.entity(&event) {
                return Ok(Some((entity, event.sequence)));
            }
        }
    }
}

/// The feed that a mapping reads, attached.
///
/// # Errors
/// As [`Reader::open`].
pub(super) async fn attached_feed(
    context: &RequestContext,
    mapping: &Mapping,
) -> Result<Arc<Feed>, Refusal> {
    let feed = feed_of(context, mapping)?;
    feed.attached(context).await?;
    Ok(feed)
}

fn feed_of(context: &RequestContext, mapping: &Mapping) -> Result<Arc<Feed>, Refusal> {
    context
        .engine
        .hub
        .feed(&mapping.stream, &mapping.subject)
        .ok_or_else(|| unavailable("no broker is configured (nats.url)"))
}
