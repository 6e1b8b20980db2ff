//! PDFs: counted, or rejected with a reason.
#![no_main]

use coko_file::config::ContentLimits;
use coko_file::process::pdf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: {
    // Panics of libraries that are caught where they are called are no findings; what escapes still ends the run.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}, |data: &[u8]| {
    let limits = ContentLimits {
        pdf_stream_mib: 1,
        ..ContentLimits::default()
    };
    if let Ok(details) = pdf::read(data, &limits) {
        assert!(details.pages.is_some_and(|pages| pages > 0));
    }
});
