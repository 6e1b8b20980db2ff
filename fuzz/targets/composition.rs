//! SDLs of subgraphs: they compose or are refused with a diagnostic, and what was composed can be served.
#![no_main]

use coko_composition::{SubgraphSource, compose};
use coko_executor::Supergraph;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: {
    // Panics of libraries that are caught where they are called are no findings; what escapes still ends the run.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}, |data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let sources: Vec<SubgraphSource> = text
        .split('\u{1}')
        .take(4)
        .enumerate()
        .map(|(number, sdl)| SubgraphSource {
            name: format!("s{number}"),
            url: "http://s.test".to_owned(),
            sdl: sdl.to_owned(),
        })
        .collect();
    if let Ok(composed) = compose(&sources) {
        let reversed: Vec<_> = sources.into_iter().rev().collect();
        let again = compose(&reversed).expect("the order does not matter");
        assert_eq!(composed.sdl, again.sdl);
        // A refusal here is one with a reason; a panic would not be.
        let _ = Supergraph::parse(&composed.sdl);
    }
});
