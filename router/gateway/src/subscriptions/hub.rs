//! All that is open in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coko_core::Code;
use coko_core::service::Nats;
use http::{StatusCode, header};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::catch_up::missed;
use super::delivery::{Membership, Subscription};
use super::feed::Feed;
use super::source::mapping;
use super::topic::{Joined, Origin, Topic, follow};
use crate::config::SubscriptionsConfig;
use crate::plan::Planned;
use crate::refusal::{Refusal, seconds};

/// What makes two subscriptions one: a digest of operation, variables, token and headers that subgraphs get.
pub(super) type Key = [u8; 32];

/// The open topics, the feeds of events, and the limits on both.
pub(crate) struct Hub {
    topics: Mutex<HashMap<Key, Arc<Topic>>>,
    feeds: Mutex<HashMap<(String, String), Arc<Feed>>>,
    /// Room for subscriptions.
    slots: Arc<Semaphore>,
    /// Room for WebSocket connections.
    pub(crate) connections: Arc<Semaphore>,
    /// Room for events being worked on.
    pub(super) executing: Semaphore,
    /// Rises with every supergraph that is taken over.
    reloads: watch::Sender<u64>,
    /// Cancelled when the process is to stop.
    pub(crate) draining: CancellationToken,
    nats: Option<Nats>,
    recent_events: usize,
}

impl Hub {
    pub(crate) fn new(
        config: &SubscriptionsConfig,
        nats: Option<Nats>,
        draining: CancellationToken,
    ) -> Self {
        Self {
            topics: Mutex::default(),
            feeds: Mutex::default(),
            slots: Arc::new(Semaphore::new(config.max)),
            connections: Arc::new(Semaphore::new(config.max_connections)),
            executing: Semaphore::new(config.executing),
            reloads: watch::Sender::new(0),
            draining,
            nats,
            recent_events: config.recent_events,
        }
    }

    /// Tells every stream that there is another supergraph.
    pub(crate) fn reloaded(&self) {
        self.reloads.send_modify(|count| *count += 1);
    }

    pub(super) fn reloads(&self) -> watch::Receiver<u64> {
        self.reloads.subscribe()
    }

    fn topics(&self) -> MutexGuard<'_, HashMap<Key, Arc<Topic>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a topic that has ended, unless another one has taken its place.
    pub(super) fn forget(&self, key: &Key, topic: &Arc<Topic>) {
        let mut topics = self.topics();
        if topics
            .get(key)
            .is_some_and(|current| Arc::ptr_eq(current, topic))
        {
            topics.remove(key);
        }
    }

    /// Joins the topic of `key`, or begins it. What came after the event `resume` is sent first.
    ///
    /// # Errors
    /// `RATE_LIMITED` when too many are open, and what the source refuses with.
    pub(crate) async fn open(
        &self,
        origin: Origin,
        planned: Planned,
        key: Key,
        resume: Option<u64>,
    ) -> Result<Subscription, Refusal> {
        let slot = self
            .slots
            .clone()
            .try_acquire_owned()
            .map_err(|_| crowded())?;
        // A subgraph's own stream is resumed by the subgraph, and then is nobody else's.
        let fed = mapping(&origin.context, &planned)?.is_some();
        let (topic, joined) = match resume {
            Some(event) if !fed => begin(None, &origin, &planned, Some(event)),
            _ => self.join(key, &origin, &planned),
        };
        let mut subscription = Subscription {
            live: joined.live,
            end: joined.end,
            missed: None,
            through: 0,
            membership: Membership {
                topic,
                number: joined.number,
            },
            _slot: slot,
        };
        subscription.membership.topic.opened().await?;
        if let Some(last) = resume {
            let topic = subscription.membership.topic.clone();
            if let Some((missed, through)) = missed(&topic, origin, planned, last).await? {
                subscription.missed = Some(missed);
                subscription.through = through;
            }
        }
        Ok(subscription)
    }

    fn join(&self, key: Key, origin: &Origin, planned: &Planned) -> (Arc<Topic>, Joined) {
        let queue = origin.context.engine.config.subscriptions.queue;
        let mut topics = self.topics();
        if let Some(topic) = topics.get(&key)
            && let Some(joined) = topic.join(queue)
        {
            return (topic.clone(), joined);
        }
        let (topic, joined) = begin(Some(key), origin, planned, None);
        topics.insert(key, topic.clone());
        (topic, joined)
    }

    /// The feed of one subject of a stream, begun when it is asked for first; `None` without a broker.
    pub(super) fn feed(&self, stream: &str, subject: &str) -> Option<Arc<Feed>> {
        let nats = self.nats.as_ref()?;
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = feeds
            .entry((stream.to_owned(), subject.to_owned()))
            .or_insert_with(|| {
                Feed::begin(
                    nats.clone(),
                    stream,
                    subject,
                    self.recent_events,
                    self.draining.clone(),
                )
            });
        Some(feed.clone())
    }
}

/// A topic with its first subscriber, and the task that feeds it.
fn begin(
    key: Option<Key>,
    origin: &Origin,
    planned: &Planned,
    resume: Option<u64>,
) -> (Arc<Topic>, Joined) {
    let queue = origin.context.engine.config.subscriptions.queue;
    let (topic, joined) = Topic::begin(queue);
    tokio::spawn(follow(
        topic.clone(),
        key,
        origin.clone(),
        planned.clone(),
        resume,
    ));
    (topic, joined)
}

fn crowded() -> Refusal {
    Refusal::http_with(
        StatusCode::SERVICE_UNAVAILABLE,
        Code::RateLimited,
        "Too many subscriptions are open here; try again later.",
    )
    .header(header::RETRY_AFTER, seconds(Duration::from_secs(1)))
}
