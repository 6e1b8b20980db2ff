//! Subgraphs whose answers may be kept, and a gateway that keeps them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_graphql::{Context, EmptySubscription, ID, Object, Request, Schema, SimpleObject};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use coko_composition::{SubgraphSource, compose};
use coko_core::config::Secret;
use coko_gateway::{Config, Dependencies, Gateway, SupergraphSource};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::serve_gateway;

pub(crate) const OPERATOR: &str = "an operator's token of thirty-two";

/// What the subgraphs know and what happened to them.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) titles: Arc<Mutex<BTreeMap<String, String>>>,
    calls: Arc<AtomicUsize>,
    /// Ids of the books whose notes were asked for, in order.
    pub(crate) noted: Arc<Mutex<Vec<String>>>,
    /// While set, answers wait for the bell after they are made.
    pub(crate) held: Arc<AtomicBool>,
    pub(crate) bell: Arc<Notify>,
    pub(crate) waiting: Arc<Notify>,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self::default();
        for (id, title) in [
            ("1", "Une si longue lettre"),
            ("2", "L'Enfant noir"),
            ("3", "Mission terminée"),
        ] {
            world.rename(id, title);
        }
        world
    }

    pub(crate) fn rename(&self, id: &str, title: &str) {
        self.titles
            .lock()
            .unwrap()
            .insert(id.to_owned(), title.to_owned());
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub(crate) fn take_noted(&self) -> Vec<String> {
        std::mem::take(&mut self.noted.lock().unwrap())
    }
}

#[derive(SimpleObject, Clone)]
#[graphql(cache_control(max_age = 60))]
struct Book {
    id: ID,
    title: String,
}

fn caller(context: &Context<'_>) -> String {
    let headers = context.data_unchecked::<HeaderMap>();
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    token.unwrap_or("guest").to_owned()
}

struct ShelfQuery(World);

#[Object(name = "Query")]
impl ShelfQuery {
    #[graphql(cache_control(max_age = 60))]
    async fn books(&self) -> Vec<Book> {
        let titles = self.0.titles.lock().unwrap();
        let book = |(id, title): (&String, &String)| Book {
            id: ID(id.clone()),
            title: title.clone(),
        };
        titles.iter().map(book).collect()
    }

    #[graphql(cache_control(max_age = 60))]
    async fn book(&self, id: ID) -> Option<Book> {
        let titles = self.0.titles.lock().unwrap();
        let title = titles.get(&*id)?.clone();
        Some(Book { id, title })
    }

    /// Who asks.
    #[graphql(cache_control(private, max_age = 60))]
    async fn mine(&self, context: &Context<'_>) -> String {
        caller(context)
    }

    /// Of this nothing is said.
    async fn silent(&self) -> usize {
        self.0.calls()
    }

    #[graphql(entity)]
    async fn find_book(&self, id: ID) -> Option<Book> {
        let title = self.0.titles.lock().unwrap().get(&*id)?.clone();
        Some(Book { id, title })
    }
}

struct ShelfMutation;

#[Object(name = "Mutation")]
impl ShelfMutation {
    async fn rename(&self, context: &Context<'_>, id: ID, title: String) -> Book {
        context.data_unchecked::<World>().rename(&id, &title);
        Book { id, title }
    }
}

struct Noted(ID);

#[Object(name = "Book", cache_control(max_age = 30))]
impl Noted {
    async fn id(&self) -> &ID {
        &self.0
    }

    /// The same for everybody.
    async fn stars(&self) -> usize {
        self.0.len() * 2
    }

    /// Another for each caller.
    #[graphql(cache_control(private, max_age = 30))]
    async fn note(&self, context: &Context<'_>) -> String {
        format!("{} on {}", caller(context), *self.0)
    }

    /// The second book cannot be judged.
    #[expect(clippy::unused_async, reason = "the macro takes no other")]
    async fn verdict(&self) -> async_graphql::Result<Option<String>> {
        match self.0.as_str() {
            "2" => Err("undecided".into()),
            id => Ok(Some(format!("verdict on {id}"))),
        }
    }
}

struct NotesQuery(World);

#[Object(name = "Query")]
impl NotesQuery {
    #[graphql(cache_control(max_age = 60))]
    async fn best(&self) -> Noted {
        Noted(ID::from("1"))
    }

    #[graphql(entity)]
    async fn noted(&self, id: ID) -> Noted {
        self.0.noted.lock().unwrap().push(id.to_string());
        Noted(id)
    }
}

struct NoMutation;

#[Object(name = "Mutation")]
impl NoMutation {
    async fn nothing(&self) -> bool {
        true
    }
}

type Subgraph<Q, M> = (Schema<Q, M, EmptySubscription>, World);

async fn answer<Q, M>(
    State((schema, world)): State<Subgraph<Q, M>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response
where
    Q: async_graphql::ObjectType + 'static,
    M: async_graphql::ObjectType + 'static,
{
    world.calls.fetch_add(1, Ordering::SeqCst);
    let request: Request = serde_json::from_slice(&body).unwrap();
    let response = schema
        .execute(request.data(headers).data(world.clone()))
        .await;
    if world.held.load(Ordering::SeqCst) {
        let rung = world.bell.notified();
        world.waiting.notify_one();
        rung.await;
    }
    let declared = response.cache_control;
    let control = match (declared.max_age, declared.public) {
        (1.., true) => Some(format!("public, max-age={}", declared.max_age)),
        (1.., false) => Some(format!("private, max-age={}", declared.max_age)),
        _ => None,
    };
    let body = serde_json::to_string(&response).unwrap();
    let mut answer = ([(header::CONTENT_TYPE, "application/json")], body).into_response();
    if let Some(control) = control {
        answer
            .headers_mut()
            .insert(header::CACHE_CONTROL, control.parse().unwrap());
    }
    answer
}

fn subgraph<Q, M>(query: Q, mutation: M, world: &World) -> (String, Router)
where
    Q: async_graphql::ObjectType + 'static,
    M: async_graphql::ObjectType + 'static,
{
    let schema = Schema::build(query, mutation, EmptySubscription)
        .enable_federation()
        .finish();
    let sdl = schema.sdl_with_options(async_graphql::SDLExportOptions::new().federation());
    let router = Router::new()
        .route("/graphql", post(answer::<Q, M>))
        .with_state((schema, world.clone()));
    (sdl, router)
}

/// A gateway that keeps answers, and its subgraphs.
pub(crate) struct Stage {
    pub(crate) url: String,
    pub(crate) world: World,
    pub(crate) client: reqwest::Client,
}

pub(crate) async fn stage(
    world: &World,
    change: impl FnOnce(&mut Config, &mut Dependencies),
) -> Stage {
    let shelf = subgraph(ShelfQuery(world.clone()), ShelfMutation, world);
    let notes = subgraph(NotesQuery(world.clone()), NoMutation, world);
    let mut sources = Vec::new();
    let mut in_process = HashMap::new();
    for (name, (sdl, router)) in [("shelf", shelf), ("notes", notes)] {
        in_process.insert(name.to_owned(), router);
        sources.push(SubgraphSource {
            name: name.to_owned(),
            url: String::new(),
            sdl,
        });
    }
    let sdl = compose(&sources)
        .unwrap_or_else(|error| panic!("{error}"))
        .sdl;
    let mut config = Config {
        supergraph: SupergraphSource::Sdl(sdl),
        ..Config::default()
    };
    config.cache.enabled = true;
    config.admin.token = Some(Secret::new(OPERATOR));
    let mut deps = Dependencies {
        in_process,
        ..Dependencies::default()
    };
    change(&mut config, &mut deps);
    let gateway = Gateway::build(config, deps)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let url = serve_gateway(&gateway).await;
    Stage {
        url,
        world: world.clone(),
        client: reqwest::Client::new(),
    }
}

impl Stage {
    pub(crate) async fn run_as(&self, token: Option<&str>, query: &str) -> Value {
        let mut request = self
            .client
            .post(format!("{}/graphql", self.url))
            .header("content-type", "application/json")
            .body(json!({ "query": query }).to_string());
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }

    pub(crate) async fn run(&self, query: &str) -> Value {
        self.run_as(None, query).await
    }

    /// How many calls to subgraphs a query makes.
    pub(crate) async fn calls_of(&self, query: &str) -> usize {
        let before = self.world.calls();
        self.run(query).await;
        self.world.calls() - before
    }

    pub(crate) fn get(&self, query: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/graphql", self.url);
        self.client
            .get(url)
            .query(&[("query", query)])
            .header("x-apollo-operation-name", "q")
            .header("apollo-require-preflight", "1")
    }

    pub(crate) async fn purge(&self, token: &str, purge: Value) -> u16 {
        let request = self
            .client
            .post(format!("{}/admin/cache/purge", self.url))
            .bearer_auth(token)
            .body(json!({ "purge": [purge] }).to_string());
        request.send().await.unwrap().status().as_u16()
    }
}
