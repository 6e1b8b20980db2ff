//! What the plain HTTP routes of subgraphs do alike: language, entity tags, refusals.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use fluent_bundle::FluentValue;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::locale::Locale;
use crate::translation::Translations;

/// The language that the client prefers of those we speak.
pub fn language(headers: &HeaderMap) -> Locale {
    headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .map(Locale::negotiate)
        .unwrap_or_default()
}

/// A strong entity tag (RFC 9110, section 8.8.3) of these bytes.
pub fn entity_tag(body: impl AsRef<[u8]>) -> String {
    format!("\"{}\"", hex::encode(&Sha256::digest(body)[..16]))
}

/// Whether the client has what `tag` names (`If-None-Match`, RFC 9110, section 13.1.2).
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|known| {
            known
                .split(',')
                .map(str::trim)
                .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
        })
}

/// The error as a problem (RFC 9457) in the client's language, with its code; what is our fault is logged.
pub fn problem(
    error: &Error,
    translations: &Translations,
    locale: &Locale,
    arguments: &[(&str, FluentValue<'_>)],
) -> Response {
    if error.code().is_fault() {
        tracing::error!(%error, "a request failed");
    }
    let status: StatusCode = error.code().http_status();
    let title = translations.text(locale, error.message(), arguments);
    let body = json!({ "type": "about:blank", "status": status.as_u16(), "title": title, "code": error.code().as_str() });
    let fixed = [
        (header::CONTENT_TYPE, "application/problem+json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, fixed, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_known_tag_is_recognised_among_others() {
        let tag = entity_tag("body");
        let known = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
            is_known(&headers, &tag)
        };
        assert!(known(&tag));
        assert!(known(&format!("\"a\", W/{tag}")));
        assert!(known("*"));
        assert!(!known("\"a\""));
        assert!(!is_known(&HeaderMap::new(), &tag));
        assert_ne!(tag, entity_tag("bodY"));
    }
}
