//! `__typename` everywhere: at the root, in entities, in interfaces and unions, under aliases.

use serde_json::json;

use super::{check, unions::search};

#[tokio::test(start_paused = true)]
async fn at_every_level() {
    check(
        &search(),
        "typename",
        "{ __typename me: __typename search { kind: __typename __typename ... on Author { a: __typename books { __typename copies } } } }",
        json!({}),
    )
    .await;
}
