//! Unions whose members come from several subgraphs.

use serde_json::json;

use super::check;
use crate::kit::{Subgraph, World};

pub(super) fn search() -> World {
    World::new(vec![
        Subgraph::new(
            "search",
            "type Query { search: [Result!]! }
             union Result = Book | Author | Topic
             type Book @key(fields: \"id\") { id: ID! title: String names: [String!] }
             type Author @key(fields: \"id\") { id: ID! names: String books: [Book!] }
             type Topic { name: String names: [[String]] }",
        )
        .query(json!({"search": [
            {"__typename": "Book", "id": "b1", "title": "Xala", "names": ["Xala", "La Malédiction"]},
            {"__typename": "Author", "id": "a1", "names": "Sembène", "books": [{"__typename": "Book", "id": "b1", "title": "Xala"}]},
            {"__typename": "Topic", "name": "Dakar", "names": [["Dakar"], [null]]},
        ]}))
        .entities(json!([
            {"__typename": "Book", "id": "b1", "title": "Xala", "names": ["Xala"]},
            {"__typename": "Author", "id": "a1", "names": "Sembène"},
        ])),
        Subgraph::new(
            "people",
            "type Author @key(fields: \"id\") { id: ID! born: Int peers: [Peer!] } union Peer = Author | Club
             type Club { motto: String }",
        )
        .entities(json!([{"__typename": "Author", "id": "a1", "born": 1923, "peers": [
            {"__typename": "Author", "id": "a1", "born": 1923}, {"__typename": "Club", "motto": "m"}]}])),
        Subgraph::new(
            "stock",
            "type Book @key(fields: \"id\") { id: ID! copies: Int }",
        )
        .entities(json!([{"__typename": "Book", "id": "b1", "copies": 3}])),
    ])
}

#[tokio::test(start_paused = true)]
async fn members_get_fields_from_their_own_subgraphs() {
    check(
        &search(),
        "union_members",
        "{ search { __typename ... on Book { title copies } ... on Author { born books { copies } } ... on Topic { name } } }",
        json!({}),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_union_below_a_union() {
    check(
        &search(),
        "union_nested",
        "{ search { ... on Author { peers { ... on Author { born names } ... on Club { motto } } } } }",
        json!({}),
    )
    .await;
}
