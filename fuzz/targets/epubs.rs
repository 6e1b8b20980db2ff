//! Archives and the documents in them: accepted or rejected with a reason, in bounded memory and time.
#![no_main]

use std::io::Cursor;

use coko_file::config::ContentLimits;
use coko_file::process::{epub, xml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: {
    // Panics of libraries that are caught where they are called are no findings; what escapes still ends the run.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}, |data: &[u8]| {
    let limits = ContentLimits {
        unpacked_mib: 4,
        document_mib: 1,
        ..ContentLimits::default()
    };
    if let Ok(found) = epub::read(Cursor::new(data), &limits) {
        let index = found.index.expect("an EPUB has a directory");
        let length = data.len() as u64;
        for entry in index.0.values() {
            assert!(entry.start.saturating_add(entry.packed) <= length);
        }
    }
    if let Ok(text) = xml::text(data) {
        if let Ok(characters) = xml::visible_characters(text) {
            assert!(characters <= text.len());
        }
        if let Some(path) = xml::resolve("EPUB/text/chapter.xhtml", text) {
            assert!(!path.split('/').any(|part| part == ".."));
        }
    }
});
