//! A fetch starts when its own inputs are there.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::kit::{Subgraph, World};

/// `slow` and `fast` both extend Thing; `late` needs only `fast`.
fn world() -> World {
    World::new(vec![
        Subgraph::new("root", "type Query { thing: Thing } type Thing @key(fields: \"id\") { id: ID! }")
            .query(json!({"thing": {"__typename": "Thing", "id": "1"}})),
        Subgraph::new("slow", "type Thing @key(fields: \"id\") { id: ID! slow: Int }")
            .entities(json!([{"__typename": "Thing", "id": "1", "slow": 1}]))
            .latency(1000),
        Subgraph::new("fast", "type Thing @key(fields: \"id\") { id: ID! fast: Int }")
            .entities(json!([{"__typename": "Thing", "id": "1", "fast": 2}])),
        Subgraph::new(
            "late",
            "type Thing @key(fields: \"id\") { id: ID! fast: Int @external slow: Int @external
                 late: String @requires(fields: \"fast\") last: String @requires(fields: \"slow\") }",
        )
        .entities(json!([{"__typename": "Thing", "id": "1", "late": {"$with": ["fast"]}, "last": {"$with": ["slow"]}}]))
        .latency(900),
    ])
}

#[tokio::test(start_paused = true)]
async fn a_fetch_does_not_wait_for_the_rest_of_the_wave_before() {
    let world = world();
    let started = Instant::now();
    let answer = world.run("{ thing { slow late } }").await;
    assert_eq!(answer["data"], json!({"thing": {"slow": 1, "late": "2"}}));
    // In waves it would take 10 + 1000 + 900.
    assert_eq!(started.elapsed(), Duration::from_millis(10 + 1000));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_waits_for_what_it_reads() {
    let world = world();
    let started = Instant::now();
    let answer = world.run("{ thing { fast last } }").await;
    assert_eq!(answer["data"], json!({"thing": {"fast": 2, "last": "1"}}));
    assert_eq!(started.elapsed(), Duration::from_millis(10 + 1000 + 900));
}

#[tokio::test(start_paused = true)]
async fn independent_root_fetches_run_at_once() {
    let world = World::new(vec![
        Subgraph::new("a", "type Query { a: Int }")
            .query(json!({"a": 1}))
            .latency(100),
        Subgraph::new("b", "type Query { b: Int }")
            .query(json!({"b": 2}))
            .latency(100),
    ]);
    let started = Instant::now();
    let output = world.output("{ b a }", json!({})).await;
    assert_eq!(output.body, r#"{"data":{"b":2,"a":1}}"#);
    assert_eq!(started.elapsed(), Duration::from_millis(100));
}
