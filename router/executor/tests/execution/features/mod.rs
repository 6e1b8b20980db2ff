//! Every federation feature: composed by our composition, planned, run over subgraphs that resolve what they are asked.
//! A snapshot shows the query, its plan, the requests each subgraph got and the answer.

mod access;
mod compose_directive;
mod conditions;
mod interfaces;
mod introspection;
mod keys;
mod mutations;
mod overrides;
mod provides;
mod requires;
mod shareable;
mod typenames;
mod unions;
mod visibility;

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::{kit::World, parts::check_divided};

/// Runs a query and writes down all that happened; what is seen in the snapshot is compared with it from then on.
async fn story(world: &World, query: &str, variables: Json) -> String {
    let answer = world.run_with(query, variables.clone()).await;
    let mut text = format!("{query}\n");
    if variables.as_object().is_some_and(|given| !given.is_empty()) {
        writeln!(text, "with {variables}").unwrap();
    }
    write!(text, "\n{}", world.plan(query).pretty()).unwrap();
    let mut requests: Vec<String> = world
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|seen| format!("{} <- {} {}\n", seen.subgraph, seen.query, seen.variables))
        .collect();
    // Fetches that need not wait for each other are sent in any order.
    requests.sort();
    writeln!(text, "\n{}", requests.concat()).unwrap();
    write!(text, "{answer:#}").unwrap();
    text
}

/// Compares the story of a query with the snapshot of that name.
async fn check(world: &World, name: &str, query: &str, variables: Json) {
    let told = story(world, query, variables.clone()).await;
    check_divided(world, query, &variables).await;
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, told);
    });
}
