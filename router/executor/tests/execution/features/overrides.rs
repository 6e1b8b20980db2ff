//! `@override`: at once, by label, by a share of the requests.

use coko_executor::{OverrideContext, PlanCancellation, plan_with_overrides};
use serde_json::json;

use super::check;
use crate::kit::{Subgraph, World};

fn world() -> World {
    World::new(vec![
        Subgraph::new(
            "old",
            "type Query { book: Book }
             type Book @key(fields: \"id\") { id: ID! title: String stock: Int price: Int rating: Int }",
        )
        .query(json!({"book": {"__typename": "Book", "id": "1", "title": "old", "stock": 1, "price": 1, "rating": 1}})),
        Subgraph::new(
            "new",
            "type Book @key(fields: \"id\") { id: ID! stock: Int @override(from: \"old\")
               price: Int @override(from: \"old\", label: \"new-prices\")
               rating: Int @override(from: \"old\", label: \"percent(25.5)\") }",
        )
        .entities(json!([{"__typename": "Book", "id": "1", "stock": 2, "price": 2, "rating": 2}])),
    ])
}

#[tokio::test(start_paused = true)]
async fn plain() {
    check(
        &world(),
        "override_plain",
        "{ book { title stock } }",
        json!({}),
    )
    .await;
}

/// The request's number is one of a hundred; a `percent(25.5)` field has moved for those below 25.5.
#[test]
fn progressive() {
    let world = world();
    let planned = |query: &str, labels: &[&str], percentage: f64| {
        let labels = labels.iter().map(|label| (*label).to_owned());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small positive numbers"
        )]
        let scaled = (percentage * 100_000_000.0) as u64;
        let context = OverrideContext {
            labels: labels.collect(),
            number: scaled,
        };
        let normalized = world.normalize(query);
        plan_with_overrides(
            &world.supergraph,
            &normalized,
            context,
            &PlanCancellation::new(),
        )
        .unwrap()
        .pretty()
    };
    let stays = |plan: &str| !plan.contains("service: \"new\"");
    assert!(stays(&planned("{ book { price } }", &[], 0.0)));
    assert!(stays(&planned("{ book { price } }", &["other"], 0.0)));
    assert!(!stays(&planned(
        "{ book { price } }",
        &["new-prices"],
        99.0
    )));
    assert!(!stays(&planned("{ book { rating } }", &[], 0.0)));
    assert!(!stays(&planned("{ book { rating } }", &[], 25.49)));
    assert!(stays(&planned("{ book { rating } }", &[], 25.5)));
    assert!(stays(&planned(
        "{ book { rating } }",
        &["new-prices"],
        100.0
    )));
}
