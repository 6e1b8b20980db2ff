//! `@defer` over the wire: parts as they come to be, for those who take them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use futures::join;
use http::Request;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::cached::{World, stage};
use crate::clients::{Events, Talk};
use crate::live::eventually;
use crate::parts::{ACCEPT, Parts};
use crate::support::{Mood, Shape, Stack, stack, stack_with};

const QUERY: &str = "{ books(first: 2) { title ... @defer(label: \"rating\") { rating } } }";

impl Stack {
    fn in_parts(&self, query: &str) -> RequestBuilder {
        self.in_parts_with(query, &json!({}))
    }

    fn in_parts_with(&self, query: &str, variables: &Value) -> RequestBuilder {
        self.client
            .post(self.endpoint())
            .header("accept", ACCEPT)
            .json(&json!({ "query": query, "variables": variables }))
    }
}

fn initial() -> Value {
    let titles = [
        json!({ "title": "Une si longue lettre" }),
        json!({ "title": "L'Enfant noir" }),
    ];
    json!({ "data": { "books": titles }, "hasNext": true })
}

fn following() -> Value {
    let entry = |index: usize, rating: u32| json!({ "data": { "rating": rating }, "path": ["books", index], "label": "rating" });
    json!({ "incremental": [entry(0, 10), entry(1, 20)], "hasNext": false })
}

fn whole() -> Value {
    json!({ "books": [
        { "title": "Une si longue lettre", "rating": 10 },
        { "title": "L'Enfant noir", "rating": 20 },
    ] })
}

#[tokio::test]
async fn the_first_part_does_not_wait_for_what_is_deferred() {
    for shape in [Shape::OverHttp, Shape::InProcess] {
        let stack = stack_with(shape, |config, _| config.timeouts.subgraph_ms = 20_000).await;
        stack.rogue.feel(Mood::Held);
        let mut parts = Parts::of(stack.in_parts(QUERY)).await;
        assert_eq!(parts.part().await, initial());
        eventually(|| stack.rogue.calls.load(Ordering::SeqCst) == 1).await;
        assert_eq!(stack.gateway.in_flight(), 1);
        stack.rogue.release(Mood::Well);
        assert_eq!(parts.part().await, following());
        assert_eq!(parts.next().await, None);
        eventually(|| stack.gateway.in_flight() == 0).await;
    }
}

#[tokio::test]
async fn fragments_come_in_the_order_in_which_they_can() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.timeouts.subgraph_ms = 20_000;
    })
    .await;
    stack.rogue.feel(Mood::Held);
    let query = "query Q($later: Boolean! = true) { book(id: \"1\") { title ... @defer(label: \"slow\", if: $later) { rating } ...F @defer(label: \"fast\") } }
                 fragment F on Book { reviews { stars } }";
    let mut parts = Parts::of(stack.in_parts(query)).await;
    assert_eq!(
        parts.part().await["data"],
        json!({ "book": { "title": "Une si longue lettre" } })
    );
    let fast =
        json!({ "data": { "reviews": [{ "stars": 4 }] }, "path": ["book"], "label": "fast" });
    assert_eq!(
        parts.part().await,
        json!({ "incremental": [fast], "hasNext": true })
    );
    stack.rogue.release(Mood::Well);
    let slow = json!({ "data": { "rating": 10 }, "path": ["book"], "label": "slow" });
    assert_eq!(
        parts.part().await,
        json!({ "incremental": [slow], "hasNext": false })
    );
    assert_eq!(parts.next().await, None);
    let mut parts = Parts::of(stack.in_parts_with(query, &json!({ "later": false }))).await;
    assert_eq!(parts.part().await["data"]["book"]["rating"], 10);
    assert_eq!(
        parts.part().await,
        json!({ "incremental": [fast], "hasNext": false })
    );
}

#[tokio::test]
async fn who_takes_no_parts_is_answered_whole() {
    let stack = stack().await;
    for accept in [
        "application/json",
        "application/graphql-response+json",
        "*/*",
        "multipart/mixed;deferSpec=20991231, application/json",
        "multipart/mixed;subscriptionSpec=1.0, application/json",
    ] {
        let request = stack.client.post(stack.endpoint());
        let request = request
            .header("accept", accept)
            .json(&json!({ "query": QUERY }));
        assert_eq!(stack.send(request).await.data(), &whole(), "{accept}");
    }
    // Nothing is gained by parts here, or there are none.
    for query in [
        "{ book(id: \"1\") { id ... @defer { title } } }",
        "{ book(id: \"1\") { id ... @defer(if: false) { rating } } }",
        "{ book(id: \"1\") { id } }",
    ] {
        assert_eq!(
            stack.send(stack.in_parts(query)).await.data()["book"]["id"],
            "1"
        );
    }
    let off = stack_with(Shape::OverHttp, |config, _| config.incremental = false).await;
    assert_eq!(off.send(off.in_parts(QUERY)).await.data(), &whole());
    let batching = stack_with(Shape::OverHttp, |config, _| config.batching.enabled = true).await;
    let request = batching.client.post(batching.endpoint());
    let request = request
        .header("accept", ACCEPT)
        .json(&json!([{ "query": QUERY }]));
    assert_eq!(
        batching.send(request).await.body,
        json!([{ "data": whole() }])
    );
}

#[tokio::test]
async fn multipart_alone_is_enough() {
    let stack = stack().await;
    let request = |query: &str| {
        let request = stack.client.post(stack.endpoint());
        request
            .header("accept", "multipart/mixed")
            .json(&json!({ "query": query }))
    };
    let mut parts = Parts::of(request(QUERY)).await;
    assert_eq!(parts.part().await, initial());
    assert_eq!(parts.part().await, following());
    // What has no parts is JSON, as with subscriptions.
    assert_eq!(stack.send(request("{ mood }")).await.data()["mood"], "well");
}

#[tokio::test]
async fn streams_have_parts_too() {
    let stack = stack().await;
    let request = stack.client.post(stack.endpoint());
    let request = request
        .header("accept", "text/event-stream")
        .json(&json!({ "query": QUERY }));
    let mut events = Events::of(request.send().await.unwrap()).await;
    assert_eq!(events.answer().await, initial());
    assert_eq!(events.answer().await, following());
    assert_eq!(events.next().await.unwrap().event, "complete");
    assert_eq!(events.next().await, None);

    let mut talk = Talk::connect(&stack.url, &[]).await.unwrap();
    talk.initialise(json!({})).await;
    talk.subscribe("a", QUERY).await;
    for payload in [initial(), following()] {
        let expected = json!({ "id": "a", "type": "next", "payload": payload });
        assert_eq!(talk.message().await, expected);
    }
    assert_eq!(
        talk.message().await,
        json!({ "id": "a", "type": "complete" })
    );
    // Given up in the middle, it ends there.
    stack.rogue.feel(Mood::Held);
    talk.subscribe("b", QUERY).await;
    assert_eq!(talk.message().await["payload"], initial());
    assert_eq!(stack.gateway.in_flight(), 1);
    talk.say(json!({ "id": "b", "type": "complete" })).await;
    eventually(|| stack.gateway.in_flight() == 0).await;
}

#[tokio::test]
async fn failures_of_deferred_fetches_are_errors_of_their_part() {
    let stack = stack().await;
    for (mood, code) in [
        (Mood::Http500, "DOWNSTREAM_UNAVAILABLE"),
        (Mood::NotJson, "DOWNSTREAM_UNAVAILABLE"),
        (Mood::Errors, "INTERNAL"),
        (Mood::Slow, "TIMEOUT"),
    ] {
        stack.rogue.feel(mood);
        let mut parts = Parts::of(stack.in_parts(QUERY)).await;
        assert_eq!(parts.part().await, initial(), "{mood:?}");
        let part = parts.part().await;
        for entry in part["incremental"].as_array().unwrap() {
            assert_eq!(entry["data"], json!({ "rating": null }), "{mood:?}: {part}");
            let error = &entry["errors"][0];
            assert_eq!(error["extensions"]["code"], code, "{mood:?}: {part}");
            assert!(error["extensions"]["requestId"].is_string());
            assert_eq!(error["path"][0], "books");
        }
        assert_eq!(part["hasNext"], false);
        assert_eq!(parts.next().await, None);
    }
    // `stock` may not be null: its fragment is, and what was delivered stands.
    stack.rogue.feel(Mood::Http500);
    let query = "{ book(id: \"1\") { title ... @defer { stock } } }";
    let mut parts = Parts::of(stack.in_parts(query)).await;
    assert_eq!(
        parts.part().await["data"]["book"]["title"],
        "Une si longue lettre"
    );
    let part = parts.part().await;
    let entry = &part["incremental"][0];
    assert_eq!(
        (&entry["data"], &entry["path"]),
        (&Value::Null, &json!(["book"]))
    );
    assert_eq!(entry["errors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_deadline_is_that_of_the_whole_request() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.timeouts.subgraph_ms = 20_000;
        config.timeouts.request_ms = 500;
    })
    .await;
    stack.rogue.feel(Mood::Slow);
    let mut parts = Parts::of(stack.in_parts(QUERY)).await;
    assert_eq!(parts.part().await, initial());
    let part = tokio::time::timeout(Duration::from_secs(5), parts.part())
        .await
        .unwrap();
    assert_eq!(
        part["incremental"][0]["errors"][0]["extensions"]["code"],
        "TIMEOUT"
    );
}

#[tokio::test]
async fn nothing_goes_on_for_a_client_that_is_gone() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.limits.in_flight = 1;
        config.timeouts.subgraph_ms = 20_000;
    })
    .await;
    stack.rogue.feel(Mood::Held);
    let mut parts = Parts::of(stack.in_parts(QUERY)).await;
    assert_eq!(parts.part().await, initial());
    // It counts as under way until its last part.
    assert_eq!(
        stack.run("{ books { id } }").await.codes(),
        ["RATE_LIMITED"]
    );
    drop(parts);
    eventually(|| stack.gateway.in_flight() == 0).await;
    assert_eq!(stack.run("{ books { id } }").await.codes(), [""; 0]);
}

#[tokio::test]
async fn who_does_not_read_the_parts_holds_no_room() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.timeouts.subgraph_ms = 20_000;
    })
    .await;
    stack.rogue.feel(Mood::Held);
    let request = Request::post("/graphql")
        .header("accept", ACCEPT)
        .header("content-type", "application/json")
        .body(Body::from(json!({ "query": QUERY }).to_string()))
        .unwrap();
    let response = stack.gateway.router().oneshot(request).await.unwrap();
    assert_eq!(stack.gateway.in_flight(), 1);
    stack.rogue.release(Mood::Well);
    eventually(|| stack.gateway.in_flight() == 0).await;
    let unread = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert!(unread.ends_with(b"\r\n-----\r\n"), "{unread:?}");
}

#[tokio::test]
async fn who_may_not_have_a_deferred_field_gets_nothing() {
    let stack = stack_with(Shape::OverHttp, |config, _| config.limits.cost = 20).await;
    let refused = stack
        .send(stack.in_parts("{ mood ... @defer { secret } }"))
        .await;
    assert_eq!(
        (refused.status, refused.codes()),
        (401, vec!["UNAUTHENTICATED"])
    );
    assert!(refused.body.get("data").is_none());
    let costly = "{ book(id: \"1\") { id ... @defer { reviews { book { reviews { stars } } } } } }";
    assert_eq!(
        stack.send(stack.in_parts(costly)).await.codes(),
        ["COST_LIMIT_EXCEEDED"]
    );
}

#[tokio::test]
async fn misplaced_directives_are_refused() {
    let stack = stack().await;
    for query in [
        "mutation { ... @defer { rename(id: \"1\", title: \"x\") { id } } }",
        "{ ... @defer(label: \"a\") { mood } ... @defer(label: \"a\") { mood } }",
        "query($l: String) { ... @defer(label: $l) { mood } }",
        "{ mood @defer }",
        "{ ... @defer(if: 1) { mood } }",
    ] {
        let refused = stack.send(stack.in_parts(query)).await;
        assert_eq!(refused.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{query}");
    }
}

#[tokio::test]
async fn a_mutation_changes_before_its_first_part() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.traffic.operation_deduplication = true;
        config.timeouts.subgraph_ms = 20_000;
    })
    .await;
    stack.rogue.feel(Mood::Held);
    let query = "mutation { rename(id: \"1\", title: \"x\") { title ... @defer { rating } } }";
    let mut parts = Parts::of(stack.in_parts(query)).await;
    assert_eq!(
        parts.part().await["data"],
        json!({ "rename": { "title": "x" } })
    );
    assert_eq!(stack.renames.load(Ordering::SeqCst), 1);
    stack.rogue.release(Mood::Well);
    assert_eq!(
        parts.part().await["incremental"][0]["data"],
        json!({ "rating": 10 })
    );
}

#[tokio::test]
async fn parts_are_shared_with_nobody() {
    let stack = stack_with(Shape::OverHttp, |config, _| {
        config.traffic.operation_deduplication = true;
        config.timeouts.subgraph_ms = 20_000;
    })
    .await;
    stack.rogue.feel(Mood::Held);
    let mut first = Parts::of(stack.in_parts(QUERY)).await;
    let mut second = Parts::of(stack.in_parts(QUERY)).await;
    let together = async {
        join!(stack.run(QUERY), async {
            eventually(|| stack.gateway.in_flight() == 3).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            stack.rogue.release(Mood::Well);
        })
    };
    let (answer, ()) = together.await;
    assert_eq!(answer.body, json!({ "data": whole() }));
    for parts in [&mut first, &mut second] {
        assert_eq!(parts.part().await, initial());
        assert_eq!(parts.part().await, following());
    }
}

#[tokio::test]
async fn what_is_kept_is_whole() {
    let stage = stage(&World::new(), |_, _| ()).await;
    let query = "{ book(id: \"1\") { title ... @defer { stars } } }";
    let whole = json!({ "data": { "book": { "title": "Une si longue lettre", "stars": 2 } } });
    // The calls to subgraphs are kept, the answer is not.
    let mut parts = Parts::of(stage.get(query).header("accept", ACCEPT)).await;
    assert_eq!(
        parts.part().await["data"],
        json!({ "book": { "title": "Une si longue lettre" } })
    );
    assert_eq!(
        parts.part().await["incremental"][0]["data"],
        json!({ "stars": 2 })
    );
    let before = stage.world.calls();
    let answer = stage.get(query).send().await.unwrap();
    let control = answer.headers()["cache-control"].to_str().unwrap();
    assert!(control.starts_with("public, max-age="), "{control}");
    assert_eq!(answer.json::<Value>().await.unwrap(), whole);
    assert_eq!(stage.world.calls(), before);
    // What is there whole is not taken apart.
    let answer = stage
        .get(query)
        .header("accept", ACCEPT)
        .send()
        .await
        .unwrap();
    assert!(answer.headers().contains_key("etag"));
    assert_eq!(answer.json::<Value>().await.unwrap(), whole);
}
