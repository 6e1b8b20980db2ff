//! Cursors of connections: a foreign one is refused, our own is read as it was made.
#![no_main]

use coko_core::paging::{Page, encode};
use libfuzzer_sys::fuzz_target;

type Key = (String, i64);

fuzz_target!(init: {
    // Panics of libraries that are caught where they are called are no findings; what escapes still ends the run.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}, |data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Ok(page) = Page::<Key>::parse("books", Some(10), Some(&text), None, None) {
        let key = page.from.expect("a cursor was given");
        let again = encode("books", &key);
        let page = Page::<Key>::parse("books", None, None, Some(1), Some(&again))
            .expect("a cursor of our own");
        assert_eq!(page.from, Some(key));
    }
    let key: Key = (text.chars().take(300).collect(), data.len() as i64);
    let cursor = encode("books", &key);
    let foreign = Page::<Key>::parse("orders", Some(1), Some(&cursor), None, None);
    assert!(foreign.is_err());
    if cursor.len() <= 2048 {
        let page = Page::<Key>::parse("books", Some(1), Some(&cursor), None, None);
        assert_eq!(page.expect("a cursor of our own").from, Some(key));
    }
});
