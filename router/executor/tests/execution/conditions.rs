//! @skip and @include, with literals and variables, on fields, fragments and whole fetches.

use serde_json::json;

use crate::entities::shop;

#[tokio::test(start_paused = true)]
async fn literals_decide_before_planning() {
    let world = shop();
    let data = world
        .data("{ me @include(if: false) { name } top { name @skip(if: false) inStock @skip(if: true) } }")
        .await;
    assert_eq!(data, json!({"top": {"name": "Chair"}}));
    assert_eq!(world.asked(), ["products"]);
    assert_eq!(
        world
            .data("{ me @skip(if: true) { name } __typename }")
            .await,
        json!({"__typename": "Query"})
    );
    assert_eq!(
        world.data("{ me { name @skip(if: true) } }").await,
        json!({"me": {}})
    );
}

#[tokio::test(start_paused = true)]
async fn variables_decide_per_request() {
    let world = shop();
    let query = "query($yes: Boolean!, $no: Boolean = false) {
        me @include(if: $yes) { name }
        top { name inStock @include(if: $yes) verdict @skip(if: $no) ... on Product @include(if: $no) { price } }
    }";
    let answer = world.run_with(query, json!({"yes": true})).await;
    assert_eq!(
        answer,
        json!({"data": {"me": {"name": "Awa"}, "top": {"name": "Chair", "inStock": true, "verdict": "\"100+2.5\""}}})
    );
    let answer = world
        .run_with(query, json!({"yes": false, "no": true}))
        .await;
    assert_eq!(
        answer,
        json!({"data": {"top": {"name": "Chair", "price": 100}}})
    );
    assert_eq!(world.asked(), ["products"]);
}

#[tokio::test(start_paused = true)]
async fn one_key_under_different_conditions_merges_what_holds() {
    let world = shop();
    let query = "query($a: Boolean!, $b: Boolean!) {
        me @include(if: $a) { id } me @include(if: $b) { name }
        top @skip(if: $a) @include(if: $b) { ... @include(if: $a) { id } name }
    }";
    for (a, b, expected) in [
        (true, true, json!({"me": {"id": "u1", "name": "Awa"}})),
        (true, false, json!({"me": {"id": "u1"}})),
        (
            false,
            true,
            json!({"me": {"name": "Awa"}, "top": {"name": "Chair"}}),
        ),
        (false, false, json!({})),
    ] {
        let answer = world.run_with(query, json!({"a": a, "b": b})).await;
        assert_eq!(
            answer,
            json!({"data": expected}),
            "{a} {b}\n{}",
            world.plan(query).pretty()
        );
    }
}
