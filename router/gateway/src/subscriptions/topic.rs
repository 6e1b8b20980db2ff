//! One source with everyone who follows it.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use coko_core::Code;
use coko_executor::{ExecutionInput, SourceEvent, execute_event};
use futures::FutureExt as _;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::delivery::{End, Item};
use super::hub::Key;
use super::replay::Replay;
use super::source::{Events, Request};
use crate::authorize::authorize;
use crate::cache::Asked;
use crate::coerce::coerce;
use crate::context::RequestContext;
use crate::execute::{headers, measure};
use crate::identify::recheck;
use crate::plan::{Planned, plan};
use crate::prepare::prepare;
use crate::refusal::{GraphQLError, Refusal};
use crate::resolve::Resolved;
use crate::transport::Unshared;

/// What a stream is prepared from, the first time and whenever the supergraph is replaced.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) context: RequestContext,
    pub(crate) resolved: Resolved,
}

impl Origin {
    /// Passes the stages again, with the supergraph in use now.
    async fn renew(&mut self) -> Result<Planned, Refusal> {
        let context = &mut self.context;
        context.snapshot = context.engine.snapshot();
        context.renew_deadline();
        let prepared = prepare(context, self.resolved.clone()).await?;
        let authorized = authorize(context, prepared)?;
        let coerced = coerce(context, authorized)?;
        let asked = Asked {
            coerced,
            recall: None,
        };
        plan(context, asked).await
    }
}

/// Whether the source is there.
#[derive(Clone, Debug)]
enum State {
    Opening,
    Open,
    Failed(Arc<Refusal>),
}

struct Subscriber {
    number: u64,
    queue: mpsc::Sender<Item>,
    end: Arc<OnceLock<End>>,
}

#[derive(Default)]
struct Subscribers {
    next: u64,
    all: Vec<Subscriber>,
    /// Nobody is let in any more.
    closed: bool,
}

impl Subscribers {
    fn add(&mut self, queue: usize) -> Joined {
        let (sender, live) = mpsc::channel(queue);
        let end = Arc::new(OnceLock::new());
        let number = self.next;
        self.next += 1;
        self.all.push(Subscriber {
            number,
            queue: sender,
            end: end.clone(),
        });
        metrics::gauge!("router_subscriptions").increment(1.0);
        Joined { number, live, end }
    }
}

/// The subscribers of one source. What feeds them is a task that ends when the last one leaves.
pub(super) struct Topic {
    subscribers: Mutex<Subscribers>,
    state: watch::Sender<State>,
    abandoned: Notify,
    /// What is known of those who come back.
    pub(super) returning: tokio::sync::Mutex<Returning>,
}

/// What subscribers that come back have in common.
#[derive(Default)]
pub(super) struct Returning {
    /// What the last of them reads, while anybody does.
    pub(super) replay: Weak<Replay>,
    /// The first and last sequence of the stream, and when that was asked for.
    pub(super) bounds: Option<(Instant, (u64, u64))>,
}

/// A new subscriber's part.
pub(super) struct Joined {
    pub(super) number: u64,
    pub(super) live: mpsc::Receiver<Item>,
    pub(super) end: Arc<OnceLock<End>>,
}

impl Topic {
    /// A topic with its first subscriber; [`follow`] feeds it.
    pub(super) fn begin(queue: usize) -> (Arc<Self>, Joined) {
        let mut subscribers = Subscribers::default();
        let joined = subscribers.add(queue);
        let topic = Self {
            subscribers: Mutex::new(subscribers),
            state: watch::Sender::new(State::Opening),
            abandoned: Notify::new(),
            returning: tokio::sync::Mutex::default(),
        };
        (Arc::new(topic), joined)
    }

    fn subscribers(&self) -> MutexGuard<'_, Subscribers> {
        self.subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets one more in; `None` when the topic has ended.
    pub(super) fn join(&self, queue: usize) -> Option<Joined> {
        let mut subscribers = self.subscribers();
        (!subscribers.closed).then(|| subscribers.add(queue))
    }

    pub(super) fn leave(&self, number: u64) {
        let mut subscribers = self.subscribers();
        // Numbers rise, so the list is sorted by them.
        if let Ok(position) = subscribers
            .all
            .binary_search_by_key(&number, |subscriber| subscriber.number)
        {
            subscribers.all.remove(position);
        }
        if subscribers.all.is_empty() {
            subscribers.closed = true;
            self.abandoned.notify_one();
        }
    }

    /// Waits until the source is there.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) async fn opened(&self) -> Result<(), Refusal> {
        let mut state = self.state.subscribe();
        let settled = state
            .wait_for(|state| !matches!(state, State::Opening))
            .await;
        match settled.as_deref() {
            Ok(State::Failed(refusal)) => Err(Refusal::clone(refusal)),
            _ => Ok(()),
        }
    }

    /// Puts an answer into every queue; who has no room left is told so and let go.
    fn deliver(&self, item: &Item) {
        let mut subscribers = self.subscribers();
        let before = subscribers.all.len();
        subscribers
            .all
            .retain(|subscriber| match subscriber.queue.try_send(item.clone()) {
                Ok(()) => true,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    let _ = subscriber.end.set(too_slow().into());
                    metrics::counter!("router_subscriptions_ended_total", "outcome" => "TOO_SLOW")
                        .increment(1);
                    false
                }
                Err(mpsc::error::TrySendError::Closed(_)) => false,
            });
        metrics::counter!("router_subscription_answers_total").increment(before as u64);
        if subscribers.all.is_empty() {
            subscribers.closed = true;
            self.abandoned.notify_one();
        }
    }

    fn finish(&self, end: &End) {
        let mut subscribers = self.subscribers();
        subscribers.closed = true;
        for subscriber in subscribers.all.drain(..) {
            // Set before the queue is closed, which is what subscribers wait for.
            let _ = subscriber.end.set(end.clone());
        }
    }
}

fn too_slow() -> Refusal {
    Refusal::graphql(vec![GraphQLError::new(
        Code::RateLimited,
        "The subscription was ended because its answers were not read fast enough; subscribe again.",
    )])
}

/// What is said when a fault of ours ends a stream.
pub(super) fn failed() -> Refusal {
    Refusal::http(Code::Internal, "Something went wrong on our side.")
}

/// Feeds a topic from its source until one of them ends. Everything it holds of the supergraph is replaced on a reload.
pub(super) async fn follow(
    topic: Arc<Topic>,
    key: Option<Key>,
    origin: Origin,
    planned: Planned,
    resume: Option<u64>,
) {
    let engine = origin.context.engine.clone();
    // A fault of ours must not leave anyone waiting for a task that is gone.
    let feeding = AssertUnwindSafe(feed(&topic, origin, planned, resume)).catch_unwind();
    let end = tokio::select! {
        end = feeding => end.unwrap_or_else(|_| failed().into()),
        () = topic.abandoned.notified() => End::Complete,
    };
    if let End::Refused(refusal) = &end {
        let code = refusal.code().as_str();
        metrics::counter!("router_subscriptions_ended_total", "outcome" => code).increment(1);
        topic.state.send_replace(State::Failed(refusal.clone()));
    }
    topic.finish(&end);
    if let Some(key) = key {
        engine.hub.forget(&key, &topic);
    }
}

async fn feed(topic: &Topic, mut origin: Origin, planned: Planned, resume: Option<u64>) -> End {
    let engine = origin.context.engine.clone();
    // Looked at before the plan is used, so that no supergraph is missed.
    let mut reloads = engine.hub.reloads();
    let mut planned = planned;
    let opening = async {
        let request = Request::of(&origin.context, &planned)?;
        let events = request.open(&origin.context, &planned, resume).await?;
        Ok::<_, Refusal>((request, events))
    };
    let (mut request, mut events) = match opening.await {
        Ok(opened) => opened,
        Err(refusal) => return refusal.into(),
    };
    topic.state.send_replace(State::Open);
    let mut looks = interval(Duration::from_millis(
        engine.config.subscriptions.recheck_ms,
    ));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let has_token = recheck(&origin.context).is_some();
    loop {
        if !Arc::ptr_eq(&origin.context.snapshot, &engine.snapshot.load()) {
            match renew(&mut origin, &request).await {
                Ok((again, None)) => planned = again,
                Ok((again, Some((asked, opened)))) => {
                    planned = again;
                    request = asked;
                    events = opened;
                }
                Err(refusal) => return refusal.into(),
            }
        }
        tokio::select! {
            biased;
            // An error means that the process ends.
            _ = reloads.changed() => {}
            _ = looks.tick(), if has_token => {
                if let Some(Err(refusal)) = recheck(&origin.context) {
                    return refusal.into();
                }
            }
            event = events.next(&origin.context, &planned) => match event {
                Ok(Some(event)) => {
                    // What a revoked token may not see is not sent in the moment before the next look.
                    if let Some(Err(refusal)) = recheck(&origin.context) {
                        return refusal.into();
                    }
                    topic.deliver(&answer(&origin.context, &planned, event).await);
                }
                Ok(None) => return End::Complete,
                Err(refusal) => return refusal.into(),
            },
        }
    }
}

/// What the operation is under the supergraph in use now. The source is asked anew only where the question has changed.
async fn renew(
    origin: &mut Origin,
    request: &Request,
) -> Result<(Planned, Option<(Request, Events)>), Refusal> {
    let planned = origin.renew().await?;
    let asked = Request::of(&origin.context, &planned)?;
    if asked == *request {
        return Ok((planned, None));
    }
    let events = asked.open(&origin.context, &planned, None).await?;
    Ok((planned, Some((asked, events))))
}

/// Executes the plan for one event.
pub(super) async fn answer(
    context: &RequestContext,
    planned: &Planned,
    event: SourceEvent,
) -> Item {
    let engine = &context.engine;
    // The semaphore is never closed; were it, executing without a limit is still right.
    let _room = engine.hub.executing.acquire().await.ok();
    let headers = headers(context, &planned.operation);
    let transport = Unshared(&context.snapshot.transports);
    let input = ExecutionInput {
        variables: &planned.variables,
        headers: &headers,
        deadline: Instant::now() + Duration::from_millis(engine.config.timeouts.request_ms),
        transport: &transport,
        request_id: &context.request_id,
        errors: &context.snapshot.error_policy,
        max_errors: engine.config.limits.errors,
        introspection: true,
        max_response_bytes: engine.config.limits.response_bytes,
        files: None,
    };
    // On the heap, and so only while there is something to execute.
    let executing = Box::pin(execute_event(
        &context.snapshot.supergraph,
        &planned.plan,
        event.payload,
        input,
    ));
    let output = executing.await;
    measure(context, &output.fetches);
    metrics::counter!("router_subscription_events_total").increment(1);
    Item {
        body: match event.id {
            Some(id) => with_event_id(&output.body, id),
            None => output.body,
        },
        event: event.id,
    }
}

/// The answer with the event's id among its extensions, of which the executor writes none.
fn with_event_id(body: &Bytes, id: u64) -> Bytes {
    let Some(open) = body.strip_suffix(b"}") else {
        return body.clone();
    };
    let extensions = format!(",\"extensions\":{{\"eventId\":\"{id}\"}}}}");
    [open, extensions.as_bytes()].concat().into()
}
