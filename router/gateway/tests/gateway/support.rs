//! Subgraphs of the tests and a gateway before them, each on a port of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{Context, EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use coko_composition::{SubgraphSource, compose};
use coko_gateway::{Config, Dependencies, Gateway, SupergraphSource};
use serde_json::{Value, json};

pub(crate) use crate::rogue::{Mood, Rogue};
use crate::rogue::{ROGUE_SDL, json_response};

#[derive(SimpleObject, Clone)]
pub(crate) struct Book {
    id: ID,
    title: String,
}

fn shelf() -> Vec<Book> {
    [
        ("1", "Une si longue lettre"),
        ("2", "L'Enfant noir"),
        ("3", "Things Fall Apart"),
    ]
    .map(|(id, title)| Book {
        id: id.into(),
        title: title.into(),
    })
    .to_vec()
}

pub(crate) struct BooksQuery;

#[Object(name = "Query")]
impl BooksQuery {
    /// The first books of the shelf.
    async fn books(&self, #[graphql(default = 3)] first: i32) -> Vec<Book> {
        shelf()
            .into_iter()
            .take(usize::try_from(first).unwrap_or(0))
            .collect()
    }

    async fn book(&self, id: ID) -> Option<Book> {
        shelf().into_iter().find(|book| book.id == id)
    }

    /// A header as the subgraph got it.
    async fn received(&self, ctx: &Context<'_>, header: String) -> Option<String> {
        ctx.data_unchecked::<HeaderMap>()
            .get(header)?
            .to_str()
            .ok()
            .map(str::to_owned)
    }

    #[graphql(entity)]
    async fn find_book(&self, id: ID) -> Option<Book> {
        shelf().into_iter().find(|book| book.id == id)
    }
}

pub(crate) struct BooksMutation;

#[Object(name = "Mutation")]
impl BooksMutation {
    async fn rename(&self, ctx: &Context<'_>, id: ID, title: String) -> Book {
        ctx.data_unchecked::<Arc<AtomicUsize>>()
            .fetch_add(1, Ordering::SeqCst);
        Book { id, title }
    }
}

pub(crate) struct ReviewedBook(ID);

#[Object(name = "Book")]
impl ReviewedBook {
    async fn id(&self) -> &ID {
        &self.0
    }

    async fn reviews(&self) -> Vec<Review> {
        vec![Review {
            stars: 4,
            book_id: self.0.clone(),
        }]
    }
}

#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Review {
    stars: i32,
    #[graphql(skip)]
    book_id: ID,
}

#[async_graphql::ComplexObject]
impl Review {
    async fn book(&self) -> ReviewedBook {
        ReviewedBook(self.book_id.clone())
    }
}

pub(crate) struct ReviewsQuery;

#[Object(name = "Query")]
impl ReviewsQuery {
    async fn latest_review(&self) -> Review {
        Review {
            stars: 5,
            book_id: "2".into(),
        }
    }

    #[graphql(entity)]
    async fn reviewed(&self, id: ID) -> ReviewedBook {
        ReviewedBook(id)
    }
}

pub(crate) type Executable<Q, M> = Schema<Q, M, EmptySubscription>;

pub(crate) fn graphql_router<Q, M>(schema: Executable<Q, M>) -> Router
where
    Q: async_graphql::ObjectType + 'static,
    M: async_graphql::ObjectType + 'static,
{
    let answer = |State(schema): State<Executable<Q, M>>, headers: HeaderMap, body: Bytes| async move {
        let request: async_graphql::Request =
            serde_json::from_slice(&body).expect("the gateway sends GraphQL");
        let response = schema.execute(request.data(headers)).await;
        json_response(serde_json::to_string(&response).expect("a response is JSON"))
    };
    Router::new()
        .route("/graphql", post(answer))
        .with_state(schema)
}

pub(crate) fn books() -> Executable<BooksQuery, BooksMutation> {
    counted_books(Arc::default())
}

/// `renames` counts how often the mutation ran.
fn counted_books(renames: Arc<AtomicUsize>) -> Executable<BooksQuery, BooksMutation> {
    Schema::build(BooksQuery, BooksMutation, EmptySubscription)
        .enable_federation()
        .data(renames)
        .finish()
}

fn reviews() -> Executable<ReviewsQuery, EmptyMutation> {
    Schema::build(ReviewsQuery, EmptyMutation, EmptySubscription)
        .enable_federation()
        .finish()
}

pub(crate) fn federation_sdl<Q, M>(schema: &Executable<Q, M>) -> String
where
    Q: async_graphql::ObjectType + 'static,
    M: async_graphql::ObjectType + 'static,
{
    schema.sdl_with_options(async_graphql::SDLExportOptions::new().federation())
}

/// Serves a router on a port of its own; answers its address.
pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
        axum::serve(listener, service)
            .await
            .expect("the server runs");
    });
    format!("http://{address}")
}

/// Serves a gateway as a process does; answers its address.
pub(crate) async fn serve_gateway(gateway: &Gateway) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    let front = gateway.front(gateway.router());
    let listening = gateway.listening().expect("certificates that can be read");
    tokio::spawn(async move {
        let stop = tokio_util::sync::CancellationToken::new();
        coko_core::listen::serve(listener, front, listening, stop)
            .await
            .expect("the server runs");
    });
    format!("http://{address}")
}

/// A gateway before three subgraphs.
pub(crate) struct Stack {
    pub(crate) gateway: Gateway,
    pub(crate) url: String,
    pub(crate) rogue: Rogue,
    pub(crate) renames: Arc<AtomicUsize>,
    pub(crate) sdl: String,
    pub(crate) client: reqwest::Client,
}

/// How the subgraphs are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    OverHttp,
    InProcess,
}

/// A stack with the default configuration.
pub(crate) async fn stack() -> Stack {
    stack_with(Shape::OverHttp, |_, _| ()).await
}

/// A stack whose configuration and dependencies are changed first.
pub(crate) async fn stack_with(
    shape: Shape,
    change: impl FnOnce(&mut Config, &mut Dependencies),
) -> Stack {
    let rogue = Rogue::default();
    let renames = Arc::new(AtomicUsize::new(0));
    let routers = [
        (
            "books",
            federation_sdl(&books()),
            graphql_router(counted_books(renames.clone())),
        ),
        (
            "reviews",
            federation_sdl(&reviews()),
            graphql_router(reviews()),
        ),
        ("rogue", ROGUE_SDL.to_owned(), rogue.router()),
    ];
    let mut sources = Vec::new();
    let mut in_process = HashMap::new();
    for (name, sdl, router) in routers {
        let url = match shape {
            Shape::OverHttp => format!("{}/graphql", serve(router).await),
            Shape::InProcess => {
                in_process.insert(name.to_owned(), router);
                String::new()
            }
        };
        sources.push(SubgraphSource {
            name: name.to_owned(),
            url,
            sdl,
        });
    }
    let sdl = compose(&sources)
        .unwrap_or_else(|error| panic!("{error}"))
        .sdl;
    let mut config = Config {
        supergraph: SupergraphSource::Sdl(sdl.clone()),
        ..Config::default()
    };
    config.timeouts.subgraph_ms = 1_000;
    let mut deps = Dependencies {
        in_process,
        ..Dependencies::default()
    };
    change(&mut config, &mut deps);
    let gateway = Gateway::build(config, deps)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let url = serve_gateway(&gateway).await;
    Stack {
        gateway,
        url,
        rogue,
        renames,
        sdl,
        client: reqwest::Client::new(),
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let answer = Self {
            status,
            headers,
            body,
        };
        answer.check_errors();
        answer
    }

    /// Every error is well-formed and coded, whatever happened.
    fn check_errors(&self) {
        let answers = match &self.body {
            Value::Array(answers) => answers.as_slice(),
            one => std::slice::from_ref(one),
        };
        for error in answers
            .iter()
            .filter_map(|answer| answer["errors"].as_array())
            .flatten()
        {
            assert!(error["message"].is_string(), "{error}");
            assert!(error["extensions"]["code"].is_string(), "{error}");
            assert!(error["extensions"]["requestId"].is_string(), "{error}");
        }
    }

    pub(crate) fn codes(&self) -> Vec<&str> {
        let errors = self.body["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        errors
            .iter()
            .filter_map(|error| error["extensions"]["code"].as_str())
            .collect()
    }

    pub(crate) fn data(&self) -> &Value {
        assert_eq!(self.codes(), Vec::<&str>::new(), "{}", self.body);
        &self.body["data"]
    }
}

impl Stack {
    pub(crate) fn endpoint(&self) -> String {
        format!("{}/graphql", self.url)
    }

    pub(crate) fn post(&self, body: &Value) -> reqwest::RequestBuilder {
        self.client
            .post(self.endpoint())
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json")
            .body(body.to_string())
    }

    pub(crate) async fn run(&self, query: &str) -> Answer {
        self.send(self.post(&json!({ "query": query }))).await
    }

    pub(crate) async fn run_with(&self, query: &str, variables: Value) -> Answer {
        self.send(self.post(&json!({ "query": query, "variables": variables })))
            .await
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::of(request.send().await.expect("an answer")).await
    }
}
