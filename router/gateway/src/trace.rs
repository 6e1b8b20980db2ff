//! Spans of what a request waits for: preparing, planning, executing, each call to a subgraph. Names and attributes are
//! those of OpenTelemetry's semantic conventions for GraphQL servers and HTTP clients.
//!
//! They exist while traces are exported. Else their target is filtered out once for each place, and nothing is computed.

use coko_core::telemetry::{TRACES, traceparent_of};
use coko_executor::{SubgraphReply, SubgraphRequest, TransportError};
use http::{HeaderMap, HeaderValue};
use sha2::{Digest as _, Sha256};
use tracing::field::Empty;
use tracing::{Span, trace_span};

use crate::prepare::PreparedOperation;

/// Parsing, validating and normalizing a document that is not known yet.
pub(crate) fn preparing() -> Span {
    trace_span!(target: TRACES, "prepare")
}

/// Planning an operation that has no plan yet.
pub(crate) fn planning(hash: &str) -> Span {
    trace_span!(target: TRACES, "plan", "graphql.document.hash" = hash)
}

/// Running a plan.
pub(crate) fn executing(operation: &PreparedOperation) -> Span {
    trace_span!(
        target: TRACES,
        "execute",
        otel.name = operation.kind.as_str(),
        "graphql.operation.type" = operation.kind.as_str(),
        "graphql.operation.name" = operation.name.as_deref(),
        "graphql.document.hash" = operation.hash,
    )
}

/// One call to a subgraph, retries included.
pub(crate) fn calling(subgraph: &str, request: &SubgraphRequest<'_>) -> Span {
    let span = trace_span!(
        target: TRACES,
        "fetch",
        otel.name = Empty,
        otel.kind = "client",
        otel.status_code = Empty,
        "http.request.method" = "POST",
        "http.request.body.size" = request.body.len(),
        "http.response.status_code" = Empty,
        "http.response.body.size" = Empty,
        "error.type" = Empty,
        "graphql.operation.type" = request.kind.as_str(),
        "graphql.document.hash" = Empty,
        "subgraph.name" = subgraph,
    );
    if !span.is_disabled() {
        span.record("otel.name", format!("POST {subgraph}"));
        if let Some(document) = document(&request.body) {
            let hash = hex::encode(Sha256::digest(document));
            span.record("graphql.document.hash", hash);
        }
    }
    span
}

/// The headers of a call with the call itself as the parent of what the subgraph does.
pub(crate) fn with_parent(headers: &HeaderMap, span: &Span) -> HeaderMap {
    let mut headers = headers.clone();
    let parent = traceparent_of(span).and_then(|text| HeaderValue::try_from(text).ok());
    if let Some(parent) = parent {
        headers.insert("traceparent", parent);
    }
    headers
}

/// Notes how a call ended.
pub(crate) fn called(span: &Span, outcome: &Result<SubgraphReply, TransportError>) {
    match outcome {
        Ok(reply) => {
            span.record("http.response.status_code", reply.status.as_u16());
            span.record("http.response.body.size", reply.body.len());
            if !reply.status.is_success() {
                span.record("otel.status_code", "ERROR");
                span.record("error.type", reply.status.as_str());
            }
        }
        Err(error) => {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", error.code().as_str());
        }
    }
}

/// The document of a request's body as it stands there, escapes and all. Inside a JSON string no quotation mark is bare,
/// so the first bare one ends it.
fn document(body: &[u8]) -> Option<&[u8]> {
    let rest = body.strip_prefix(b"{\"query\":\"")?;
    let mut escaped = false;
    let end = rest.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })?;
    Some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_ends_at_its_own_quotation_mark() {
        let body = br#"{"query":"{a(b:\"\\\")}","variables":{}}"#;
        assert_eq!(document(body), Some(br#"{a(b:\"\\\")}"#.as_slice()));
        assert_eq!(document(br#"{"query":"{a"#), None);
        assert_eq!(document(b"[]"), None);
    }
}
