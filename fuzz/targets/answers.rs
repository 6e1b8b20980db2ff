//! Arbitrary bytes as what subgraphs answer. Whatever they are, the answer is well-formed GraphQL, and its data is what
//! the reference interpreter of the same plan says.
#![no_main]

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../router/executor/tests/execution/entities.rs"]
mod entities;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../router/executor/tests/execution/kit.rs"]
mod kit;
#[path = "../../router/executor/tests/execution/reference.rs"]
mod reference;

use coko_executor::{PlanCancellation, coerce_variables, plan};
use http::StatusCode;
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::{Map, Value as Json};

use crate::kit::Behaviour;
use crate::reference::Reference;

const QUERIES: [&str; 4] = [
    "{ products { id name price tags } me { name } }",
    "{ products { name inStock reviews { text author { name } } } me { name } }",
    "{ products { verdict } top { shipping weight } best { id inStock } }",
    "{ top { inStock reviews { product { name inStock } author { id name } } } products { reviews { product { price } } } }",
];

fuzz_target!(init: {
    // Panics of libraries that are caught where they are called are no findings; what escapes still ends the run.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}, |data: &[u8]| -> Corpus {
    let Some((first, rest)) = data.split_first() else {
        return Corpus::Reject;
    };
    let query = QUERIES[usize::from(first & 3)];
    let mut world = entities::shop();
    // One body per subgraph, parted by a byte that no valid JSON text holds; an empty one stands for the right answer.
    let names: Vec<&'static str> = world.subgraphs.iter().map(|subgraph| subgraph.name).collect();
    let mut comparable = true;
    for (name, body) in names.into_iter().zip(rest.split(|byte| *byte == 0)) {
        if body.is_empty() {
            continue;
        }
        // The interpreter reads JSON leniently in other places than the executor; what is no response it cannot judge.
        comparable &= is_plain_response(body);
        world = world.behaving(name, Behaviour::Says(StatusCode::OK, body.to_vec()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let answer = world.run(query).await;
        if comparable {
            let normalized = world.normalize(query);
            let plan = plan(&world.supergraph, &normalized, &PlanCancellation::new())
                .expect("the queries can be planned");
            let variables = coerce_variables(&world.supergraph, &normalized, &Map::new())
                .expect("there are none");
            let mut reference = Reference::new(&world, &variables);
            let data = reference.run(&plan, &normalized).await;
            assert_eq!(answer["data"], data, "{answer:#}\n{}", plan.pretty());
        }
    });
    Corpus::Keep
});

/// An object whose only member is `data`, with no key twice, no number that loses digits, and nothing that is not text.
fn is_plain_response(body: &[u8]) -> bool {
    let Ok(parsed) = serde_json::from_slice::<Json>(body) else {
        return false;
    };
    let plain = parsed
        .as_object()
        .is_some_and(|members| members.len() == 1 && members.contains_key("data"));
    plain && strip(body) == strip(parsed.to_string().as_bytes())
}

/// Without white space. Inside strings it goes too, from both sides alike.
fn strip(text: &[u8]) -> Vec<u8> {
    text.iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect()
}
