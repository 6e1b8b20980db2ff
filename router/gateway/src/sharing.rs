//! What makes two callers' questions the same: identity first, then every header that can change an answer.

use bytes::{BufMut as _, Bytes, BytesMut};
use coko_core::identity::ENVELOPE_HEADER;
use http::{HeaderMap, HeaderName};

use crate::config::TrafficConfig;

/// Headers that differ from request to request and change no answer.
const PER_REQUEST: [&str; 4] = ["x-request-id", "traceparent", "tracestate", ENVELOPE_HEADER];

/// The part of a shared key that says for whom an answer is. Equal scopes mean the same token and the same forwarded
/// headers, name by name and value by value, but for those of one request and `indifferent` ones.
///
/// The client's address, which is in the envelope, is for limits and logs and must not change what a query answers.
pub(crate) fn scope(headers: &HeaderMap, indifferent: &[HeaderName]) -> Bytes {
    let mut scope = BytesMut::with_capacity(256);
    for (name, value) in headers {
        if PER_REQUEST.contains(&name.as_str()) || indifferent.contains(name) {
            continue;
        }
        for part in [name.as_str().as_bytes(), value.as_bytes()] {
            // Lengths first, so that no two lists of headers are written alike.
            scope.put_u32(u32::try_from(part.len()).unwrap_or(u32::MAX));
            scope.put_slice(part);
        }
    }
    scope.freeze()
}

/// Headers that change no answer. Their names were checked with the rest of the configuration.
pub(crate) fn indifferent(config: &TrafficConfig) -> Vec<HeaderName> {
    let names = config.indifferent_headers.iter();
    names
        .filter_map(|name| HeaderName::try_from(name).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    fn of(headers: &[(&'static str, &'static str)]) -> Bytes {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        scope(&headers, &[header::USER_AGENT])
    }

    #[test]
    fn whoever_differs_in_anything_that_counts_shares_nothing() {
        let guest = of(&[("accept-language", "fr")]);
        assert_eq!(
            guest,
            of(&[
                ("accept-language", "fr"),
                ("user-agent", "a"),
                ("x-request-id", "1")
            ])
        );
        assert_ne!(guest, of(&[("accept-language", "en")]));
        assert_ne!(guest, of(&[]));
        let reader = of(&[("authorization", "Bearer a"), ("accept-language", "fr")]);
        assert_ne!(reader, guest);
        let other = of(&[("authorization", "Bearer b"), ("accept-language", "fr")]);
        assert_ne!(reader, other);
    }

    #[test]
    fn where_one_header_ends_is_part_of_it() {
        assert_ne!(of(&[("a", "bc"), ("d", "")]), of(&[("a", "b"), ("d", "c")]));
    }
}
