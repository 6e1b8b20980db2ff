//! `@interfaceObject` and interfaces with keys of their own.

use serde_json::json;

use super::check;
use crate::kit::{Subgraph, World};

fn media() -> World {
    World::new(vec![
        Subgraph::new(
            "catalogue",
            "type Query { media: [Media!]! }
             interface Media @key(fields: \"id\") { id: ID! title: String }
             type Book implements Media @key(fields: \"id\") { id: ID! title: String pages: Int }
             type Song implements Media @key(fields: \"id\") { id: ID! title: String seconds: Int }",
        )
        .query(json!({"media": [
            {"__typename": "Book", "id": "b1", "title": "Xala", "pages": 170},
            {"__typename": "Song", "id": "s1", "title": "Yéké", "seconds": 200},
        ]}))
        .entities(json!([
            {"__typename": "Book", "id": "b1", "title": "Xala", "pages": 170},
            {"__typename": "Song", "id": "s1", "title": "Yéké", "seconds": 200},
        ])),
        Subgraph::new(
            "ratings",
            "type Query { best: [Media!]! }
             type Media @key(fields: \"id\") @interfaceObject { id: ID! stars: Int }",
        )
        .query(json!({"best": [{"__typename": "Media", "id": "s1", "stars": 5}, {"__typename": "Media", "id": "b1", "stars": 4}]}))
        .entities(json!([
            {"__typename": "Media", "id": "b1", "stars": 4},
            {"__typename": "Media", "id": "s1", "stars": 5},
        ])),
        Subgraph::new(
            "loans",
            "type Book @key(fields: \"id\") { id: ID! borrowed: Boolean } type Query { loaned: [Book!] }",
        )
        .entities(json!([{"__typename": "Book", "id": "b1", "borrowed": true}])),
    ])
}

/// The interface object adds a field to every implementation.
#[tokio::test(start_paused = true)]
async fn an_interface_object_adds_a_field() {
    check(
        &media(),
        "interface_object_field",
        "{ media { __typename title stars ... on Book { pages } } }",
        json!({}),
    )
    .await;
}

/// It knows no concrete types; asking for one leads to the subgraph that does.
#[tokio::test(start_paused = true)]
async fn an_interface_object_learns_its_types() {
    check(
        &media(),
        "interface_object_types",
        "{ best { __typename stars title ... on Book { pages borrowed } ... on Song { seconds } } }",
        json!({}),
    )
    .await;
}

/// Nothing is asked that only a type would need.
#[tokio::test(start_paused = true)]
async fn an_interface_object_alone() {
    check(
        &media(),
        "interface_object_alone",
        "{ best { id stars } }",
        json!({}),
    )
    .await;
}

/// An implementation has further fields in a subgraph that knows nothing of the interface.
#[tokio::test(start_paused = true)]
async fn an_entity_interface() {
    check(
        &media(),
        "entity_interface",
        "{ media { id ... on Book { borrowed } ... on Song { seconds } } }",
        json!({}),
    )
    .await;
}
