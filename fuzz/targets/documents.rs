//! A document through the whole pipeline: parsed, validated, limited, normalized, planned. Subgraphs answer that they know
//! nothing. It is refused or answered with a code, in bounded time (`-timeout`), and the process lives.
#![no_main]

mod pipeline;

use axum::body::Body;
use http::{Method, Request, header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: {
    // Panics of libraries that are caught where they are called are no findings; what escapes still ends the run.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}, |data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let body = serde_json::json!({ "query": text }).to_string();
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = http::Uri::from_static("/graphql");
    let json = http::HeaderValue::from_static("application/json");
    request.headers_mut().insert(header::CONTENT_TYPE, json);
    pipeline::check(request);
});
