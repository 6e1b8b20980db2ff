//! What the gateway is for: one query over several subgraphs, the same in both shapes.

use serde_json::json;

use crate::support::{Shape, Stack, stack, stack_with};

async fn both() -> [Stack; 2] {
    [stack().await, stack_with(Shape::InProcess, |_, _| ()).await]
}

#[tokio::test]
async fn one_query_over_three_subgraphs() {
    for stack in both().await {
        let answer = stack.run("{ books(first: 2) { title reviews { stars } rating } latestReview { book { title } } mood }").await;
        assert_eq!(
            answer.data(),
            &json!({
                "books": [
                    { "title": "Une si longue lettre", "reviews": [{ "stars": 4 }], "rating": 10 },
                    { "title": "L'Enfant noir", "reviews": [{ "stars": 4 }], "rating": 20 },
                ],
                "latestReview": { "book": { "title": "L'Enfant noir" } },
                "mood": "well",
            })
        );
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn variables_fragments_and_conditions() {
    for stack in both().await {
        let query = "query Q($id: ID!, $with: Boolean = false) { a: book(id: $id) { ...F } b: book(id: \"9\") { title } }
                     fragment F on Book { name: title rating @include(if: $with) }";
        let answer = stack.run_with(query, json!({ "id": 3 })).await;
        assert_eq!(
            answer.data(),
            &json!({ "a": { "name": "Things Fall Apart" }, "b": null })
        );
        let answer = stack
            .run_with(query, json!({ "id": "3", "with": true }))
            .await;
        assert_eq!(
            answer.data(),
            &json!({ "a": { "name": "Things Fall Apart", "rating": 30 }, "b": null })
        );
        let answer = stack.run_with(query, json!({ "with": "yes" })).await;
        assert_eq!(answer.codes(), ["VALIDATION_FAILED", "VALIDATION_FAILED"]);
        assert_eq!(answer.status, 400);
    }
}

#[tokio::test]
async fn mutations_and_introspection() {
    for stack in both().await {
        let answer = stack.run("mutation { a: rename(id: \"1\", title: \"A\") { title rating } b: rename(id: \"2\", title: \"B\") { title } }").await;
        assert_eq!(
            answer.data(),
            &json!({ "a": { "title": "A", "rating": 10 }, "b": { "title": "B" } })
        );
        let answer = stack.run("{ __typename __schema { queryType { name } } __type(name: \"Book\") { fields { name } } }").await;
        let fields = answer.data()["__type"]["fields"].as_array().unwrap();
        assert_eq!(fields.len(), 5, "{fields:?}");
        assert_eq!(answer.data()["__typename"], "Query");
    }
}

#[tokio::test]
async fn what_is_sent_along_to_subgraphs() {
    for stack in both().await {
        let query = r#"{ id: received(header: "x-request-id") language: received(header: "accept-language")
            token: received(header: "authorization") saver: received(header: "save-data") trace: received(header: "traceparent")
            cookie: received(header: "cookie") forged: received(header: "coko-request") }"#;
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let request = stack
            .post(&json!({ "query": query }))
            .header("x-request-id", "mine-1")
            .header("accept-language", "fr")
            .header("authorization", "Bearer abc")
            .header("save-data", "on")
            .header("cookie", "secret=1")
            .header("coko-request", "forged")
            .header("traceparent", trace);
        let answer = stack.send(request).await;
        assert_eq!(
            answer.data(),
            &json!({ "id": "mine-1", "language": "fr", "token": "Bearer abc", "saver": "on", "trace": trace, "cookie": null, "forged": null })
        );
        assert_eq!(answer.headers["x-request-id"], "mine-1");
    }
}

#[tokio::test]
async fn plans_are_shown() {
    let stack = stack().await;
    let answer = stack
        .send(
            stack
                .client
                .post(format!("{}?plan=1", stack.endpoint()))
                .header("content-type", "application/json")
                .body(json!({ "query": "{ books { rating } }" }).to_string()),
        )
        .await;
    let text = answer.body["extensions"]["plan"]["text"].as_str().unwrap();
    assert!(text.contains("books") && text.contains("rogue"), "{text}");
    let explained = coko_gateway::explain(&stack.sdl, "{ books { rating } }", None).unwrap();
    assert_eq!((explained.text.as_str(), explained.fetches), (text, 2));
    let fault = coko_gateway::explain(&stack.sdl, "{ boks }", None)
        .unwrap_err()
        .to_string();
    assert!(
        fault.contains("boks") && fault.contains("line 1"),
        "{fault}"
    );
}

#[tokio::test]
async fn a_supergraph_composed_from_running_subgraphs() {
    use coko_gateway::{Config, Dependencies, Gateway, SupergraphSource};
    let other = stack().await;
    // The gateway's own subgraphs answer `_service`; the handwritten one does not, and is left out.
    let schema = coko_gateway::explain(&other.sdl, "{ books { title } }", None);
    assert!(schema.is_ok());
    let sdl = &other.sdl;
    let urls = ["books", "reviews"].map(|name| {
        let line = sdl
            .lines()
            .find(|line| line.contains(&format!("name: \"{name}\"")))
            .unwrap();
        (name.to_owned(), line.split('"').nth(3).unwrap().to_owned())
    });
    let config = Config {
        supergraph: SupergraphSource::Compose(urls.into()),
        ..Config::default()
    };
    let gateway = Gateway::build(config, Dependencies::default())
        .await
        .unwrap();
    assert!(gateway.public_sdl().contains("latestReview"));
    let missing = Config {
        supergraph: SupergraphSource::Compose(
            [("gone".to_owned(), "http://127.0.0.1:1/graphql".to_owned())].into(),
        ),
        ..Config::default()
    };
    let error = Gateway::build(missing, Dependencies::default())
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("subgraph gone does not answer"), "{error}");
}

/// What tools send, as graphql-js writes it.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind }
    subscriptionType { name kind } types { ...FullType } directives { name description isRepeatable locations
    args(includeDeprecated: true) { ...InputValue } } } }
    fragment FullType on __Type { kind name description specifiedByURL fields(includeDeprecated: true) { name description
    args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
    inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef } enumValues(includeDeprecated: true) {
    name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

#[tokio::test]
async fn tools_can_introspect() {
    let stack = stack().await;
    let answer = stack.run(INTROSPECTION).await;
    let types = answer.data()["__schema"]["types"].as_array().unwrap();
    let book = types
        .iter()
        .find(|definition| definition["name"] == "Book")
        .unwrap();
    assert_eq!(book["fields"].as_array().unwrap().len(), 5);
    let shown = answer.body.to_string();
    assert!(
        !shown.contains("join__") && !shown.contains("_entities"),
        "federation stays inside"
    );
}
