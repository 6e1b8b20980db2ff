//! `@key`: compound, nested, several on one type, not resolvable.

use serde_json::json;

use super::check;
use crate::kit::{Subgraph, World};

#[tokio::test(start_paused = true)]
async fn compound_and_nested() {
    let world = World::new(vec![
        Subgraph::new(
            "catalogue",
            "type Query { copies: [Copy!]! }
             type Copy @key(fields: \"number edition { isbn publisher { id } }\") {
               number: Int! edition: Edition! title: String }
             type Edition @shareable { isbn: ID! publisher: Publisher! } type Publisher @shareable { id: ID! }",
        )
        .query(json!({ "copies": [
            {"__typename": "Copy", "number": 1, "title": "Sous l'orage",
             "edition": {"__typename": "Edition", "isbn": "978-1", "publisher": {"__typename": "Publisher", "id": "p1"}}},
            {"__typename": "Copy", "number": 2, "title": "Sous l'orage",
             "edition": {"__typename": "Edition", "isbn": "978-1", "publisher": {"__typename": "Publisher", "id": "p1"}}},
        ] })),
        Subgraph::new(
            "shelves",
            "type Copy @key(fields: \"number edition { isbn publisher { id } }\") {
               number: Int! edition: Edition! shelf: String }
             type Edition @shareable { isbn: ID! publisher: Publisher! } type Publisher @shareable { id: ID! }",
        )
        .keys(&["number", "edition"])
        .entities(json!([
            {"__typename": "Copy", "number": 1, "edition": {"isbn": "978-1", "publisher": {"id": "p1"}}, "shelf": "A3"},
            {"__typename": "Copy", "number": 2, "edition": {"isbn": "978-1", "publisher": {"id": "p1"}}, "shelf": "B7"},
        ])),
    ]);
    check(
        &world,
        "key_compound",
        "{ copies { title shelf } }",
        json!({}),
    )
    .await;
}

/// Nobody knows both keys but the middle one, so the way leads through it.
#[tokio::test(start_paused = true)]
async fn several_on_one_type() {
    let world = World::new(vec![
        Subgraph::new(
            "books",
            "type Query { book: Book } type Book @key(fields: \"id\") { id: ID! title: String }",
        )
        .query(json!({"book": {"__typename": "Book", "id": "b1", "title": "Xala"}})),
        Subgraph::new(
            "registry",
            "type Book @key(fields: \"id\") @key(fields: \"isbn\") { id: ID! isbn: String! }",
        )
        .entities(json!([{"__typename": "Book", "id": "b1", "isbn": "978-2"}])),
        Subgraph::new(
            "sales",
            "type Book @key(fields: \"isbn\") { isbn: String! sold: Int }",
        )
        .keys(&["isbn"])
        .entities(json!([{"__typename": "Book", "isbn": "978-2", "sold": 41}])),
    ]);
    check(&world, "key_multiple", "{ book { title sold } }", json!({})).await;
}

/// The subgraph that only refers to the entity is never asked to resolve it.
#[tokio::test(start_paused = true)]
async fn not_resolvable() {
    let world = World::new(vec![
        Subgraph::new(
            "orders",
            "type Query { order: Order } type Order { id: ID! buyer: User }
             type User @key(fields: \"id\", resolvable: false) { id: ID! }",
        )
        .query(json!({"order": {"__typename": "Order", "id": "o1", "buyer": {"__typename": "User", "id": "u1"}}})),
        Subgraph::new(
            "users",
            "type Query { me: User } type User @key(fields: \"id\") { id: ID! name: String }",
        )
        .query(json!({"me": {"__typename": "User", "id": "u1", "name": "Awa"}}))
        .entities(json!([{"__typename": "User", "id": "u1", "name": "Awa"}])),
    ]);
    check(
        &world,
        "key_not_resolvable",
        "{ order { id buyer { name } } me { id name } }",
        json!({}),
    )
    .await;
}
