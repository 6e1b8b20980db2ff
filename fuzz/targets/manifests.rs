//! Manifests of persisted operations in the three formats.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: {
    // Panics of libraries that are caught where they are called are no findings; what escapes still ends the run.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}, |data: &[u8]| {
    if let Ok(operations) = coko_gateway::parse_manifest(data) {
        // What was understood is understood again when it is written plainly.
        let plain: serde_json::Map<String, serde_json::Value> = operations
            .iter()
            .map(|(id, text)| (id.clone(), text.clone().into()))
            .collect();
        let written = serde_json::Value::Object(plain).to_string();
        let again = coko_gateway::parse_manifest(written.as_bytes()).expect("it is a manifest");
        let mut first: Vec<_> = operations.into_iter().collect();
        let mut second: Vec<_> = again.into_iter().collect();
        first.sort();
        first.dedup_by(|one, other| one.0 == other.0);
        second.sort();
        assert_eq!(first.len(), second.len());
    }
});
