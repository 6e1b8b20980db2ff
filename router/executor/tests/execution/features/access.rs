//! `@authenticated`, `@requiresScopes` and `@policy` survive composition. The gateway decides by them; the executor plans
//! and answers what it is given, and clients do not see the directives.

use serde_json::json;

use super::check;
use crate::kit::{Subgraph, World};

#[tokio::test(start_paused = true)]
async fn demands_are_composed_and_hidden() {
    let subgraphs = vec![
        Subgraph::new(
            "users",
            "type Query { me: User @authenticated }
             type User @key(fields: \"id\") { id: ID! mail: String @requiresScopes(scopes: [[\"users:read\", \"mail:read\"], [\"all\"]]) }",
        )
        .query(json!({"me": {"__typename": "User", "id": "u1", "mail": "awa@coko.test"}})),
        Subgraph::new(
            "staff",
            "type User @key(fields: \"id\") { id: ID! salary: Int @policy(policies: [[\"hr\"], [\"boss\", \"owner\"]]) }",
        )
        .entities(json!([{"__typename": "User", "id": "u1", "salary": 9}])),
    ];
    let sources: Vec<_> = subgraphs.iter().map(Subgraph::source).collect();
    let supergraph = coko_composition::compose(&sources).unwrap().sdl;
    for kept in [
        "@authenticated",
        "@requiresScopes(scopes: [[\"users:read\", \"mail:read\"], [\"all\"]])",
        "@policy(policies: [[\"hr\"], [\"boss\", \"owner\"]])",
    ] {
        assert!(supergraph.contains(kept), "{kept} in {supergraph}");
    }
    let world = World::new(subgraphs);
    check(&world, "access", "{ me { mail salary } }", json!({})).await;
    let sdl = world.supergraph.public_sdl();
    for hidden in [
        "@authenticated",
        "@requiresScopes",
        "@policy",
        "federation__",
    ] {
        assert!(!sdl.contains(hidden), "{hidden} in {sdl}");
    }
}
