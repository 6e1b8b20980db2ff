//! One connection with its operations, all in one task.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use coko_core::Code;
use coko_core::telemetry;
use futures::future::{AbortHandle, Abortable, BoxFuture};
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use http::{HeaderValue, header};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};
use tracing::Instrument as _;

use super::message::{ACK, ClientMessage, Close, complete, error, next, pong, token};
use crate::context::ClientContext;
use crate::incremental::Parts;
use crate::pipeline::operate;
use crate::receive::decode_operation;
use crate::refusal::{GraphQLError, Refusal};
use crate::respond::Outcome;
use crate::subscriptions::{End, Item, Subscription};

/// How long a client has to answer the closing of its connection.
const FAREWELL: Duration = Duration::from_secs(2);

/// What an operation came to.
enum Step {
    Answered(Arc<str>, Outcome),
    Event(Arc<str>, Box<Subscription>, Result<Item, End>),
    Part(Arc<str>, Box<Parts>, Option<Bytes>),
}

/// What more an operation answers.
enum Following {
    Events(Box<Subscription>),
    Parts(Box<Parts>),
}

/// How the talk goes on.
enum Flow {
    Continue,
    /// The connection is closed by us.
    Close(Close),
    /// It is gone.
    Gone,
}

/// One client's connection.
pub(super) struct Connection {
    client: ClientContext,
    acknowledged: bool,
    /// The operations under way, by the ids their client gave them.
    running: HashMap<Arc<str>, AbortHandle>,
    steps: FuturesUnordered<Abortable<BoxFuture<'static, Step>>>,
}

impl Connection {
    pub(super) fn new(client: ClientContext) -> Self {
        Self {
            client,
            acknowledged: false,
            running: HashMap::new(),
            steps: FuturesUnordered::new(),
        }
    }

    /// Serves the connection to its end.
    pub(super) async fn serve(mut self, mut socket: WebSocket, refused: Option<Close>) {
        metrics::gauge!("router_websocket_connections").increment(1.0);
        let close = match refused {
            Some(close) => Some(close),
            None => self.talk(&mut socket).await,
        };
        // Whoever follows is let go of before the client answers the closing.
        drop(self);
        let farewell = async {
            if let Some(close) = close {
                let frame = Message::Close(Some(close.into()));
                if socket.send(frame).await.is_err() {
                    return;
                }
            }
            // Reading on also sends the answer to the client's own closing.
            while let Some(Ok(_)) = socket.recv().await {}
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
        metrics::gauge!("router_websocket_connections").decrement(1.0);
    }

    /// Talks until one side ends it; answers how it is to be closed if that is still needed.
    async fn talk(&mut self, socket: &mut WebSocket) -> Option<Close> {
        let engine = self.client.engine.clone();
        let config = &engine.config.subscriptions;
        let keep_alive = Duration::from_millis(config.keep_alive_ms);
        let mut stopping = pin!(engine.hub.draining.cancelled());
        let mut silence = pin!(sleep(Duration::from_millis(config.connection_init_ms)));
        let mut heard = true;
        loop {
            let acknowledged = self.acknowledged;
            let flow = tokio::select! {
                biased;
                () = &mut stopping => Flow::Close(Close::going_away()),
                received = socket.recv() => {
                    heard = true;
                    match received {
                        Some(Ok(message)) => self.take(socket, message).await,
                        Some(Err(_)) | None => Flow::Gone,
                    }
                }
                Some(step) = self.steps.next(), if !self.steps.is_empty() => match step {
                    Ok(step) => self.take_step(socket, step).await,
                    Err(_aborted) => Flow::Continue,
                },
                () = &mut silence => {
                    if !acknowledged {
                        Flow::Close(Close::initialisation_timeout())
                    } else if heard {
                        // Asks for a sign of life; without any until the next time the connection counts as dead.
                        heard = false;
                        silence.as_mut().reset(Instant::now() + keep_alive);
                        self.send(socket, Message::Ping(Bytes::new())).await
                    } else {
                        Flow::Gone
                    }
                }
            };
            if self.acknowledged && !acknowledged {
                silence.as_mut().reset(Instant::now() + keep_alive);
            }
            match flow {
                Flow::Continue => {}
                Flow::Close(close) => return Some(close),
                Flow::Gone => return None,
            }
        }
    }

    async fn take(&mut self, socket: &mut WebSocket, message: Message) -> Flow {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => {
                return Flow::Close(Close::invalid("it is binary; send JSON as text"));
            }
            Message::Ping(_) | Message::Pong(_) => return Flow::Continue,
            Message::Close(_) => return Flow::Gone,
        };
        let message: ClientMessage = match serde_json::from_str(text.as_str()) {
            Ok(message) => message,
            Err(error) => return Flow::Close(Close::invalid(error)),
        };
        match message {
            ClientMessage::ConnectionInit { .. } if self.acknowledged => {
                Flow::Close(Close::too_many_initialisations())
            }
            ClientMessage::ConnectionInit { payload } => {
                if self.initialise(&payload.unwrap_or_default()) {
                    self.say(socket, ACK.to_owned()).await
                } else {
                    Flow::Close(Close::forbidden())
                }
            }
            ClientMessage::Ping { payload } => self.say(socket, pong(payload)).await,
            ClientMessage::Pong {} => Flow::Continue,
            ClientMessage::Subscribe { .. } if !self.acknowledged => {
                Flow::Close(Close::unauthorized())
            }
            ClientMessage::Subscribe { id, payload } => self.subscribe(socket, id, payload).await,
            ClientMessage::Complete { id } => {
                if let Some(running) = self.running.remove(id.as_str()) {
                    running.abort();
                }
                Flow::Continue
            }
        }
    }

    /// The token of the payload counts before that of the header: it is what the page itself says. Who shows what can be no
    /// token is not taken for somebody else.
    fn initialise(&mut self, payload: &Map<String, Value>) -> bool {
        if let Some(token) = token(payload) {
            let Ok(value) = HeaderValue::try_from(token) else {
                return false;
            };
            let headers = Arc::make_mut(&mut self.client.headers);
            headers.insert(header::AUTHORIZATION, value);
        }
        self.acknowledged = true;
        true
    }

    async fn subscribe(
        &mut self,
        socket: &mut WebSocket,
        id: String,
        payload: Map<String, Value>,
    ) -> Flow {
        if self.running.contains_key(id.as_str()) {
            return Flow::Close(Close::already_exists(&id));
        }
        let most = self.client.engine.config.subscriptions.max_per_connection;
        if self.running.len() >= most {
            let refusal = Refusal::graphql(vec![GraphQLError::new(
                Code::RateLimited,
                format!("At most {most} operations may be under way on a connection."),
            )]);
            let errors = self.client.errors(&refusal);
            return self.say(socket, error(&id, &errors)).await;
        }
        let operation = match decode_operation(payload.into()) {
            Ok(operation) => operation,
            Err(refusal) => {
                let reason = refusal.errors.first().map(|error| error.message.as_str());
                return Flow::Close(Close::invalid(reason.unwrap_or_default()));
            }
        };
        let id: Arc<str> = id.into();
        let started = Instant::now();
        let context = self.client.operation(started);
        let span = telemetry::traced_request_span("router", &context.headers);
        let answered = id.clone();
        let running = async move {
            let outcome = operate(&context, operation, started).await;
            Step::Answered(answered, outcome)
        };
        let (step, handle) = futures::future::abortable(running.instrument(span).boxed());
        self.running.insert(id, handle);
        self.steps.push(step);
        Flow::Continue
    }

    async fn take_step(&mut self, socket: &mut WebSocket, step: Step) -> Flow {
        let (id, said, following) = match step {
            Step::Answered(id, Ok(executed)) => match (executed.stream, executed.parts) {
                (Some(subscription), _) => {
                    self.follow(id, Following::Events(subscription));
                    return Flow::Continue;
                }
                (None, Some(parts)) => {
                    let said = vec![next(&id, &executed.body)];
                    (id, said, Some(Following::Parts(parts)))
                }
                (None, None) => {
                    let said = vec![next(&id, &executed.body), complete(&id)];
                    (id, said, None)
                }
            },
            Step::Answered(id, Err(refusal)) => {
                let said = vec![error(&id, &self.client.errors(&refusal))];
                (id, said, None)
            }
            Step::Event(id, subscription, Ok(item)) => {
                let said = vec![next(&id, &item.body)];
                (id, said, Some(Following::Events(subscription)))
            }
            Step::Part(id, parts, Some(body)) => {
                let said = vec![next(&id, &body)];
                (id, said, Some(Following::Parts(parts)))
            }
            Step::Event(id, _, Err(End::Complete)) | Step::Part(id, _, None) => {
                let said = vec![complete(&id)];
                (id, said, None)
            }
            Step::Event(id, _, Err(End::Refused(refusal))) => {
                let said = vec![error(&id, &self.client.errors(&refusal))];
                (id, said, None)
            }
        };
        match following {
            Some(following) => self.follow(id, following),
            // The id may be used again as soon as the client reads the end.
            None => drop(self.running.remove(&id)),
        }
        for text in said {
            let flow = self.say(socket, text).await;
            if !matches!(flow, Flow::Continue) {
                return flow;
            }
        }
        Flow::Continue
    }

    /// Waits for the next answer of a subscription, or the next part of an answer.
    fn follow(&mut self, id: Arc<str>, following: Following) {
        let followed = id.clone();
        let step = async move {
            match following {
                Following::Events(mut subscription) => {
                    let item = subscription.next().await;
                    Step::Event(followed, subscription, item)
                }
                Following::Parts(mut parts) => {
                    let body = parts.next().await.map(|part| part.body);
                    Step::Part(followed, parts, body)
                }
            }
        };
        let (step, handle) = futures::future::abortable(step.boxed());
        self.running.insert(id, handle);
        self.steps.push(step);
    }

    async fn say(&mut self, socket: &mut WebSocket, text: String) -> Flow {
        self.send(socket, Message::Text(text.into())).await
    }

    /// A client that takes nothing is given up after a while.
    async fn send(&mut self, socket: &mut WebSocket, message: Message) -> Flow {
        let patience = Duration::from_millis(self.client.engine.config.subscriptions.send_ms);
        match tokio::time::timeout(patience, socket.send(message)).await {
            Ok(Ok(())) => Flow::Continue,
            _ => Flow::Gone,
        }
    }
}
