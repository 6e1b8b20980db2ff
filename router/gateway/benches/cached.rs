//! The whole pipeline for a persisted query whose answer is cached: routing, authentication, a rate limit, metrics, and
//! one answer of some eight kilobytes. One thread does all of it, so the time is the CPU time.

use std::hint::black_box;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use axum::routing::post;
use coko_composition::{SubgraphSource, compose};
use coko_core::clock::Clock;
use coko_core::identity::{KeySet, Minter, Revocations, RootKey, UserGrant, Verifier};
use coko_core::rate_limit::Quota;
use coko_core::service::{Bus, Recording};
use coko_gateway::{Config, Dependencies, Gateway, SupergraphSource};
use criterion::Criterion;
use http_body_util::BodyExt as _;
use serde_json::json;
use time::Duration;
use tower::ServiceExt as _;
use uuid::Uuid;

const SDL: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])
    type Query { books(first: Int!): [Book!]! }
    type Book @key(fields: "id") { id: ID! title: String! description: String }
"#;

/// A subgraph with one answer.
fn books() -> axum::Router {
    let books: Vec<_> = (0..40)
        .map(|id| json!({ "id": id.to_string(), "title": format!("Book {id}"), "description": "d".repeat(140) }))
        .collect();
    let body = json!({ "data": { "books": books } }).to_string();
    let answer = move || {
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "public, max-age=86400"),
        ];
        let body = body.clone();
        async move { (headers, body) }
    };
    axum::Router::new().route("/graphql", post(answer))
}

async fn gateway(operations: bool) -> (axum::Router, String, String) {
    let source = SubgraphSource {
        name: "books".to_owned(),
        url: String::new(),
        sdl: SDL.to_owned(),
    };
    let sdl = compose(&[source])
        .unwrap_or_else(|error| panic!("{error}"))
        .sdl;
    let clock = Clock::system();
    let root = RootKey::from_seed(1, &[7; 32]).expect("a seed of 32 bytes is a key");
    let keys = KeySet::new(&[root.published()]).expect("one key");
    let revocations = Revocations::new(&Bus::Recording(Recording::default()), clock.clone());
    let mut config = Config {
        supergraph: SupergraphSource::Sdl(sdl),
        ..Config::default()
    };
    config.cache.enabled = true;
    config.cache.operations = operations;
    config.rate_limits.user = Some(Quota::new(1_000_000_000, std::time::Duration::from_secs(1)));
    let deps = Dependencies {
        verifier: Some(Arc::new(Verifier::new(keys, revocations, clock.clone()))),
        in_process: [("books".to_owned(), books())].into(),
        ..Dependencies::default()
    };
    let gateway = Gateway::build(config, deps)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let document = "query($first: Int!) { books(first: $first) { id title description } }";
    gateway
        .publish_operations(&[("books".to_owned(), document.to_owned())].into())
        .unwrap_or_else(|error| panic!("{error}"));
    let grant = UserGrant {
        user: Uuid::from_u128(1),
        session: Uuid::from_u128(2),
        roles: vec!["user".to_owned()],
        rights: Vec::new(),
        plan: None,
        expires_at: clock.now() + Duration::hours(1),
    };
    let token = Minter::new(root)
        .user(&grant)
        .expect("a grant makes a token")
        .token;
    (
        gateway.router(),
        "/graphql/books?variables=%7B%22first%22%3A40%7D".to_owned(),
        token,
    )
}

async fn ask(router: &axum::Router, path: &str, token: &str) -> usize {
    let request = Request::get(path)
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "application/graphql-response+json")
        .body(Body::empty())
        .expect("a well-formed request");
    let response = router
        .clone()
        .oneshot(request)
        .await
        .unwrap_or_else(|never| match never {});
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.expect("a body");
    body.to_bytes().len()
}

fn cached(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for (name, operations) in [("whole answer", true), ("from cached fetches", false)] {
        let (router, path, token) = runtime.block_on(gateway(operations));
        let bytes = runtime.block_on(ask(&router, &path, &token));
        assert!(bytes > 7_000, "{bytes}");
        criterion.bench_function(&format!("a cached persisted query, {name}"), |bencher| {
            bencher.iter(|| runtime.block_on(ask(black_box(&router), &path, &token)));
        });
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    cached(&mut criterion);
    criterion.final_summary();
}
