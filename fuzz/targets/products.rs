//! ONIX messages: read product by product, or refused; what is read is clean.
#![no_main]

use coko_core::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: {
    // Panics of libraries that are caught where they are called are no findings; what escapes still ends the run.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}, |data: &[u8]| {
    let mut count = 0;
    let _ = coko_onix::read(data, &mut |row| {
        count += 1;
        if let Ok(product) = row.product {
            assert_eq!(text::line(&product.title, 300).as_ref(), Ok(&product.title));
            assert!(product.prices.iter().all(|price| price.amount >= 0));
            assert!(product.subjects.len() <= 20);
        }
        count < 10_000
    });
});
