//! Variable coercion (specification section 6.1.2).

use coko_executor::coerce_variables;
use serde_json::{Value as Json, json};

use crate::kit::{Subgraph, World};

fn world() -> World {
    World::new(vec![
        Subgraph::new(
            "s",
            "type Query { find(filter: Filter, ids: [ID!], matrix: [[Int]], n: Int, f: Float, s: String, b: Boolean, c: Color, d: Date): Int }
             input Filter { color: Color! limit: Int = 5 sub: Filter tags: [String!] }
             enum Color { RED GREEN HIDDEN @inaccessible } scalar Date",
        )
        .query(json!({"find": 1})),
    ])
}

fn coerce(declaration: &str, provided: Json) -> Result<Json, Vec<String>> {
    let world = world();
    let name = declaration.split(':').next().unwrap();
    let argument = name.trim_start_matches('$');
    let query = format!("query({declaration}) {{ find({argument}: {name}) }}");
    let normalized = world.normalize(&query);
    coerce_variables(
        &world.supergraph,
        &normalized,
        provided.as_object().unwrap(),
    )
    .map(|variables| Json::Object(variables.as_map().clone()))
    .map_err(|errors| {
        errors
            .iter()
            .map(|error| error.message.to_string())
            .collect()
    })
}

#[test]
fn values_that_fit_are_completed() {
    let table = [
        ("$n: Int", json!({"n": 3, "other": 1}), json!({"n": 3})),
        ("$n: Int", json!({"n": 3.0}), json!({"n": 3})),
        ("$n: Int", json!({}), json!({})),
        ("$n: Int", json!({"n": null}), json!({"n": null})),
        ("$n: Int = 7", json!({}), json!({"n": 7})),
        ("$n: Int = 7", json!({"n": null}), json!({"n": null})),
        ("$f: Float", json!({"f": 3}), json!({"f": 3})),
        ("$ids: [ID!]", json!({"ids": "a"}), json!({"ids": ["a"]})),
        (
            "$ids: [ID!]",
            json!({"ids": [1, "b"]}),
            json!({"ids": ["1", "b"]}),
        ),
        (
            "$matrix: [[Int]]",
            json!({"matrix": [1, [2, null], null]}),
            json!({"matrix": [[1], [2, null], null]}),
        ),
        (
            "$d: Date",
            json!({"d": {"any": [1]}}),
            json!({"d": {"any": [1]}}),
        ),
        (
            "$filter: Filter",
            json!({"filter": {"color": "RED", "sub": {"color": "GREEN", "limit": null}, "tags": "x"}}),
            json!({"filter": {"color": "RED", "limit": 5, "sub": {"color": "GREEN", "limit": null}, "tags": ["x"]}}),
        ),
        (
            "$filter: Filter = {color: RED}",
            json!({}),
            json!({"filter": {"color": "RED", "limit": 5}}),
        ),
    ];
    for (declaration, provided, expected) in table {
        assert_eq!(
            coerce(declaration, provided.clone()),
            Ok(expected),
            "{declaration} {provided}"
        );
    }
}

#[test]
fn values_that_do_not_fit_are_named_by_their_path() {
    let table = [
        (
            "$n: Int!",
            json!({}),
            "Variable \"$n\": a value of type Int! is required and none was given.",
        ),
        (
            "$n: Int!",
            json!({"n": null}),
            "Variable \"$n\": a value of type Int! is required, null was given.",
        ),
        (
            "$n: Int",
            json!({"n": "3"}),
            "Variable \"$n\": expected Int, found \"3\".",
        ),
        (
            "$n: Int",
            json!({"n": 2_147_483_648_i64}),
            "Variable \"$n\": expected Int, found 2147483648.",
        ),
        (
            "$n: Int",
            json!({"n": 1.5}),
            "Variable \"$n\": expected Int, found 1.5.",
        ),
        (
            "$s: String",
            json!({"s": 1}),
            "Variable \"$s\": expected String, found 1.",
        ),
        (
            "$b: Boolean",
            json!({"b": "true"}),
            "Variable \"$b\": expected Boolean, found \"true\".",
        ),
        (
            "$c: Color",
            json!({"c": "BLUE"}),
            "Variable \"$c\": expected Color, found \"BLUE\".",
        ),
        (
            "$c: Color",
            json!({"c": "HIDDEN"}),
            "Variable \"$c\": expected Color, found \"HIDDEN\".",
        ),
        (
            "$ids: [ID!]",
            json!({"ids": ["a", null]}),
            "Variable \"$ids[1]\": a value of type ID! is required, null was given.",
        ),
        (
            "$ids: [ID!]",
            json!({"ids": ["a", 1.5]}),
            "Variable \"$ids[1]\": expected ID, found 1.5.",
        ),
        (
            "$filter: Filter",
            json!({"filter": 5}),
            "Variable \"$filter\": expected Filter, found 5.",
        ),
        (
            "$filter: Filter",
            json!({"filter": {}}),
            "Variable \"$filter.color\": a value of type Color! is required and none was given.",
        ),
        (
            "$filter: Filter",
            json!({"filter": {"color": "RED", "sub": {"color": "RED", "nope": 1}}}),
            "Variable \"$filter.sub.nope\": the input type Filter has no such field.",
        ),
    ];
    for (declaration, provided, expected) in table {
        assert_eq!(
            coerce(declaration, provided.clone()),
            Err(vec![expected.to_owned()]),
            "{declaration} {provided}"
        );
    }
    let errors = coerce(
        "$filter: Filter",
        json!({"filter": {"color": 1, "limit": "x", "tags": [1]}}),
    );
    assert_eq!(errors.unwrap_err().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn coerced_values_reach_the_subgraph_that_uses_them() {
    let world = world();
    let query = "query($n: Int = 4, $s: String, $ids: [ID!]) { find(n: $n, s: $s, ids: $ids) }";
    world
        .run_with(query, json!({"ids": 9, "s": "a\"b\n"}))
        .await;
    assert_eq!(
        world.requests("s")[0].variables,
        json!({"n": 4, "s": "a\"b\n", "ids": ["9"]})
    );
}
