//! Names of headers that are no standard's, or not known to the `http` crate: made once, for looking up by text parses it.

use http::{HeaderName, header};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// By which clients give their names, the first that is there.
pub(crate) const CLIENT_NAMES: [HeaderName; 3] = [
    HeaderName::from_static("graphql-client-name"),
    HeaderName::from_static("apollographql-client-name"),
    HeaderName::from_static("x-client-name"),
];

/// Those that every subgraph gets when the client sent them.
pub(crate) const FORWARDED: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::ACCEPT_LANGUAGE,
    header::USER_AGENT,
    HeaderName::from_static("save-data"),
    HeaderName::from_static("tracestate"),
];
