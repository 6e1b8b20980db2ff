//! `@provides` and `@external`: what a subgraph brings along is not fetched again, and only on that path.

use serde_json::json;

use super::check;
use crate::kit::{Subgraph, World};

fn world() -> World {
    World::new(vec![
        Subgraph::new(
            "reviews",
            "type Query { review: Review @provides(fields: \"author { name }\") latest: Review }
             type Review { text: String author: User }
             type User @key(fields: \"id\") { id: ID! name: String @external }",
        )
        .query(json!({
            "review": {"__typename": "Review", "text": "good", "author": {"__typename": "User", "id": "u1", "name": "Awa"}},
            "latest": {"__typename": "Review", "text": "late", "author": {"__typename": "User", "id": "u1"}},
        })),
        Subgraph::new(
            "users",
            "type User @key(fields: \"id\") { id: ID! name: String mail: String } type Query { users: [User!] }",
        )
        .entities(json!([{"__typename": "User", "id": "u1", "name": "Awa", "mail": "awa@coko.test"}])),
    ])
}

#[tokio::test(start_paused = true)]
async fn what_is_provided_is_not_fetched() {
    check(
        &world(),
        "provides",
        "{ review { text author { name } } }",
        json!({}),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_external_elsewhere_is_fetched() {
    check(
        &world(),
        "external",
        "{ latest { author { name } } review { author { name mail } } }",
        json!({}),
    )
    .await;
}
