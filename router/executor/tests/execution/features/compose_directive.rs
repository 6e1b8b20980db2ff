//! `@composeDirective`: a subgraph's own directive reaches the supergraph and is no obstacle to planning.

use coko_executor::Supergraph;
use serde_json::json;

use super::check;
use crate::kit::{Subgraph, World};

#[tokio::test(start_paused = true)]
async fn the_directive_is_kept() {
    let sdl = "directive @badge(of: String!) on FIELD_DEFINITION
         type Query { book: Book } type Book @key(fields: \"id\") { id: ID! title: String @badge(of: \"gold\") }";
    let world = World::new(vec![
        Subgraph::new("books", sdl)
            .linking("extend schema @link(url: \"https://specs.coko.test/badge/v1.0\", import: [\"@badge\"]) @composeDirective(name: \"@badge\")")
            .query(json!({"book": {"__typename": "Book", "id": "1", "title": "Xala"}})),
        Subgraph::new(
            "stock",
            "type Book @key(fields: \"id\") { id: ID! copies: Int }",
        )
        .entities(json!([{"__typename": "Book", "id": "1", "copies": 3}])),
    ]);
    check(
        &world,
        "compose_directive",
        "{ book { title copies } }",
        json!({}),
    )
    .await;
    let sdl = world.supergraph.public_sdl();
    assert!(sdl.contains("directive @badge(of: String!)"), "{sdl}");
    assert!(sdl.contains("@badge(of: \"gold\")"), "{sdl}");
    assert!(
        Supergraph::parse(sdl).is_err(),
        "the public schema is no supergraph"
    );
}
