//! `@shareable`: any of several subgraphs answers, so no further one is asked.

use serde_json::json;

use super::check;
use crate::kit::{Subgraph, World};

#[tokio::test(start_paused = true)]
async fn the_nearest_subgraph_answers() {
    let world = World::new(vec![
        Subgraph::new(
            "maps",
            "type Query { here: Place } type Place @key(fields: \"id\") { id: ID! name: String @shareable position: Position }
             type Position @shareable { x: Int y: Int }",
        )
        .query(json!({"here": {"__typename": "Place", "id": "1", "name": "Dakar",
            "position": {"__typename": "Position", "x": 1, "y": 2}}})),
        Subgraph::new(
            "weather",
            "type Place @key(fields: \"id\") { id: ID! name: String @shareable rain: Int station: Position }
             type Position @shareable { x: Int y: Int }",
        )
        .entities(json!([{"__typename": "Place", "id": "1", "name": "Dakar", "rain": 3,
            "station": {"__typename": "Position", "x": 5, "y": 6}}])),
    ]);
    check(
        &world,
        "shareable_here",
        "{ here { name position { x } } }",
        json!({}),
    )
    .await;
    check(
        &world,
        "shareable_both",
        "{ here { name rain station { x } position { x y } } }",
        json!({}),
    )
    .await;
}
