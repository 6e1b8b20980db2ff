//! Content negotiation (GraphQL over HTTP, sections 4 and 6; RFC 9110, section 12).

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use coko_core::Code;

use crate::accept::{Range, names, parse_quality, quality, ranges};
use crate::refusal::Refusal;

const FORM: &str = "multipart/form-data";

/// The draft of incremental delivery that is spoken here, as Apollo's clients name it.
const DEFER_SPEC: &str = "20220824";

/// The media type of an answer in parts.
pub(crate) const MULTIPART: &str = "multipart/mixed;boundary=\"-\";deferSpec=20220824";

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// `application/graphql-response+json`: the status tells a GraphQL answer from other servers' answers.
    GraphQLResponse,
    /// `application/json`: 200 for every answer to a well-formed request.
    Json,
}

impl Media {
    pub(crate) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphQLResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

/// How the answers of a subscription are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamMedia {
    /// `text/event-stream`: graphql-sse, distinct connections mode.
    EventStream,
    /// `multipart/mixed` with `subscriptionSpec`: Apollo's multipart subscriptions.
    Multipart,
    /// Messages of a WebSocket connection, which `Accept` has no say in.
    WebSocket,
}

/// What a client accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Negotiated {
    pub(crate) media: Media,
    /// `None` when the client takes no streams.
    pub(crate) stream: Option<StreamMedia>,
    /// Whether it takes nothing but a stream: single answers are streams of one then.
    pub(crate) stream_only: bool,
    /// Whether it takes an answer in parts (`@defer`).
    pub(crate) incremental: bool,
}

/// Picks the media types of answers; without `Accept` it is `application/json`, which is what clients that send none
/// understand.
///
/// # Errors
/// 406 when nothing is acceptable.
pub(crate) fn negotiate(headers: &HeaderMap) -> Result<Negotiated, Refusal> {
    let stream = stream_media(headers);
    let parts = takes_parts(headers);
    let (media, stream_only) = match (negotiate_single(headers), stream) {
        (Ok(media), _) => (media, false),
        (Err(_), Some(StreamMedia::EventStream)) => (Media::Json, true),
        // A multipart client reads a single answer as JSON.
        (Err(_), Some(_)) => (Media::Json, false),
        (Err(_), None) if parts => (Media::Json, false),
        (Err(refusal), None) => return Err(refusal),
    };
    Ok(Negotiated {
        media,
        stream,
        stream_only,
        // The events of a stream may be parts.
        incremental: parts || stream_only,
    })
}

/// Whether `multipart/mixed` is named, for the draft of incremental delivery that is spoken here or for none in particular.
fn takes_parts(headers: &HeaderMap) -> bool {
    ranges(headers).any(|(text, range)| {
        let mut specs = text.split(';').filter_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let name = name.trim().to_ascii_lowercase();
            name.ends_with("spec")
                .then(|| (name, value.trim().trim_matches('"')))
        });
        range.quality > 0
            && range.essence.eq_ignore_ascii_case("multipart/mixed")
            && specs.all(|(name, value)| name == "deferspec" && value == DEFER_SPEC)
    })
}

/// The stream that is named explicitly: a wildcard is no wish for one.
fn stream_media(headers: &HeaderMap) -> Option<StreamMedia> {
    ranges(headers)
        .filter_map(|(text, range)| {
            let essence = range.essence.to_ascii_lowercase();
            let is_subscription = || text.to_ascii_lowercase().contains("subscriptionspec");
            let media = match essence.as_str() {
                "text/event-stream" => StreamMedia::EventStream,
                "multipart/mixed" if is_subscription() => StreamMedia::Multipart,
                _ => return None,
            };
            (range.quality > 0).then_some((range.quality, media))
        })
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, media)| media)
}

/// The media type of a single answer.
fn negotiate_single(headers: &HeaderMap) -> Result<Media, Refusal> {
    if !headers.contains_key(ACCEPT) {
        return Ok(Media::Json);
    }
    let ranges: Vec<Range<'_>> = ranges(headers).map(|(_, range)| range).collect();
    let graphql = quality(&ranges, "application/graphql-response+json");
    let json = quality(&ranges, "application/json");
    match (graphql, json) {
        (0, 0) => Err(Refusal::http_with(
            StatusCode::NOT_ACCEPTABLE,
            Code::BadRequest,
            "Nothing acceptable can be answered: accept application/graphql-response+json, application/json or, for subscriptions, text/event-stream.",
        )),
        // A wildcard alone is what clients send that know of neither.
        (graphql, json)
            if graphql > json
                || (graphql == json && names(&ranges, "application/graphql-response+json")) =>
        {
            Ok(Media::GraphQLResponse)
        }
        _ => Ok(Media::Json),
    }
}

/// Whether a page is wanted rather than data.
pub(crate) fn prefers_html(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .split(',')
                .any(|range| range.trim_start().starts_with("text/html"))
        })
}

/// How much a content encoding is wanted, 0 to 1000; one that is not named is not wanted (RFC 9110, section 12.5.3).
pub(crate) fn encoding_quality(headers: &HeaderMap, encoding: &str) -> u16 {
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    let named = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|one| {
            let (name, quality) = one.split_once(';').unwrap_or((one, "q=1"));
            let quality = quality.trim().strip_prefix(['q', 'Q'])?.trim_start();
            let quality = parse_quality(quality.strip_prefix('=')?);
            name.trim()
                .eq_ignore_ascii_case(encoding)
                .then_some(quality)
        });
    named.unwrap_or(0)
}

/// Whether a body is a form, which pages of any site can send.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    value.is_some_and(|value| {
        let essence = value.get(..FORM.len()).unwrap_or_default();
        essence.eq_ignore_ascii_case(FORM.as_bytes())
    })
}

/// What separates the parts of a form.
pub(crate) fn boundary(headers: &HeaderMap) -> Option<String> {
    multer::parse_boundary(headers.get(CONTENT_TYPE)?.to_str().ok()?).ok()
}

/// Checks that a body is JSON in UTF-8, not compressed.
///
/// # Errors
/// 415 otherwise.
pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let unsupported = |message: String| {
        Err(Refusal::http_with(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadRequest,
            message,
        ))
    };
    let encoded = headers
        .get(CONTENT_ENCODING)
        .is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded {
        return unsupported("Compressed request bodies are not accepted.".to_owned());
    }
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return unsupported("Content-Type is missing: send application/json.".to_owned());
    };
    let value = value.to_str().unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    if essence != "application/json" && essence != "application/graphql+json" {
        return unsupported(format!(
            "Content-Type is {essence:?}: send application/json."
        ));
    }
    for parameter in parts {
        if let Some((name, charset)) = parameter.split_once('=') {
            let charset = charset.trim().trim_matches('"');
            if name.trim().eq_ignore_ascii_case("charset") && !charset.eq_ignore_ascii_case("utf-8")
            {
                return unsupported(format!("The charset is {charset:?}: send UTF-8."));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(accept: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
        negotiate(&headers).ok().map(|picked| picked.media)
    }

    #[test]
    fn streams_are_asked_for_by_name() {
        let picked = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
            let picked = negotiate(&headers).ok()?;
            Some((picked.stream, picked.stream_only))
        };
        for (accept, expected) in [
            (
                "text/event-stream",
                Some((Some(StreamMedia::EventStream), true)),
            ),
            (
                "application/json, text/event-stream",
                Some((Some(StreamMedia::EventStream), false)),
            ),
            (
                "multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/json",
                Some((Some(StreamMedia::Multipart), false)),
            ),
            (
                "multipart/mixed;subscriptionSpec=\"1.0\"",
                Some((Some(StreamMedia::Multipart), false)),
            ),
            (
                "multipart/mixed;deferSpec=20220824, application/json",
                Some((None, false)),
            ),
            ("multipart/mixed", Some((None, false))),
            ("multipart/mixed;incrementalSpec=v0.2", None),
            ("*/*", Some((None, false))),
            ("text/event-stream;q=0", None),
        ] {
            assert_eq!(picked(accept), expected, "{accept}");
        }
    }

    #[test]
    fn parts_are_asked_for_by_name_and_draft() {
        for (accept, expected) in [
            ("multipart/mixed;deferSpec=20220824, application/json", true),
            (
                "application/json, Multipart/Mixed; DeferSpec=\"20220824\"",
                true,
            ),
            ("multipart/mixed", true),
            ("multipart/mixed;boundary=\"-\"", true),
            ("text/event-stream", true),
            ("text/event-stream, application/json", false),
            ("multipart/mixed;deferSpec=20991231, */*", false),
            ("multipart/mixed;incrementalSpec=v0.2, */*", false),
            ("multipart/mixed;subscriptionSpec=1.0, */*", false),
            ("multipart/mixed;q=0, */*", false),
            ("multipart/*, */*", false),
            ("*/*", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
            let picked = negotiate(&headers).unwrap();
            assert_eq!(picked.incremental, expected, "{accept}");
        }
    }

    #[test]
    fn the_media_type_follows_accept() {
        let nothing = negotiate(&HeaderMap::new()).ok();
        assert_eq!(nothing.map(|picked| picked.media), Some(Media::Json));
        for (accept, expected) in [
            ("application/json", Some(Media::Json)),
            (
                "application/graphql-response+json",
                Some(Media::GraphQLResponse),
            ),
            (
                "application/graphql-response+json, application/json;q=0.9",
                Some(Media::GraphQLResponse),
            ),
            (
                "application/json;q=0.9, application/graphql-response+json;q=0.8",
                Some(Media::Json),
            ),
            (
                "application/json, application/graphql-response+json",
                Some(Media::GraphQLResponse),
            ),
            ("*/*", Some(Media::Json)),
            ("application/*", Some(Media::Json)),
            ("application/json;charset=utf-8", Some(Media::Json)),
            ("application/json;charset=latin1", None),
            ("text/html", None),
            ("application/json;q=0", None),
            ("text/html, */*;q=0.1", Some(Media::Json)),
        ] {
            assert_eq!(picked(accept), expected, "{accept}");
        }
    }

    #[test]
    fn an_encoding_has_a_quality() {
        let quality = |accepted: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            encoding_quality(&headers, "dcz")
        };
        assert_eq!(quality("gzip, br, dcb, DCZ"), 1000);
        assert_eq!(quality("dcz;q=0.5"), 500);
        assert_eq!(quality("dcz ; q=0"), 0);
        assert_eq!(quality("gzip, *"), 0);
        assert_eq!(quality("dczx"), 0);
    }

    #[test]
    fn a_body_is_json_in_utf_8() {
        let checked = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(value).unwrap());
            check_content_type(&headers).is_ok()
        };
        assert!(checked("application/json"));
        assert!(checked("Application/JSON; charset=\"UTF-8\""));
        assert!(!checked("application/json; charset=utf-16"));
        assert!(!checked("text/plain"));
        assert!(!checked("multipart/form-data; boundary=x"));
        assert!(check_content_type(&HeaderMap::new()).is_err());
    }
}
