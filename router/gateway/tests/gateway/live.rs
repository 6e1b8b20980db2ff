//! A subgraph with subscriptions, a gateway before it, and clients of both stream protocols.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_graphql::http::ALL_WEBSOCKET_PROTOCOLS;
use async_graphql::{EmptyMutation, ID, Object, Schema, SimpleObject, Subscription};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{State, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use coko_composition::{SubgraphSource, compose};
use coko_gateway::config::SubscriptionProtocol;
use coko_gateway::{Config, Dependencies, Gateway, SupergraphSource};
use futures::{SinkExt as _, Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::support::{Answer, books, federation_sdl, graphql_router, serve};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the live subgraph says of a book.
#[derive(Clone, SimpleObject)]
#[graphql(name = "Book")]
pub(crate) struct Changed {
    id: ID,
    note: String,
}

/// What the test makes the live subgraph do.
#[derive(Clone)]
pub(crate) enum Happening {
    Changed(Changed),
    End,
    /// The task behind the stream panics, which breaks it off.
    Break,
}

/// The test's hold on the live subgraph.
#[derive(Clone)]
pub(crate) struct Live {
    happenings: broadcast::Sender<Happening>,
    /// Subscriptions that were opened here.
    pub(crate) opened: Arc<AtomicUsize>,
}

impl Live {
    fn new() -> Self {
        Self {
            happenings: broadcast::Sender::new(4096),
            opened: Arc::default(),
        }
    }

    pub(crate) fn happen(&self, happening: Happening) {
        let _ = self.happenings.send(happening);
    }

    pub(crate) fn change(&self, id: &str) {
        self.change_with(id, "new");
    }

    pub(crate) fn change_with(&self, id: &str, note: &str) {
        self.happen(Happening::Changed(Changed {
            id: id.into(),
            note: note.into(),
        }));
    }

    pub(crate) fn followers(&self) -> usize {
        self.happenings.receiver_count()
    }

    /// Waits until this many follow.
    pub(crate) async fn followed_by(&self, count: usize) {
        eventually(|| self.followers() == count).await;
    }
}

/// Waits until something holds.
pub(crate) async fn eventually(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it holds before long");
}

pub(crate) struct LiveQuery;

#[Object(name = "Query")]
impl LiveQuery {
    async fn alive(&self) -> bool {
        true
    }

    #[graphql(entity)]
    async fn find(&self, id: ID) -> Changed {
        Changed {
            id,
            note: "found".into(),
        }
    }
}

pub(crate) struct LiveSubscription(Live);

#[Subscription(name = "Subscription")]
impl LiveSubscription {
    /// Books that change: one, or any.
    async fn changed(&self, id: Option<ID>) -> impl Stream<Item = Changed> + use<> {
        self.0.opened.fetch_add(1, Ordering::SeqCst);
        let happenings = self.0.happenings.subscribe();
        futures::stream::unfold(happenings, move |mut happenings| {
            let id = id.clone();
            async move {
                loop {
                    match happenings.recv().await.ok()? {
                        Happening::Changed(changed)
                            if id.as_ref().is_none_or(|id| *id == changed.id) =>
                        {
                            return Some((changed, happenings));
                        }
                        Happening::Changed(_) => {}
                        Happening::End => return None,
                        Happening::Break => panic!("the live subgraph breaks off as it was told"),
                    }
                }
            }
        })
    }
}

type LiveSchema = Schema<LiveQuery, EmptyMutation, LiveSubscription>;

fn schema(live: &Live) -> LiveSchema {
    Schema::build(LiveQuery, EmptyMutation, LiveSubscription(live.clone()))
        .enable_federation()
        .enable_subscription_in_federation()
        .finish()
}

/// The subgraph over JSON, server-sent events and WebSocket.
fn live_router(schema: LiveSchema) -> Router {
    let socket = |State(schema): State<LiveSchema>,
                  protocol: GraphQLProtocol,
                  upgrade: WebSocketUpgrade| async move {
        upgrade
            .protocols(ALL_WEBSOCKET_PROTOCOLS)
            .on_upgrade(move |stream| GraphQLWebSocket::new(stream, schema, protocol).serve())
    };
    Router::new()
        .route("/graphql", post(answer).get(socket))
        .with_state(schema)
}

async fn answer(State(schema): State<LiveSchema>, headers: HeaderMap, body: Bytes) -> Response {
    let request: async_graphql::Request =
        serde_json::from_slice(&body).expect("the gateway sends GraphQL");
    let accepted = headers.get(header::ACCEPT).map(HeaderValue::as_bytes);
    if accepted.is_some_and(|accepted| accepted.starts_with(b"text/event-stream")) {
        let answers = schema.execute_stream(request).map(|answer| {
            let event = Event::default().event("next");
            Ok::<_, Infallible>(event.json_data(answer).expect("a response is JSON"))
        });
        let complete =
            futures::stream::once(async { Ok(Event::default().event("complete").data("")) });
        return Sse::new(answers.chain(complete)).into_response();
    }
    let response = schema.execute(request).await;
    axum::Json(response).into_response()
}

/// How the gateway reaches the live subgraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Sse,
    WebSocket,
    InProcess,
}

/// A gateway before the live subgraph and the books.
pub(crate) struct LiveStack {
    pub(crate) gateway: Gateway,
    pub(crate) url: String,
    pub(crate) live: Live,
    pub(crate) sdl: String,
    client: reqwest::Client,
}

pub(crate) async fn live_stack() -> LiveStack {
    live_stack_with(Way::Sse, |_, _| ()).await
}

pub(crate) async fn live_stack_with(
    way: Way,
    change: impl FnOnce(&mut Config, &mut Dependencies),
) -> LiveStack {
    let live = Live::new();
    let schema = schema(&live);
    let sdl = schema.sdl_with_options(async_graphql::SDLExportOptions::new().federation());
    let router = live_router(schema);
    let mut in_process = HashMap::new();
    let live_url = if way == Way::InProcess {
        in_process.insert("live".to_owned(), router);
        String::new()
    } else {
        format!("{}/graphql", serve(router).await)
    };
    let books_url = format!("{}/graphql", serve(graphql_router(books())).await);
    let source = |name: &str, url: String, sdl: String| SubgraphSource {
        name: name.to_owned(),
        url,
        sdl,
    };
    let sources = [
        source("books", books_url, federation_sdl(&books())),
        source("live", live_url, sdl),
    ];
    let sdl = compose(&sources)
        .unwrap_or_else(|error| panic!("{error}"))
        .sdl;
    let mut config = Config {
        supergraph: SupergraphSource::Sdl(sdl.clone()),
        ..Config::default()
    };
    if way == Way::WebSocket {
        let live = config.subgraphs.entry("live".to_owned()).or_default();
        live.subscription_protocol = SubscriptionProtocol::WebSocket;
    }
    let mut deps = Dependencies {
        in_process,
        ..Dependencies::default()
    };
    change(&mut config, &mut deps);
    let gateway = Gateway::build(config, deps)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    LiveStack {
        url: serve(gateway.router()).await,
        gateway,
        live,
        sdl,
        client: reqwest::Client::new(),
    }
}

/// The subscription that most tests use; `title` is another subgraph's.
pub(crate) const CHANGED: &str = "subscription { changed { id title } }";

/// What it answers for the second book.
pub(crate) fn second() -> Value {
    json!({ "data": { "changed": { "id": "2", "title": "L'Enfant noir" } } })
}

impl LiveStack {
    pub(crate) async fn stream(&self, accept: &str, body: Value) -> reqwest::Response {
        self.stream_with(accept, body, &[]).await
    }

    pub(crate) async fn stream_with(
        &self,
        accept: &str,
        body: Value,
        headers: &[(&'static str, &str)],
    ) -> reqwest::Response {
        let mut request = self
            .client
            .post(format!("{}/graphql", self.url))
            .header("content-type", "application/json")
            .header("accept", accept)
            .body(body.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }

    /// Subscribes by server-sent events; the source is open when this returns.
    pub(crate) async fn events(&self, query: &str) -> Events {
        let response = self
            .stream("text/event-stream", json!({ "query": query }))
            .await;
        Events::of(response).await
    }

    pub(crate) async fn talk(&self) -> Talk {
        let mut talk = Talk::connect(&self.url, &[]).await.expect("a connection");
        talk.initialise(json!({})).await;
        talk
    }
}

/// A stream of server-sent events.
pub(crate) struct Events {
    response: reqwest::Response,
    buffer: String,
}

/// One event.
#[derive(Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) event: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl Events {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let kind = response.headers().get("content-type").cloned();
        let kind = kind.as_ref().and_then(|kind| kind.to_str().ok());
        assert!(
            kind == Some("text/event-stream; charset=utf-8"),
            "no stream: {:?}",
            Answer::of(response).await
        );
        Self {
            response,
            buffer: String::new(),
        }
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        loop {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let field = |name: &str| {
                    block.lines().find_map(|line| {
                        let value = line.strip_prefix(name)?.strip_prefix(':')?;
                        Some(value.trim_start().to_owned())
                    })
                };
                if let Some(event) = field("event") {
                    let data = field("data").filter(|data| !data.is_empty());
                    return Some(Sent {
                        event,
                        id: field("id"),
                        data: data.map_or(Value::Null, |data| serde_json::from_str(&data).unwrap()),
                    });
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk());
            let chunk = chunk.await.expect("something comes").ok().flatten()?;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The answer that must come next.
    pub(crate) async fn answer(&mut self) -> Value {
        let sent = self.next().await.expect("an event");
        assert_eq!(sent.event, "next", "{sent:?}");
        sent.data
    }
}

/// A `graphql-transport-ws` connection.
pub(crate) struct Talk(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What the server says.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Message(Value),
    Closed(u16),
    Gone,
}

impl Talk {
    /// Connects; the HTTP status when that is refused.
    pub(crate) async fn connect(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
        Self::connect_plain(url, &[&protocol, headers].concat()).await
    }

    /// Connects without naming a protocol.
    pub(crate) async fn connect_plain(
        url: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let url = format!("{}/graphql", url.replace("http://", "ws://"));
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.say_raw(Message::text(message.to_string())).await;
    }

    pub(crate) async fn say_raw(&mut self, message: Message) {
        // A connection that is closed meanwhile is heard of.
        let _ = self.0.send(message).await;
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next())
                .await
                .expect("something comes");
            match message {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Message(serde_json::from_str(text.as_str()).unwrap());
                }
                Some(Ok(Message::Close(Some(frame)))) => return Heard::Closed(frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Gone,
            }
        }
    }

    /// The message that must come next.
    pub(crate) async fn message(&mut self) -> Value {
        match self.hear().await {
            Heard::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn initialise(&mut self, payload: Value) {
        self.say(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(self.message().await, json!({ "type": "connection_ack" }));
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": query } }))
            .await;
    }
}
