//! A gateway before subgraphs that answer nothing, without a socket.

use std::collections::HashMap;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::post;
use coko_composition::{SubgraphSource, compose};
use coko_gateway::{Config, Dependencies, Gateway, SupergraphSource};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

const BOOKS: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@authenticated", "@cost", "@listSize"])
    type Query { book(id: ID!): Book books(first: Int = 10, by: Order = { field: TITLE }): [Book!]! @listSize(slicingArguments: ["first"])
      search(text: String!): [Found!]! node(id: ID!): Node secret: String @authenticated }
    type Mutation { rename(id: ID!, title: String!): Book }
    type Subscription { renamed: Book }
    interface Node { id: ID! }
    type Book implements Node @key(fields: "id") { id: ID! title: String pages: Int author: Author similar(first: Int): [Book!]! }
    type Author implements Node @key(fields: "id") { id: ID! name: String books: [Book!]! kind: Kind }
    union Found = Book | Author
    enum Kind { POET NOVELIST }
    input Order { field: Field! down: Boolean = false then: Order }
    enum Field { TITLE YEAR }
    scalar Date
"#;
const REVIEWS: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires"])
    type Book @key(fields: "id") { id: ID! title: String @external reviews(first: Int): [Review!]! slug: String @requires(fields: "title") }
    type Review { id: ID! stars: Int! text: String book: Book! author: Author }
    type Author @key(fields: "id") { id: ID! reviews: [Review!]! }
"#;

struct Stack {
    runtime: Runtime,
    router: Router,
}

thread_local! {
    static STACK: Stack = Stack::start();
}

impl Stack {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(1)
            .build()
            .expect("a runtime");
        let sources = [("books", BOOKS), ("reviews", REVIEWS)].map(|(name, sdl)| SubgraphSource {
            name: name.to_owned(),
            url: String::new(),
            sdl: sdl.to_owned(),
        });
        let answer = || async {
            (
                [(header::CONTENT_TYPE, "application/json")],
                r#"{"data":{"book":null,"_entities":[]}}"#,
            )
        };
        let subgraph = Router::new().route("/graphql", post(answer));
        let in_process: HashMap<String, Router> = sources
            .iter()
            .map(|source| (source.name.clone(), subgraph.clone()))
            .collect();
        let config = Config {
            supergraph: SupergraphSource::Sdl(compose(&sources).expect("they compose").sdl),
            ..Config::default()
        };
        let dependencies = Dependencies {
            in_process,
            ..Dependencies::default()
        };
        let router = runtime
            .block_on(Gateway::build(config, dependencies))
            .expect("the gateway starts")
            .router();
        Self { runtime, router }
    }
}

/// Sends a request and looks at what every answer must be: not our fault, and coded when it is GraphQL.
pub fn check(request: Request<Body>) {
    STACK.with(|stack| {
        let told = format!("{request:?}");
        let (response, body) = stack.runtime.block_on(async {
            let response: Response<Body> = match stack.router.clone().oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            let (parts, body) = response.into_parts();
            let body: Bytes = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(error) => panic!("the answer breaks off: {error}: {told}"),
            };
            (parts, body)
        });
        assert_ne!(response.status, StatusCode::INTERNAL_SERVER_ERROR, "{told}: {body:?}");
        let graphql = response.headers.get(header::CONTENT_TYPE).is_some_and(|media| {
            media.as_bytes().starts_with(b"application/graphql-response+json")
        });
        if graphql && !response.headers.contains_key(header::CONTENT_ENCODING) && !body.is_empty() {
            let answer: serde_json::Value =
                serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{error}: {body:?}"));
            for error in answer["errors"].as_array().into_iter().flatten() {
                let code = error["extensions"]["code"].as_str();
                assert!(code.is_some(), "{told}: {answer}");
                // The subgraphs here do not keep their schema; the gateway itself has no such excuse.
                let ours = error.get("path").is_none() && error["extensions"].get("service").is_none();
                assert!(!(ours && code == Some("INTERNAL")), "{told}: {answer}");
            }
        }
    });
}
