//! A subgraph with subscriptions, and a gateway before it.

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
use futures::{Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::clients::{Events, PATIENCE, Talk};
use crate::support::{books, federation_sdl, graphql_router, serve};

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

/// A live subgraph, to be served as the test likes.
pub(crate) fn live_subgraph() -> (Live, Router) {
    let live = Live::new();
    let router = live_router(schema(&live));
    (live, router)
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
