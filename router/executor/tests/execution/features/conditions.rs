//! `@skip` and `@include`: on fields, on fragments, across fetches, by literal and by variable.

use serde_json::json;

use super::{check, unions::search};
use crate::entities::shop;

const FIELDS: &str = "query($more: Boolean!, $less: Boolean!) { products { name @skip(if: $less) inStock @include(if: $more) \
    reviews @include(if: $more) @skip(if: $less) { text } } me @include(if: $more) { name } }";

#[tokio::test(start_paused = true)]
async fn a_fetch_that_nobody_needs_is_not_sent() {
    check(
        &shop(),
        "conditions_off",
        FIELDS,
        json!({"more": false, "less": false}),
    )
    .await;
    check(
        &shop(),
        "conditions_on",
        FIELDS,
        json!({"more": true, "less": false}),
    )
    .await;
    check(
        &shop(),
        "conditions_skip_wins",
        FIELDS,
        json!({"more": true, "less": true}),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn on_fragments() {
    check(
        &search(),
        "conditions_fragments",
        "query($books: Boolean!) { search { __typename ... on Book @include(if: $books) { title copies } ...A @skip(if: $books) ... @skip(if: true) { __typename } } } \
         fragment A on Author { born }",
        json!({"books": false}),
    )
    .await;
}

/// All of a root is left out.
#[tokio::test(start_paused = true)]
async fn on_everything() {
    check(
        &shop(),
        "conditions_nothing",
        "query($x: Boolean!) { me @include(if: $x) { name } ... @include(if: $x) { top { name } } }",
        json!({"x": false}),
    )
    .await;
}
