//! Where nulls go (specification section 6.4.4) and which leaves are accepted (3.5, 3.9).

use serde_json::{Value as Json, json};

use crate::kit::{Subgraph, World, summary};

fn world(data: Json) -> World {
    World::new(vec![
        Subgraph::new(
            "s",
            "type Query { nullable: Node required: Node! list: [Node!] strict: [Node!]! loose: [Node]
                 matrix: [[Int!]] scalars: Scalars any: Any pet: Pet }
             type Node { nullable: Node required: Node! name: String! note: String }
             type Scalars { int: Int float: Float string: String boolean: Boolean id: ID color: Color any: JSON
                 ints: [Int] strictInts: [Int!] colors: [Color!]! nested: [[String!]!] }
             type Any { json: JSON! }
             interface Pet { name: String! } type Dog implements Pet { name: String! } type Cat implements Pet { name: String! }
             enum Color { RED GREEN SECRET @inaccessible }
             scalar JSON",
        )
        .query(data),
    ])
}

/// Runs a query over the data and compares the whole answer.
async fn check(data: Json, query: &str, expected: Json, errors: &[&str]) {
    let answer = world(data).run(query).await;
    assert_eq!(answer["data"], expected, "{query}");
    assert_eq!(summary(&answer), errors, "{query}");
}

#[tokio::test(start_paused = true)]
async fn a_null_climbs_to_the_nearest_nullable_place() {
    let fine = json!({"name": "n", "note": "x"});
    check(
        json!({"nullable": null}),
        "{ nullable { name } }",
        json!({"nullable": null}),
        &[],
    )
    .await;
    check(
        json!({"nullable": {"name": null}}),
        "{ nullable { name note } }",
        json!({"nullable": null}),
        &["nullable.name: INTERNAL -"],
    )
    .await;
    check(
        json!({"required": null}),
        "{ required { name } }",
        Json::Null,
        &["required: INTERNAL -"],
    )
    .await;
    check(
        json!({"required": {"name": "n", "required": {"required": {"name": null}}}}),
        "{ required { required { required { name } } } }",
        Json::Null,
        &["required.required.required.name: INTERNAL -"],
    )
    .await;
    check(
        json!({"list": [fine, {"name": null}]}),
        "{ list { name } }",
        json!({"list": null}),
        &["list.1.name: INTERNAL -"],
    )
    .await;
    check(
        json!({"list": [fine, null, fine]}),
        "{ list { name } }",
        json!({"list": null}),
        &["list.1: INTERNAL -"],
    )
    .await;
    check(
        json!({"loose": [{"name": "a"}, {"name": null}, null, {"name": "b"}]}),
        "{ loose { name } }",
        json!({"loose": [{"name": "a"}, null, null, {"name": "b"}]}),
        &["loose.1.name: INTERNAL -"],
    )
    .await;
    check(
        json!({"strict": [{"name": null}]}),
        "{ strict { name } }",
        Json::Null,
        &["strict.0.name: INTERNAL -"],
    )
    .await;
    check(
        json!({"pet": {"__typename": "Dog", "name": null}}),
        "{ pet { name ... on Dog { name } } }",
        json!({"pet": null}),
        &["pet.name: INTERNAL -"],
    )
    .await;
    check(
        json!({"any": {"json": null}}),
        "{ any { json } }",
        json!({"any": null}),
        &["any.json: INTERNAL -"],
    )
    .await;
    check(
        json!({"nullable": {"name": "n"}, "loose": null}),
        "{ nullable { name note } loose { name } }",
        json!({"nullable": {"name": "n", "note": null}, "loose": null}),
        &[],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subgraph_error_explains_its_null() {
    let failing = json!({"$error": "no", "$code": "NOPE"});
    check(
        json!({"nullable": {"name": failing, "note": "x"}}),
        "{ nullable { label: name note } }",
        json!({"nullable": null}),
        &["nullable.label: NOPE s"],
    )
    .await;
    check(
        json!({"nullable": {"name": "n", "note": failing}}),
        "{ n: nullable { name note } }",
        json!({"n": {"name": "n", "note": null}}),
        &["n.note: NOPE s"],
    )
    .await;
    check(
        json!({"loose": [{"name": "a"}, failing]}),
        "{ loose { name } }",
        json!({"loose": [{"name": "a"}, null]}),
        &["loose.1: NOPE s"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn leaves_of_the_right_type_pass() {
    let scalars = json!({
        "int": -2_147_483_648_i64, "float": 1, "string": "é\"\\", "boolean": false, "id": 12, "color": "RED",
        "any": {"deep": [1, {"x": null}]}, "ints": [1, null, 3.0], "strictInts": [], "colors": ["RED", "GREEN"],
        "nested": [["a"], []],
    });
    let query = "{ scalars { int float string boolean id color any ints strictInts colors nested } matrix }";
    check(
        json!({"scalars": scalars, "matrix": [[1, 2], null, []]}),
        query,
        json!({"scalars": {
            "int": -2_147_483_648_i64, "float": 1, "string": "é\"\\", "boolean": false, "id": "12", "color": "RED",
            "any": {"deep": [1, {"x": null}]}, "ints": [1, null, 3], "strictInts": [], "colors": ["RED", "GREEN"],
            "nested": [["a"], []],
        }, "matrix": [[1, 2], null, []]}),
        &[],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn leaves_of_the_wrong_type_are_null_with_an_error() {
    let table = [
        ("int", json!("5")),
        ("int", json!(2_147_483_648_i64)),
        ("int", json!(1.5)),
        ("int", json!(true)),
        ("int", json!({"a": 1})),
        ("int", json!([1])),
        ("float", json!("1.5")),
        ("string", json!(1)),
        ("string", json!({"a": "b"})),
        ("boolean", json!("true")),
        ("boolean", json!(1)),
        ("id", json!(1.5)),
        ("id", json!(true)),
        ("color", json!("BLUE")),
        ("color", json!("SECRET")),
        ("color", json!(1)),
        ("ints", json!(1)),
        ("ints", json!({"a": 1})),
    ];
    for (field, value) in table {
        let mut answer = json!({"data": {"scalars": {}}});
        answer["data"]["scalars"][field] = value.clone();
        let query = format!("{{ scalars {{ {field} }} }}");
        let answer = world(json!({}))
            .saying("s", &answer.to_string())
            .run(&query)
            .await;
        let mut expected = json!({"scalars": {}});
        expected["scalars"][field] = Json::Null;
        assert_eq!(answer["data"], expected, "{field} {value}");
        assert_eq!(
            summary(&answer),
            [format!("scalars.{field}: INTERNAL s")],
            "{field} {value}"
        );
    }
}

/// JSON has numbers of any size, a Float has not.
#[tokio::test(start_paused = true)]
async fn a_float_that_is_not_finite_is_null_with_an_error() {
    let long = "9".repeat(400);
    for number in ["1e400", "-1E9999", &long] {
        let answer = format!("{{\"data\":{{\"scalars\":{{\"float\":{number}}}}}}}");
        let answer = world(json!({}))
            .saying("s", &answer)
            .run("{ scalars { float } }")
            .await;
        assert_eq!(
            answer["data"],
            json!({"scalars": {"float": null}}),
            "{number}"
        );
        assert_eq!(summary(&answer), ["scalars.float: INTERNAL s"], "{number}");
    }
    let answer = "{\"data\":{\"scalars\":{\"float\":1.5e300}}}";
    let answer = world(json!({}))
        .saying("s", answer)
        .run("{ scalars { float } }")
        .await;
    assert_eq!(answer, json!({"data": {"scalars": {"float": 1.5e300}}}));
}

#[tokio::test(start_paused = true)]
async fn wrong_items_climb_by_the_types_of_the_list() {
    let table = [
        (
            "ints",
            json!([1, "x", 3]),
            json!([1, null, 3]),
            "scalars.ints.1: INTERNAL s",
        ),
        (
            "strictInts",
            json!([1, "x", 3]),
            Json::Null,
            "scalars.strictInts.1: INTERNAL s",
        ),
        (
            "strictInts",
            json!([1, null]),
            Json::Null,
            "scalars.strictInts.1: INTERNAL -",
        ),
        (
            "nested",
            json!([["a"], ["b", null]]),
            Json::Null,
            "scalars.nested.1.1: INTERNAL -",
        ),
    ];
    for (field, value, expected, error) in table {
        let query = format!("{{ scalars {{ {field} }} }}");
        let answer = world(json!({"scalars": {field: value}})).run(&query).await;
        assert_eq!(answer["data"]["scalars"][field], expected);
        assert_eq!(summary(&answer), [error]);
    }
    check(
        json!({"scalars": {"colors": ["RED", "SECRET"]}}),
        "{ scalars { colors } }",
        json!({"scalars": null}),
        &["scalars.colors.1: INTERNAL s"],
    )
    .await;
    check(
        json!({"matrix": [[1], [null], [2]]}),
        "{ matrix }",
        json!({"matrix": [[1], null, [2]]}),
        &["matrix.1.0: INTERNAL -"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn wrong_shapes_are_null_with_an_error() {
    let table = [
        ("nullable", json!([{"name": "n"}]), "nullable: INTERNAL -"),
        ("nullable", json!("text"), "nullable: INTERNAL s"),
        ("loose", json!({"name": "n"}), "loose: INTERNAL -"),
        ("loose", json!(5), "loose: INTERNAL s"),
        (
            "loose",
            json!([[{"name": "n"}], 3]),
            "loose.0: INTERNAL -,loose.1: INTERNAL s",
        ),
    ];
    for (field, value, errors) in table {
        let body = json!({"data": {field: value, "any": {"json": 1}}});
        let query = format!("{{ {field} {{ name }} any {{ json }} }}");
        let answer = world(json!({}))
            .saying("s", &body.to_string())
            .run(&query)
            .await;
        let expected = if errors.contains(',') {
            json!([null, null])
        } else {
            Json::Null
        };
        assert_eq!(
            answer["data"],
            json!({field: expected, "any": {"json": 1}}),
            "{body}"
        );
        assert_eq!(summary(&answer).join(","), errors);
    }
}

#[tokio::test(start_paused = true)]
async fn keys_in_any_order_escaped_unknown_or_twice() {
    let body = r#" { "extensions" : {"a":[1,2]}, "data" : { "unknown": {"nullable": {"name": "no"}},
        "any": {"json": [1, 2 ]}, "null\u0061ble" : {"note": "first", "name": "no", "n\u0061me": "yes", "note": "last"} } } "#;
    let answer = world(json!({}))
        .saying("s", body)
        .run("{ nullable { name note } any { json } }")
        .await;
    assert_eq!(
        answer,
        json!({"data": {"nullable": {"name": "yes", "note": "last"}, "any": {"json": [1, 2]}}})
    );
}
