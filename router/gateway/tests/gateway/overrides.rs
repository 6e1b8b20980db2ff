//! Progressive `@override`: decided for each request, and no plan of one decision is used for another.

use std::collections::BTreeMap;

use axum::Router;
use axum::routing::post;
use coko_composition::{SubgraphSource, compose};
use coko_gateway::config::{LabelRule, OverridesConfig, ShareBy};
use coko_gateway::{Config, Dependencies, Gateway, SupergraphSource};
use serde_json::{Value, json};

use crate::support::{Answer, serve};

const OLD: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
    type Query { book: Book }
    type Book @key(fields: "id") { id: ID! price: Int rating: Int }
"#;
const NEW: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@override"])
    type Book @key(fields: "id") { id: ID! price: Int @override(from: "old", label: "new-prices")
      rating: Int @override(from: "old", label: "percent(30)") }
"#;

fn answering(body: Value) -> Router {
    let answer = move || {
        let body = body.to_string();
        async move { ([("content-type", "application/json")], body) }
    };
    Router::new().route("/graphql", post(answer))
}

/// A gateway with these rules; answers its endpoint.
async fn gateway(overrides: OverridesConfig) -> String {
    let subgraphs = [
        (
            "old",
            OLD,
            json!({"data": {"book": {"__typename": "Book", "id": "1", "price": 1, "rating": 1}}}),
        ),
        (
            "new",
            NEW,
            json!({"data": {"_entities": [{"price": 2, "rating": 2}]}}),
        ),
    ];
    let mut sources = Vec::new();
    for (name, sdl, answer) in subgraphs {
        sources.push(SubgraphSource {
            name: name.to_owned(),
            url: format!("{}/graphql", serve(answering(answer)).await),
            sdl: sdl.to_owned(),
        });
    }
    let config = Config {
        supergraph: SupergraphSource::Sdl(compose(&sources).unwrap().sdl),
        overrides,
        ..Config::default()
    };
    let gateway = Gateway::build(config, Dependencies::default())
        .await
        .unwrap();
    format!("{}/graphql", serve(gateway.router()).await)
}

async fn ask(endpoint: &str, field: &str, header: (&str, &str)) -> Value {
    let request = reqwest::Client::new()
        .post(endpoint)
        .header("content-type", "application/json")
        .header(header.0, header.1)
        .body(json!({"query": format!("{{ book {{ {field} }} }}")}).to_string());
    let answer = Answer::of(request.send().await.unwrap()).await;
    answer.data()["book"][field].clone()
}

fn labels(rule: LabelRule) -> OverridesConfig {
    OverridesConfig {
        labels: BTreeMap::from([("new-prices".to_owned(), rule)]),
        share_by: ShareBy::Request,
    }
}

#[tokio::test]
async fn a_label_is_on_for_requests_with_the_header() {
    let endpoint = gateway(labels(LabelRule::Header {
        name: "x-beta".to_owned(),
        value: Some("yes".to_owned()),
    }))
    .await;
    for (value, price) in [("no", 1), ("yes", 2), ("yes", 2), ("no", 1), ("", 1)] {
        assert_eq!(ask(&endpoint, "price", ("x-beta", value)).await, price);
    }
}

#[tokio::test]
async fn a_label_is_off_unless_it_is_configured() {
    let off = gateway(OverridesConfig::default()).await;
    assert_eq!(ask(&off, "price", ("x-a", "a")).await, 1);
    let on = gateway(labels(LabelRule::On)).await;
    assert_eq!(ask(&on, "price", ("x-a", "a")).await, 2);
}

#[tokio::test]
async fn a_share_is_the_same_for_the_same_request_id() {
    let endpoint = gateway(labels(LabelRule::Percent(50.0))).await;
    for field in ["price", "rating"] {
        let mut moved = 0;
        for number in 0..40 {
            let id = format!("request-{number}");
            let first = ask(&endpoint, field, ("x-request-id", &id)).await;
            let again = ask(&endpoint, field, ("x-request-id", &id)).await;
            assert_eq!(first, again, "{id}");
            moved += i32::from(first == 2);
        }
        // The draw is by hash, so the number is always the same; what matters is that some moved and some did not.
        assert!((4..36).contains(&moved), "{field}: {moved}");
    }
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_refused() {
    let config = Config {
        supergraph: SupergraphSource::Sdl(String::new()),
        overrides: labels(LabelRule::Percent(101.0)),
        ..Config::default()
    };
    let error = Gateway::build(config, Dependencies::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("new-prices"), "{error}");
}
