//! A subscriber's end of a stream.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::topic::Topic;
use crate::refusal::Refusal;

/// The answer to one event.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The GraphQL response in JSON, with the event's id among its `extensions`.
    pub(crate) body: Bytes,
    /// Where in the source's history the event stands.
    pub(crate) event: Option<u64>,
}

/// Why there is nothing more.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// The source has ended.
    Complete,
    /// It was ended, and this is why.
    Refused(Arc<Refusal>),
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Arc::new(refusal))
    }
}

/// One open subscription. Dropping it unsubscribes.
pub(crate) struct Subscription {
    pub(super) live: mpsc::Receiver<Item>,
    pub(super) end: Arc<OnceLock<End>>,
    /// What was missed, before anything live.
    pub(super) missed: Option<BoxStream<'static, Result<Item, End>>>,
    /// Events up to this one are not taken from the live queue: they came with what was missed.
    pub(super) through: u64,
    pub(super) membership: Membership,
    /// Its place among the process's subscriptions.
    pub(super) _slot: OwnedSemaphorePermit,
}

impl Subscription {
    /// The next answer, or why there is none. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Result<Item, End> {
        if let Some(missed) = &mut self.missed {
            if let Some(item) = missed.next().await {
                return item;
            }
            self.missed = None;
        }
        loop {
            match self.live.recv().await {
                Some(item) if item.event.is_some_and(|event| event <= self.through) => {}
                Some(item) => return Ok(item),
                None => return Err(self.end.get().cloned().unwrap_or(End::Complete)),
            }
        }
    }
}

/// Being among a topic's subscribers.
pub(super) struct Membership {
    pub(super) topic: Arc<Topic>,
    pub(super) number: u64,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.topic.leave(self.number);
        metrics::gauge!("router_subscriptions").decrement(1.0);
    }
}
