//! What happened in the domains, as far as it makes answers stale.
//!
//! Every router follows the configured streams by itself, from the event after the last one that is known to be handled. So
//! an event that happens while a router is away, or while all are, is handled late but not missed. Where it cannot be known
//! what was missed everything is purged. A connection that is lost is noticed within a quarter of a second, and as long as
//! it is lost answers grow no older than their subgraphs allow.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use coko_core::events::Payload as _;
use coko_core::events::router::CachePurged;
use coko_core::service::{Nats, Task};
use futures::StreamExt as _;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::purge::purges_of;
use super::{Purge, PurgeReason, ResponseCache};
use crate::engine::Engine;

/// Events that are caught up with one by one; beyond them everything is purged, which is faster.
const MOST_MISSED: u64 = 10_000;
/// Between looks at the connection.
const LOOK: Duration = Duration::from_millis(250);

/// The tasks that keep a gateway's cache from being stale: one per stream, and one that mends Redis.
pub(crate) fn follow(engine: &Arc<Engine>, nats: Option<&Nats>) -> Vec<Task> {
    let Some(cache) = &engine.cache else {
        return Vec::new();
    };
    let mending = cache.clone();
    let mend = Task::new("cache-mending", move |stop| mending.clone().mend(stop));
    let own = coko_core::events::stream_name(CachePurged::DOMAIN);
    let streams: BTreeSet<String> = cache
        .config
        .events
        .iter()
        .map(|rule| rule.stream.clone())
        .chain([own])
        .collect();
    let nats = nats.into_iter();
    let followed = nats.flat_map(|nats| {
        streams.iter().map(|stream| {
            let (engine, nats, stream) = (engine.clone(), nats.clone(), stream.clone());
            Task::new("cache-events", move |stop| {
                let follower = Follower {
                    engine: engine.clone(),
                    nats: nats.clone(),
                    stream: stream.clone(),
                    handled: None,
                    said: false,
                };
                follower.follow(stop)
            })
        })
    });
    followed.chain([mend]).collect()
}

impl ResponseCache {
    /// Purges Redis as soon as it answers again after a purge that did not reach it.
    async fn mend(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = stop.cancelled() => return,
            }
            let (entries, bytes) = self.memory.size();
            metrics::gauge!("router_cache_entries").set(precise(entries));
            metrics::gauge!("router_cache_bytes").set(precise(bytes));
            if let Some(shared) = self.shared.as_ref().filter(|shared| shared.is_tainted()) {
                shared.purge_all().await;
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge needs no 53rd bit")]
fn precise(figure: u64) -> f64 {
    figure as f64
}

/// Follows one stream.
struct Follower {
    engine: Arc<Engine>,
    nats: Nats,
    stream: String,
    /// The sequence of the last event handled.
    handled: Option<u64>,
    /// Whether it was said that events cannot be followed.
    said: bool,
}

impl Follower {
    async fn follow(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                Err(reason) = self.deliveries() => {
                    if std::mem::replace(&mut self.said, true) {
                        tracing::debug!(stream = self.stream, reason, "events cannot be followed now");
                    } else {
                        tracing::warn!(stream = self.stream, reason, "events cannot be followed now; answers live as long as their subgraphs allow");
                    }
                },
                () = stop.cancelled() => return,
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Handles events until the connection is lost.
    async fn deliveries(&mut self) -> Result<Infallible, String> {
        if !self.nats.is_connected() {
            return Err("the broker is not connected".to_owned());
        }
        let domain = CachePurged::DOMAIN;
        let stream = if self.stream == coko_core::events::stream_name(domain) {
            self.nats.ensure_stream(domain).await?
        } else {
            let found = self.nats.jetstream.get_stream(&self.stream).await;
            match found {
                Ok(stream) => stream,
                Err(error) => {
                    // Whatever it will begin with has not happened yet.
                    self.handled.get_or_insert(0);
                    return Err(error.to_string());
                }
            }
        };
        let state = &stream.cached_info().state;
        let start = self
            .catch_up(state.first_sequence, state.last_sequence)
            .await
            + 1;
        let consumer = stream
            .create_consumer(pull::Config {
                deliver_policy: DeliverPolicy::ByStartSequence {
                    start_sequence: start,
                },
                ack_policy: AckPolicy::None,
                inactive_threshold: Duration::from_secs(30),
                memory_storage: true,
                num_replicas: 1,
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
        if std::mem::take(&mut self.said) {
            tracing::info!(stream = self.stream, "events are followed again");
        }
        let mut looks = tokio::time::interval(LOOK);
        loop {
            let message = tokio::select! {
                message = messages.next() => message,
                _ = looks.tick() => {
                    if self.nats.is_connected() {
                        continue;
                    }
                    return Err("the connection to the broker was lost".to_owned());
                }
            };
            let message = message.ok_or("the broker closed the delivery")?;
            let message = message.map_err(|error| error.to_string())?;
            let sequence = message
                .info()
                .map_err(|error| error.to_string())?
                .stream_sequence;
            self.handle(&message.payload, sequence).await;
        }
    }

    /// Finds the last event that was handled, by this router or, before it was started, by any. Purges everything when what
    /// happened since then cannot be known.
    async fn catch_up(&mut self, first: u64, last: u64) -> u64 {
        let Some(cache) = self.engine.cache.clone() else {
            return last;
        };
        if self.handled.is_none() {
            // Requests are answered before the broker is reached, and what was kept of them nobody has watched over.
            cache.purge_here();
        }
        let known = match (&self.handled, &cache.shared) {
            (Some(handled), _) => Some(*handled),
            (None, Some(shared)) => shared.handled(&self.stream).await,
            // Nothing that is kept was asked for before this moment.
            (None, None) => {
                self.handled = Some(last);
                return last;
            }
        };
        // A stream that ends before what was handled is another one.
        let handled = match known {
            Some(handled)
                if handled <= last && handled + 1 >= first && last - handled <= MOST_MISSED =>
            {
                handled
            }
            Some(0) if last == 0 => 0,
            _ => {
                tracing::info!(
                    stream = self.stream,
                    ?known,
                    first,
                    last,
                    "what happened is not known: everything is purged"
                );
                self.purge(&[Purge::All], PurgeReason::Gap).await;
                self.note(last).await;
                last
            }
        };
        self.handled = Some(handled);
        handled
    }

    async fn handle(&mut self, payload: &[u8], sequence: u64) {
        if self.handled.is_some_and(|handled| sequence > handled + 1) {
            // Events in between were deleted from the stream.
            self.purge(&[Purge::All], PurgeReason::Gap).await;
        }
        let event: Value = serde_json::from_slice(payload).unwrap_or_default();
        let (purges, reason) = self.purges(&event);
        self.purge(&purges, reason).await;
        self.note(sequence).await;
    }

    fn purges(&self, event: &Value) -> (Vec<Purge>, PurgeReason) {
        let kind = event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if kind == CachePurged::TYPE
            && self.stream == coko_core::events::stream_name(CachePurged::DOMAIN)
        {
            let listed = event.pointer("/data/purge").cloned().unwrap_or_default();
            // A newer router may purge what this one knows no name for.
            let purges = serde_json::from_value(listed).unwrap_or_else(|_| vec![Purge::All]);
            return (purges, PurgeReason::Operator);
        }
        let rules = self.engine.config.cache.events.iter();
        let purges = rules
            .filter(|rule| rule.stream == self.stream && rule.event == kind)
            .flat_map(|rule| &rule.purge)
            .flat_map(|rule| purges_of(rule, event))
            .collect();
        (purges, PurgeReason::Event)
    }

    async fn purge(&self, purges: &[Purge], reason: PurgeReason) {
        if let Some(cache) = &self.engine.cache {
            let snapshot = self.engine.snapshot();
            cache
                .purge(purges, snapshot.shapes.entities(), reason)
                .await;
        }
    }

    async fn note(&mut self, sequence: u64) {
        self.handled = Some(sequence);
        let cache = self.engine.cache.as_ref();
        if let Some(shared) = cache.and_then(|cache| cache.shared.as_ref())
            && !shared.is_tainted()
        {
            shared.note_handled(&self.stream, sequence).await;
        }
    }
}
