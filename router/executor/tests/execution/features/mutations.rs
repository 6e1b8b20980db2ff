//! Mutations run one after the other, across subgraphs; what they return is completed like any entity.

use serde_json::json;

use super::check;
use crate::kit::{Subgraph, World};

#[tokio::test(start_paused = true)]
async fn in_sequence_across_subgraphs() {
    let world = World::new(vec![
        Subgraph::new(
            "cart",
            "type Query { cart: Cart } type Cart { id: ID! }
             type Mutation { add(book: ID!): Line empty: Boolean }
             type Line { book: Book } type Book @key(fields: \"id\") { id: ID! }",
        )
        .mutation(json!({"add": {"__typename": "Line", "book": {"__typename": "Book", "id": "b1"}}, "empty": true}))
        .latency(30),
        Subgraph::new(
            "orders",
            "type Mutation { order(book: ID!): Order } type Order { id: ID! book: Book }
             type Book @key(fields: \"id\") { id: ID! }",
        )
        .mutation(json!({"order": {"__typename": "Order", "id": "o1", "book": {"__typename": "Book", "id": "b1"}}}))
        .latency(5),
        Subgraph::new(
            "books",
            "type Book @key(fields: \"id\") { id: ID! title: String }",
        )
        .entities(json!([{"__typename": "Book", "id": "b1", "title": "Xala"}])),
    ]);
    check(
        &world,
        "mutations",
        "mutation($id: ID!) { first: add(book: $id) { book { title } } order(book: $id) { id book { title } } \
         second: add(book: \"b2\") { book { id } } empty }",
        json!({"id": "b1"}),
    )
    .await;
    let mutations: Vec<_> = world
        .seen
        .lock()
        .unwrap()
        .iter()
        .filter(|seen| seen.query.starts_with("mutation"))
        .map(|seen| seen.subgraph)
        .collect();
    assert_eq!(mutations, ["cart", "orders", "cart"]);
}
