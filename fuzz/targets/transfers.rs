//! What a client says of bytes: ranges, checksums, names, the links it was given.
#![no_main]

use coko_core::config::Secret;
use coko_core::identity::InternalKey;
use coko_file::model::{
    Checksum, Claims, Purpose, RangeOutcome, Validator, clean_name, content_disposition, select,
    sniff,
};
use libfuzzer_sys::fuzz_target;

const SIZE: u64 = 1000;

fuzz_target!(init: {
    // Panics of libraries that are caught where they are called are no findings; what escapes still ends the run.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}, |data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(4, '\n');
    let validator = Validator {
        range: lines.next(),
        if_range: lines.next(),
        if_none_match: lines.next(),
        if_match: lines.next(),
    };
    if let RangeOutcome::Part(range) = select(validator, "\"tag\"", SIZE) {
        assert!(range.first <= range.last && range.last < SIZE);
    }
    let _ = text.parse::<Checksum>();
    let _ = sniff(data);
    if let Some(name) = clean_name(&text) {
        assert!(!name.contains(['/', '\\', '"']) && !name.chars().any(char::is_control));
        let header = content_disposition(&name);
        assert!(header.is_ascii() && !header.bytes().any(|byte| byte.is_ascii_control()));
        assert_eq!(clean_name(&name), Some(name));
    }
    let key = InternalKey::new(Secret::new("k".repeat(40))).expect("a key");
    let now = coko_core::clock::Clock::system().now();
    assert_eq!(Claims::open(&text, &key, Purpose::Read, now), None);
});
