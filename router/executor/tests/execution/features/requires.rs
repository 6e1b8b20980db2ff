//! `@requires`: with arguments, with fragments, nested, in a chain, through an alias of the client's.

use coko_executor::{ErrorCode, PlanCancellation, plan};
use serde_json::json;

use super::check;
use crate::kit::{Subgraph, World};

fn parcels() -> World {
    World::new(vec![
        Subgraph::new(
            "goods",
            "type Query { parcels: [Parcel!]! }
             enum Unit { KG LB }
             type Parcel @key(fields: \"id\") { id: ID! weight(unit: Unit!): Int box: Box }
             union Box = Crate | Tube
             type Crate { side: Int maker: Maker } type Tube { length: Int } type Maker { code: String }",
        )
        .query(json!({ "parcels": [
            {"__typename": "Parcel", "id": "1", "weight(unit:KG)": 2, "weight(unit:\"LB\")": 4,
             "box": {"__typename": "Crate", "side": 30, "maker": {"__typename": "Maker", "code": "M1"}}},
            {"__typename": "Parcel", "id": "2", "weight(unit:KG)": 5, "weight(unit:\"LB\")": 11,
             "box": {"__typename": "Tube", "length": 90}},
        ] })),
        Subgraph::new(
            "post",
            "enum Unit { KG LB }
             type Parcel @key(fields: \"id\") {
               id: ID! weight(unit: Unit!): Int @external box: Box @external
               postage: String @requires(fields: \"weight(unit: KG)\")
               label: String @requires(fields: \"box { ... on Crate { side maker { code } } ... on Tube { length } }\") }
             union Box = Crate | Tube
             type Crate { side: Int @external maker: Maker @external } type Tube { length: Int @external }
             type Maker { code: String @external }",
        )
        .entities(json!([
            {"__typename": "Parcel", "id": "1", "postage": {"$with": ["weight"]}, "label": {"$with": ["box"]}},
            {"__typename": "Parcel", "id": "2", "postage": {"$with": ["weight"]}, "label": {"$with": ["box"]}},
        ])),
    ])
}

#[tokio::test(start_paused = true)]
async fn with_arguments() {
    check(
        &parcels(),
        "requires_arguments",
        "{ parcels { postage } }",
        json!({}),
    )
    .await;
}

/// The client asks the required field too, with another argument: neither disturbs the other.
#[tokio::test(start_paused = true)]
async fn with_arguments_beside_the_clients_own() {
    check(
        &parcels(),
        "requires_arguments_twice",
        "query($unit: Unit!) { parcels { weight(unit: $unit) postage } }",
        json!({"unit": "LB"}),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn with_fragments_and_nested_objects() {
    check(
        &parcels(),
        "requires_fragments",
        "{ parcels { label } }",
        json!({}),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn in_a_chain() {
    let world = crate::entities::shop();
    check(&world, "requires_chain", "{ top { verdict } }", json!({})).await;
}

/// The inner product is an entity of the same type as the outer one.
#[tokio::test(start_paused = true)]
async fn below_an_entity_of_the_same_type() {
    check(
        &crate::entities::shop(),
        "requires_same_type",
        "{ products { reviews { product { shipping } } } }",
        json!({}),
    )
    .await;
}

/// A limit of the planner library: where what is required is itself required of a third subgraph, below an entity of the
/// same type, it finds no plan. The operation is refused with a code.
#[test]
fn in_a_chain_below_an_entity_of_the_same_type() {
    let world = crate::entities::shop();
    let query = "{ products { reviews { product { verdict } } } }";
    let refused = plan(
        &world.supergraph,
        &world.normalize(query),
        &PlanCancellation::new(),
    );
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Internal);
    assert!(refused.public_message().contains("@requires"), "{refused}");
}

/// Another field stands under the required one's name.
#[tokio::test(start_paused = true)]
async fn under_an_alias_that_takes_its_name() {
    let world = crate::entities::shop();
    check(
        &world,
        "requires_alias",
        "{ top { price: name shipping } }",
        json!({}),
    )
    .await;
}
