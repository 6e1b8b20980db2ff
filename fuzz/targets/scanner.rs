//! One JSON value inside a subgraph's answer: what `serde_json` takes comes out as it went in, and nothing else comes out.
#![no_main]

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../router/executor/tests/execution/kit.rs"]
mod kit;

use std::cell::RefCell;

use http::StatusCode;
use libfuzzer_sys::fuzz_target;
use serde_json::Value as Json;

use crate::kit::{Behaviour, Subgraph, World};

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new(vec![Subgraph::new(
        "s",
        "scalar Any type Query { any: Any }",
    )]));
}

fuzz_target!(init: {
    // Panics of libraries that are caught where they are called are no findings; what escapes still ends the run.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}, |data: &[u8]| {
    let mut body = b"{\"data\":{\"any\":".to_vec();
    body.extend_from_slice(data);
    body.extend_from_slice(b"}}");
    let expected = serde_json::from_slice::<Json>(&body);
    WORLD.with_borrow_mut(|world| {
        world.subgraphs[0].behaviour = Behaviour::Says(StatusCode::OK, body);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let output = runtime.block_on(world.output("{ any }", Json::Null));
        let answer: Json = serde_json::from_slice(&output.body).unwrap_or_else(|error| {
            // Nesting is limited by both, not alike; and JSON has numbers of any size.
            let limit = ["recursion", "number out of range"];
            assert!(limit.iter().any(|limit| error.to_string().contains(limit)), "{error}");
            Json::Null
        });
        if let (Ok(expected), false) = (&expected, answer.is_null())
            && expected["data"].as_object().is_some_and(|data| data.len() == 1)
            && expected.as_object().is_some_and(|members| members.len() == 1)
        {
            assert_eq!(answer["data"], expected["data"], "{answer:#}");
        }
        // Not JSON, so not an answer. Numbers beyond what fits a float are JSON to the one and not to the other.
        if let Err(error) = &expected
            && !error.to_string().contains("number out of range")
            && !error.to_string().contains("recursion")
        {
            assert!(output.error_count > 0, "{error}: {answer:#}");
        }
    });
});
