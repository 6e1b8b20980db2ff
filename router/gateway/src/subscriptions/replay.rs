//! One reading of what subscribers of a topic have missed: each event is answered once, for all who follow it.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use coko_core::Code;
use coko_executor::SourceEvent;
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::delivery::{End, Item};
use super::feed::{Feed, FeedEvent};
use super::mapping::Mapping;
use super::topic::{Origin, answer, failed};
use crate::identify::recheck;
use crate::plan::Planned;
use crate::refusal::{GraphQLError, Refusal};
use crate::snapshot::Snapshot;

/// Events of a stream's past.
type Events = BoxStream<'static, Result<Arc<FeedEvent>, String>>;

/// What was answered so far.
#[derive(Debug, Default)]
struct Answered {
    /// In the order of their events.
    items: Vec<Item>,
    /// Every event up to this one was looked at.
    through: u64,
    /// Why there will be no more.
    end: Option<End>,
}

/// How long what was read is kept for those who come a little later: a router that was restarted gets its subscribers back
/// one by one.
const KEPT: Duration = Duration::from_secs(10);

/// A reading under way, or done. It ends with the last who follows it, and not before [`KEPT`] has passed.
pub(super) struct Replay {
    /// It begins after this event.
    from: u64,
    /// The life of the stream that it reads.
    epoch: u32,
    /// The supergraph that it answers with.
    supergraph: Weak<Snapshot>,
    answered: Arc<watch::Sender<Answered>>,
    /// Up to which event somebody wants to read.
    wanted: watch::Sender<u64>,
    _abandoned: DropGuard,
}

impl Replay {
    /// Answers `events`, which are those after `from` and up to `through`.
    pub(super) fn begin(
        feed: Arc<Feed>,
        mapping: Mapping,
        origin: Origin,
        planned: Planned,
        events: Events,
        from: u64,
        through: u64,
    ) -> Arc<Self> {
        let (epoch, supergraph) = (feed.epoch(), Arc::downgrade(&origin.context.snapshot));
        let abandoned = CancellationToken::new();
        let answered = Arc::new(watch::Sender::new(Answered::default()));
        let (wanted, wishes) = watch::channel(through);
        let reading = Reading {
            feed,
            mapping,
            origin,
            planned,
            answered: answered.clone(),
            wishes,
        };
        let stop = abandoned.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = reading.run(events, through) => {}
                () = stop.cancelled() => {}
            }
        });
        let replay = Arc::new(Self {
            from,
            epoch,
            supergraph,
            answered,
            wanted,
            _abandoned: abandoned.drop_guard(),
        });
        let kept = replay.clone();
        tokio::spawn(async move {
            tokio::time::sleep(KEPT).await;
            drop(kept);
        });
        replay
    }

    /// Whether somebody who has seen `last` finds here what is missing. What grew longer than `most` is left to those who
    /// follow it.
    pub(super) fn covers(&self, last: u64, most: u64, feed: &Feed, snapshot: &Snapshot) -> bool {
        let is_current =
            self.epoch == feed.epoch() && std::ptr::eq(self.supergraph.as_ptr(), snapshot);
        let answered = self.answered.borrow();
        is_current
            && self.from <= last
            && answered.end.is_none()
            && answered.items.len() as u64 <= most
    }

    /// Has it read on up to `through`.
    pub(super) fn want(&self, through: u64) {
        self.wanted.send_if_modified(|wanted| {
            let later = through > *wanted;
            *wanted = through.max(*wanted);
            later
        });
    }

    /// The answers to the events after `last` and up to `through`.
    pub(super) fn follow(
        self: Arc<Self>,
        last: u64,
        through: u64,
    ) -> BoxStream<'static, Result<Item, End>> {
        let answered = self.answered.subscribe();
        let follower = Follower {
            _replay: self,
            answered,
            seen: last,
            through,
            ended: false,
        };
        let items = futures::stream::unfold(follower, |mut follower| async move {
            let item = follower.next().await?;
            Some((item, follower))
        });
        items.boxed()
    }
}

/// Somebody on his way through a replay.
struct Follower {
    answered: watch::Receiver<Answered>,
    seen: u64,
    through: u64,
    ended: bool,
    /// It ends with the last who holds it.
    _replay: Arc<Replay>,
}

impl Follower {
    async fn next(&mut self) -> Option<Result<Item, End>> {
        while !self.ended {
            {
                let answered = self.answered.borrow_and_update();
                let event = |item: &Item| item.event.unwrap_or_default();
                let next = answered
                    .items
                    .partition_point(|item| event(item) <= self.seen);
                if let Some(item) = answered.items.get(next) {
                    self.seen = event(item);
                    self.ended = self.seen > self.through;
                    return (!self.ended).then(|| Ok(item.clone()));
                }
                if answered.through >= self.through {
                    return None;
                }
                if let Some(end) = &answered.end {
                    self.ended = true;
                    return Some(Err(end.clone()));
                }
            }
            self.answered.changed().await.ok()?;
        }
        None
    }
}

/// The task behind a replay.
struct Reading {
    feed: Arc<Feed>,
    mapping: Mapping,
    origin: Origin,
    planned: Planned,
    answered: Arc<watch::Sender<Answered>>,
    wishes: watch::Receiver<u64>,
}

impl Reading {
    async fn run(mut self, events: Events, through: u64) {
        let answered = self.answered.clone();
        // A fault of ours must not leave anyone waiting for a task that is gone.
        let reading = AssertUnwindSafe(self.read(events, through)).catch_unwind();
        if let Err(refusal) = reading.await.unwrap_or_else(|_| Err(failed())) {
            answered.send_modify(|answered| answered.end = Some(refusal.into()));
        }
    }

    /// Reads until nobody wants more.
    async fn read(&mut self, mut events: Events, mut through: u64) -> Result<(), Refusal> {
        loop {
            while let Some(event) = events.next().await {
                let event = event.map_err(|reason| unreadable(&reason))?;
                if let Some(item) = self.answer(&event).await? {
                    self.answered
                        .send_modify(|answered| answered.items.push(item));
                }
            }
            self.answered
                .send_modify(|answered| answered.through = through);
            let wishes = self.wishes.wait_for(|wanted| *wanted > through);
            let Ok(wanted) = wishes.await.map(|wanted| *wanted) else {
                return Ok(());
            };
            (_, events) = self.feed.history(through, wanted).await?;
            through = wanted;
        }
    }

    async fn answer(&self, event: &FeedEvent) -> Result<Option<Item>, Refusal> {
        let (context, planned) = (&self.origin.context, &self.planned);
        let entity = self.mapping.entity(event);
        let Some(payload) = entity.and_then(|entity| planned.plan.source_payload(&entity)) else {
            return Ok(None);
        };
        if let Some(Err(refusal)) = recheck(context) {
            return Err(refusal);
        }
        let source = SourceEvent {
            payload,
            id: Some(event.sequence),
        };
        Ok(Some(answer(context, planned, source).await))
    }
}

fn unreadable(reason: &str) -> Refusal {
    tracing::warn!(reason, "missed events cannot be read");
    Refusal::graphql(vec![GraphQLError::new(
        Code::DownstreamUnavailable,
        "What was missed cannot be read now; subscribe again later.",
    )])
}
