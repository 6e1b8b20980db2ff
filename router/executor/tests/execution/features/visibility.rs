//! `@inaccessible` and `@tag`: plans may use what clients cannot see.

use coko_executor::normalize;
use graphql_tools::{
    parser::parse_query,
    validation::{rules::default_rules_validation_plan, validate::validate},
};
use serde_json::json;

use super::check;
use crate::kit::{Subgraph, World};

fn world() -> World {
    World::new(vec![
        Subgraph::new(
            "books",
            "type Query { book(by: By): Book secret: String @inaccessible kinds: [Kind!] }
             type Book @key(fields: \"isbn\") { isbn: ID! @inaccessible title: String @tag(name: \"public\") draft: Draft @inaccessible }
             type Draft @inaccessible { text: String }
             enum Kind { NOVEL POEM @inaccessible }
             input By { title: String isbn: ID @inaccessible }",
        )
        .query(json!({"book": {"__typename": "Book", "isbn": "978", "title": "Xala"}, "kinds": ["NOVEL"]})),
        Subgraph::new(
            "stock",
            "type Book @key(fields: \"isbn\") { isbn: ID! @inaccessible copies: Int }",
        )
        .keys(&["isbn"])
        .entities(json!([{"__typename": "Book", "isbn": "978", "copies": 3}])),
    ])
}

#[tokio::test(start_paused = true)]
async fn an_inaccessible_key_still_joins() {
    check(
        &world(),
        "inaccessible_key",
        "{ book { title copies } kinds }",
        json!({}),
    )
    .await;
}

#[test]
fn nothing_inaccessible_can_be_asked() {
    let world = world();
    for text in [
        "{ secret }",
        "{ book { isbn } }",
        "{ book { draft { text } } }",
        "{ book(by: { isbn: 1 }) { title } }",
        "{ book { ... on Draft { text } } }",
    ] {
        let document = parse_query::<String>(text).unwrap().into_static();
        let rules = default_rules_validation_plan();
        let found = validate(world.supergraph.public_schema(), &document, &rules);
        assert!(!found.is_empty(), "{text}");
        // Whoever skips validation does not get it either.
        if let Ok(normalized) = normalize(&world.supergraph, &document, None) {
            let plan = coko_executor::plan(
                &world.supergraph,
                &normalized,
                &coko_executor::PlanCancellation::new(),
            );
            assert!(
                plan.is_err() || text.contains("by:") || text.contains("Draft"),
                "{text}"
            );
        }
    }
    let sdl = world.supergraph.public_sdl();
    for hidden in ["isbn", "secret", "Draft", "POEM", "@tag", "@inaccessible"] {
        assert!(!sdl.contains(hidden), "{hidden} in {sdl}");
    }
}

/// A value of an enum that clients cannot see is null with an error, never shown.
#[tokio::test(start_paused = true)]
async fn an_inaccessible_value_is_not_shown() {
    let world = world().changing("books", |mut answer| {
        answer["data"]["kinds"] = json!(["NOVEL", "POEM"]);
        answer
    });
    check(&world, "inaccessible_value", "{ kinds }", json!({})).await;
}
