//! Mutations run in series and keep the planner's order.

use serde_json::json;

use crate::kit::{Behaviour, Subgraph, World, summary};

fn world() -> World {
    World::new(vec![
        Subgraph::new(
            "a",
            "type Query { x: Int user: User } type Mutation { first: User third(n: Int): Int }
             type User @key(fields: \"id\") { id: ID! name: String }",
        )
        .query(json!({"x": 1, "user": {"__typename": "User", "id": "1", "name": "Awa"}}))
        .mutation(json!({"first": {"__typename": "User", "id": "1", "name": "Awa"}, "third(n:3)": 33}))
        .latency(50),
        Subgraph::new(
            "b",
            "type Mutation { second: Int! nothing: Int } type User @key(fields: \"id\") { id: ID! age: Int }",
        )
        .mutation(json!({"second": 2}))
        .entities(json!([{"__typename": "User", "id": "1", "age": 30}])),
    ])
}

#[tokio::test(start_paused = true)]
async fn root_fields_run_one_after_the_other() {
    let world = world();
    let query = "mutation($n: Int) { first { name age } second third(n: $n) }";
    let answer = world.run_with(query, json!({"n": 3})).await;
    assert_eq!(
        answer,
        json!({"data": {"first": {"name": "Awa", "age": 30}, "second": 2, "third": 33}}),
        "{}",
        world.plan(query).pretty()
    );
    let order: Vec<_> = world
        .seen
        .lock()
        .unwrap()
        .iter()
        .filter(|seen| seen.query.starts_with("mutation"))
        .map(|seen| seen.subgraph)
        .collect();
    assert_eq!(order, ["a", "b", "a"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_mutation_does_not_stop_the_next() {
    let world = world().behaving("b", Behaviour::Down);
    let answer = world
        .run_with("mutation { nothing third(n: 3) __typename }", json!({}))
        .await;
    assert_eq!(
        answer["data"],
        json!({"nothing": null, "third": 33, "__typename": "Mutation"})
    );
    assert_eq!(summary(&answer), ["nothing: DOWNSTREAM_UNAVAILABLE b"]);
}

#[tokio::test(start_paused = true)]
async fn a_mutation_can_return_to_the_query_root() {
    let world = World::new(vec![
        Subgraph::new(
            "one",
            "type Query { user(id: Int): User health: String @shareable } type User @key(fields: \"id\") { id: ID! name: String }",
        )
        .query(json!({"user(id:1)": {"__typename": "User", "id": "1", "name": "Awa"}, "health": "one"})),
        Subgraph::new(
            "two",
            "type Query { health: String @shareable } type Mutation { act: Payload } type Payload { ok: Boolean query: Query }",
        )
        .mutation(json!({"act": {"__typename": "Payload", "ok": true, "query": {"__typename": "Query", "health": "two"}}})),
    ]);
    let data = world
        .data("mutation { act { ok query { user(id: 1) { name } } } }")
        .await;
    assert_eq!(
        data,
        json!({"act": {"ok": true, "query": {"user": {"name": "Awa"}}}})
    );
}
