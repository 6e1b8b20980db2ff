//! Introspection is answered here: no subgraph is asked for it, alone or beside data.

use serde_json::json;

use super::{check, unions::search};

#[tokio::test(start_paused = true)]
async fn beside_data() {
    check(
        &search(),
        "introspection",
        "{ __type(name: \"Result\") { kind possibleTypes { name } } search { __typename } __schema { queryType { fields { name } } } }",
        json!({}),
    )
    .await;
}
