//! The cache before real subgraphs: what is kept, for whom, and what drops it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::{Context, EmptySubscription, ID, Object, Request, Schema, SimpleObject};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use coko_composition::{SubgraphSource, compose};
use coko_core::config::Secret;
use coko_core::servers::{Durability, NatsServer, RedisServer};
use coko_core::service::Nats;
use coko_gateway::config::{EventPurge, PurgeRule};
use coko_gateway::{Config, Dependencies, Gateway, SupergraphSource};
use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::serve_gateway;

const OPERATOR: &str = "an operator's token of thirty-two";

/// What the subgraphs know and what happened to them.
#[derive(Clone, Default)]
pub(crate) struct World {
    titles: Arc<Mutex<BTreeMap<String, String>>>,
    calls: Arc<AtomicUsize>,
    /// Ids of the books whose notes were asked for, in order.
    noted: Arc<Mutex<Vec<String>>>,
    /// While set, answers wait for the bell after they are made.
    held: Arc<AtomicBool>,
    bell: Arc<Notify>,
    waiting: Arc<Notify>,
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

    fn rename(&self, id: &str, title: &str) {
        self.titles
            .lock()
            .unwrap()
            .insert(id.to_owned(), title.to_owned());
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn take_noted(&self) -> Vec<String> {
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
    async fn run_as(&self, token: Option<&str>, query: &str) -> Value {
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

    async fn run(&self, query: &str) -> Value {
        self.run_as(None, query).await
    }

    /// How many calls to subgraphs a query makes.
    async fn calls_of(&self, query: &str) -> usize {
        let before = self.world.calls();
        self.run(query).await;
        self.world.calls() - before
    }

    fn get(&self, query: &str) -> reqwest::RequestBuilder {
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

const LIST: &str = "{ books { id title stars } }";

#[tokio::test]
async fn get_answers_say_what_their_parts_allow() {
    let stage = stage(&World::new(), |config, _| config.cache.enabled = false).await;
    for (query, token, expected) in [
        (LIST, None, "public, max-age=30"),
        ("{ book(id: \"1\") { title } }", None, "public, max-age=60"),
        ("{ books { title } mine }", None, "private, max-age=60"),
        (
            "{ books { id note } }",
            Some("Bearer a"),
            "private, max-age=30",
        ),
        ("{ silent }", None, "no-store"),
        ("{ books { id verdict } }", None, "no-store"),
        ("{ __typename }", None, "no-store"),
    ] {
        let mut request = stage.get(query);
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["cache-control"], expected, "{query}");
        let vary: Vec<&str> = response
            .headers()
            .get_all("vary")
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect();
        assert!(vary.join(",").contains("authorization"), "{vary:?}");
    }
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let stage = stage(&World::new(), |_, _| ()).await;
    let first = stage.get(LIST).send().await.unwrap();
    let tag = first.headers()["etag"].clone();
    let body = first.text().await.unwrap();
    assert!(tag.to_str().unwrap().starts_with('"') && body.contains("noir"));
    let weak = format!("W/{}", tag.to_str().unwrap());
    let listed = format!("\"other\", {}", tag.to_str().unwrap());
    for known in [tag.to_str().unwrap(), &weak, &listed, "*"] {
        let again = stage
            .get(LIST)
            .header("if-none-match", known)
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), 304, "{known}");
        assert_eq!(again.headers()["etag"], tag);
        assert!(
            again.headers()["cache-control"]
                .to_str()
                .unwrap()
                .starts_with("public, max-age=")
        );
        assert_eq!(again.text().await.unwrap(), "");
    }
    let zipped = stage
        .get(LIST)
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    let zipped_tag = zipped.headers()["etag"].to_str().unwrap().to_owned();
    if zipped.headers().contains_key("content-encoding") {
        assert_ne!(zipped_tag, tag);
    }
    let again = stage
        .get(LIST)
        .header("if-none-match", &zipped_tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    stage.world.rename("2", "Le Maître de la parole");
    assert_eq!(stage.purge(OPERATOR, json!("all")).await, 200);
    let changed = stage
        .get(LIST)
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(changed.status(), 200);
    assert_ne!(changed.headers()["etag"], tag);
}

#[tokio::test]
async fn only_what_is_missing_is_asked_for() {
    let stage = stage(&World::new(), |config, _| config.cache.operations = false).await;
    let answer = stage.run("{ book(id: \"2\") { id stars } }").await;
    assert_eq!(
        answer,
        json!({ "data": { "book": { "id": "2", "stars": 2 } } })
    );
    assert_eq!(stage.world.take_noted(), ["2"]);
    let answer = stage.run("{ books { id stars } }").await;
    let stars: Vec<i64> = answer["data"]["books"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|book| book["stars"].as_i64())
        .collect();
    assert_eq!(stars, [2, 2, 2]);
    // The list of books is another root field with the same entities, of which one is known.
    assert_eq!(stage.world.take_noted(), ["1", "3"]);
    assert_eq!(stage.calls_of("{ books { id stars } }").await, 0);
}

#[tokio::test]
async fn nothing_is_kept_of_what_failed_or_said_nothing() {
    let stage = stage(&World::new(), |_, _| ()).await;
    let query = "{ books { id verdict } }";
    let first = stage.run(query).await;
    assert_eq!(first["errors"][0]["path"], json!(["books", 1, "verdict"]));
    stage.world.take_noted();
    let second = stage.run(query).await;
    assert_eq!(first["data"], second["data"]);
    assert_eq!(second["errors"][0]["path"], json!(["books", 1, "verdict"]));
    // An answer with errors says nothing of how long it may be kept; nothing of it was.
    assert_eq!(stage.world.take_noted(), ["1", "2", "3"]);
    assert_eq!(stage.calls_of("{ silent }").await, 1);
    assert_eq!(stage.calls_of("{ silent }").await, 1);
}

#[tokio::test]
async fn what_is_private_stays_with_its_caller() {
    let stage = stage(&World::new(), |_, _| ()).await;
    let query = "{ mine books { id note stars } }";
    for _ in 0..2 {
        for token in [Some("Bearer a"), Some("Bearer b"), None] {
            let answer = stage.run_as(token, query).await;
            let name = token.unwrap_or("guest");
            assert_eq!(answer["data"]["mine"], name);
            assert_eq!(answer["data"]["books"][2]["note"], format!("{name} on 3"));
        }
    }
    let before = stage.world.calls();
    stage.run_as(Some("Bearer a"), query).await;
    assert_eq!(stage.world.calls(), before);
    // What is public is shared by those who are not.
    assert_eq!(stage.calls_of("{ book(id: \"1\") { title } }").await, 1);
    stage
        .run_as(Some("Bearer c"), "{ book(id: \"1\") { title } }")
        .await;
    assert_eq!(stage.world.calls(), before + 1);
}

#[tokio::test]
async fn a_language_is_part_of_the_key_and_reduced_to_what_is_spoken() {
    let stage = stage(&World::new(), |config, _| {
        config.cache.languages = vec!["fr".to_owned(), "en".to_owned()];
    })
    .await;
    let ask = async |language: &str| {
        let before = stage.world.calls();
        let request = stage.get(LIST).header("accept-language", language);
        assert_eq!(request.send().await.unwrap().status(), 200);
        stage.world.calls() - before
    };
    assert_eq!(ask("fr-SN, fr;q=0.9").await, 2);
    assert_eq!(ask("fr").await, 0);
    assert_eq!(ask("wo").await, 0);
    assert_eq!(ask("en-GB").await, 2);
}

#[tokio::test]
async fn operators_drop_what_they_name() {
    let stage = stage(&World::new(), |_, _| ()).await;
    let both = "{ books { title } best { stars } }";
    let one = "{ book(id: \"1\") { id title } }";
    let other = "{ book(id: \"2\") { id title } }";
    for (purge, expected) in [
        (
            json!({ "entity": { "type": "Book", "key": { "id": "1" } } }),
            [2, 1, 0],
        ),
        (json!({ "type": "Book" }), [2, 1, 1]),
        (json!({ "field": "Query.book" }), [0, 1, 1]),
        (json!({ "field": "Query.best" }), [1, 0, 0]),
        (json!({ "subgraph": "notes" }), [1, 0, 0]),
        (
            json!({ "entity": { "type": "Book", "key": { "isbn": "7" } } }),
            [2, 1, 1],
        ),
        (json!("all"), [2, 1, 1]),
    ] {
        for query in [both, one, other] {
            stage.run(query).await;
            assert_eq!(stage.calls_of(query).await, 0);
        }
        assert_eq!(stage.purge(OPERATOR, purge.clone()).await, 200);
        for (query, expected) in [both, one, other].into_iter().zip(expected) {
            assert_eq!(stage.calls_of(query).await, expected, "{purge}: {query}");
        }
    }
    assert_eq!(stage.purge("not an operator", json!("all")).await, 401);
    assert_eq!(
        stage.purge(OPERATOR, json!({ "everything": true })).await,
        400
    );
}

#[tokio::test]
async fn whoever_changes_something_sees_it_changed() {
    let stage = stage(&World::new(), |_, _| ()).await;
    let (one, other) = (
        "{ book(id: \"1\") { title } }",
        "{ book(id: \"2\") { id title } }",
    );
    stage.run(one).await;
    stage.run(other).await;
    stage
        .run("mutation { rename(id: \"1\", title: \"Lettre\") { id title } }")
        .await;
    assert_eq!(stage.run(one).await["data"]["book"]["title"], "Lettre");
    assert_eq!(stage.calls_of(other).await, 0);
}

#[tokio::test]
async fn an_answer_that_a_purge_overtook_is_not_kept() {
    let stage = Arc::new(stage(&World::new(), |_, _| ()).await);
    let query = "{ book(id: \"1\") { title } }";
    stage.world.held.store(true, Ordering::SeqCst);
    let asking = tokio::spawn({
        let stage = stage.clone();
        async move { stage.run(query).await }
    });
    stage.world.waiting.notified().await;
    stage.world.rename("1", "Un chant écarlate");
    let purged = json!({ "entity": { "type": "Book", "key": { "id": "1" } } });
    assert_eq!(stage.purge(OPERATOR, purged).await, 200);
    stage.world.held.store(false, Ordering::SeqCst);
    stage.world.bell.notify_waiters();
    assert_eq!(
        asking.await.unwrap()["data"]["book"]["title"],
        "Une si longue lettre"
    );
    assert_eq!(
        stage.run(query).await["data"]["book"]["title"],
        "Un chant écarlate"
    );
}

#[tokio::test]
async fn one_asks_for_all_who_miss() {
    let stage = Arc::new(stage(&World::new(), |_, _| ()).await);
    let query = "{ book(id: \"1\") { title } }";
    // Once it is known to be public, strangers wait for each other.
    stage.run(query).await;
    stage.purge(OPERATOR, json!("all")).await;
    let before = stage.world.calls();
    stage.world.held.store(true, Ordering::SeqCst);
    let asking: Vec<_> = (0..20)
        .map(|number| {
            let stage = stage.clone();
            tokio::spawn(
                async move { stage.run_as(Some(&format!("Bearer {number}")), query).await },
            )
        })
        .collect();
    stage.world.waiting.notified().await;
    stage.world.held.store(false, Ordering::SeqCst);
    stage.world.bell.notify_waiters();
    for answer in asking {
        assert_eq!(
            answer.await.unwrap()["data"]["book"]["title"],
            "Une si longue lettre"
        );
    }
    assert_eq!(stage.world.calls(), before + 1);
}

/// Whatever is asked by whomever in whatever order, and whatever changes in between with a purge after it: the answers are
/// those of a gateway that keeps nothing.
#[test]
fn answers_are_those_of_a_gateway_without_a_cache() {
    use proptest::prelude::*;
    const QUERIES: [&str; 8] = [
        "{ books { id title stars } }",
        "{ books { id note } }",
        "{ book(id: \"1\") { title note stars } }",
        "{ book(id: \"2\") { title verdict note } }",
        "{ b: book(id: \"3\") { id: title other: id note } mine }",
        "{ best { id title note } mine }",
        "{ books { ... on Book { t: title n: note } } best { stars } }",
        "{ book(id: \"9\") { title } }",
    ];
    #[derive(Clone, Debug)]
    enum Step {
        Ask(usize, usize),
        Rename(String, String),
    }
    let step = prop_oneof![
        6 => (0..QUERIES.len(), 0..4_usize).prop_map(|(query, caller)| Step::Ask(query, caller)),
        1 => ("[1-3]", "[a-z]{3}").prop_map(|(id, title)| Step::Rename(id, title)),
    ];
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let world = World::new();
    let (cached, plain) = runtime.block_on(async {
        let cached = stage(&world, |_, _| ()).await;
        let plain = stage(&world, |config, _| config.cache.enabled = false).await;
        (cached, plain)
    });
    let callers = [None, Some("Bearer a"), Some("Bearer b"), Some("Bearer c")];
    let mut runner = TestRunner::new(Cases {
        cases: 40,
        failure_persistence: None,
        ..Cases::default()
    });
    let steps = proptest::collection::vec(step, 1..40);
    let outcome = runner.run(&steps, |steps| {
        runtime.block_on(async {
            for step in &steps {
                match step {
                    Step::Ask(query, caller) => {
                        let (query, caller) = (QUERIES[*query], callers[*caller]);
                        let (mut one, mut other) =
                            tokio::join!(cached.run_as(caller, query), plain.run_as(caller, query));
                        for answer in [&mut one, &mut other] {
                            let errors = answer.get_mut("errors").and_then(Value::as_array_mut);
                            for error in errors.into_iter().flatten() {
                                error["extensions"]["requestId"] = Value::Null;
                            }
                        }
                        assert_eq!(one, other, "{query} as {caller:?}");
                    }
                    Step::Rename(id, title) => {
                        world.rename(id, title);
                        let purged = json!({ "entity": { "type": "Book", "key": { "id": id } } });
                        assert_eq!(cached.purge(OPERATOR, purged).await, 200);
                    }
                }
            }
        });
        Ok(())
    });
    outcome.unwrap();
}

/// Waits for something that another process brings about.
async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..400 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what} does not come about");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_every_router_and_what_routers_share() {
    let folder = tempfile::tempdir().unwrap();
    let redis = RedisServer::start(&folder.path().join("redis"), Durability::Throwaway)
        .await
        .unwrap();
    let mut broker = NatsServer::start(&folder.path().join("nats"))
        .await
        .unwrap();
    let nats = Nats::connect(&broker.url(), "test", 1).await.unwrap();
    eventually("the connection", || async { nats.is_connected() }).await;
    let world = World::new();
    let build = async || {
        let (bus, redis) = (
            nats.clone(),
            coko_core::redis::connect(&redis.url()).unwrap(),
        );
        stage(&world, move |config, deps| {
            config.cache.events = vec![EventPurge {
                stream: "COKO_CATALOG".to_owned(),
                event: "book.updated".to_owned(),
                purge: vec![PurgeRule::Entity {
                    type_name: "Book".to_owned(),
                    key: [("id".to_owned(), "data.book_id".to_owned())].into(),
                }],
            }];
            deps.nats = Some(bus);
            deps.redis = Some(redis);
        })
        .await
    };
    nats.ensure_stream("catalog").await.unwrap();
    let routers = [build().await, build().await];
    let query = "{ book(id: \"1\") { id title stars } }";
    let tell = async |id: &str| {
        let event = json!({ "type": "book.updated", "data": { "book_id": id } });
        let published = nats
            .jetstream
            .publish("coko.catalog.book.updated", event.to_string().into())
            .await
            .unwrap();
        published.await.unwrap();
    };
    // What one asked for the other finds in Redis, once both are done with what they missed before they were there.
    eventually("an answer of the other's", || async {
        routers[0].run(query).await;
        routers[0].world.calls() == {
            routers[1].run(query).await;
            routers[1].world.calls()
        } && routers[1].calls_of(query).await == 0
    })
    .await;
    world.rename("1", "Un chant écarlate");
    assert_eq!(routers[0].calls_of(query).await, 0);
    tell("1").await;
    for router in &routers {
        eventually("the new title", || async {
            router.run(query).await["data"]["book"]["title"] == "Un chant écarlate"
        })
        .await;
    }
    // What happens while the broker is away is heard when it is back.
    broker.kill().await;
    world.rename("1", "Une si longue lettre");
    eventually("the loss", || async { !nats.is_connected() }).await;
    broker.restart().await.unwrap();
    eventually("the connection", || async { nats.is_connected() }).await;
    tell("1").await;
    for router in &routers {
        eventually("the old title", || async {
            router.run(query).await["data"]["book"]["title"] == "Une si longue lettre"
        })
        .await;
    }
    // An operator's purge of one router is everyone's.
    world.rename("1", "Lettre");
    assert_eq!(
        routers[0].purge(OPERATOR, json!({ "type": "Book" })).await,
        200
    );
    for router in &routers {
        eventually("the shortened title", || async {
            router.run(query).await["data"]["book"]["title"] == "Lettre"
        })
        .await;
    }
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_may_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut redis = RedisServer::start(&folder.path().join("redis"), Durability::Throwaway)
        .await
        .unwrap();
    let world = World::new();
    let url = redis.url();
    let build = async || {
        let redis = coko_core::redis::connect(&url).unwrap();
        stage(&world, move |_, deps| deps.redis = Some(redis)).await
    };
    let first = build().await;
    let query = "{ book(id: \"1\") { id title } }";
    let second = build().await;
    eventually("an answer of the other's", || async {
        first.run(query).await;
        second
            .purge(OPERATOR, json!({ "field": "Query.books" }))
            .await;
        second.calls_of(query).await == 0
    })
    .await;
    redis.kill().await;
    assert_eq!(
        first.run(query).await["data"]["book"]["title"],
        "Une si longue lettre"
    );
    // This purge does not reach Redis, so nothing in it counts for this router until everything in it is purged.
    world.rename("1", "Lettre");
    first.purge(OPERATOR, json!({ "type": "Book" })).await;
    assert_eq!(first.run(query).await["data"]["book"]["title"], "Lettre");
    redis.restart().await.unwrap();
    first.purge(OPERATOR, json!({ "type": "Book" })).await;
    assert_eq!(first.run(query).await["data"]["book"]["title"], "Lettre");
    redis.stop().await;
}
