//! Stage 11: the plan runs. What is sent along to subgraphs is decided here.

use bytes::Bytes;
use coko_core::identity::{ENVELOPE_HEADER, Envelope};
use coko_executor::{ExecutionInput, FetchOutcome, FetchRecord};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::json;
use tracing::Instrument as _;

use crate::authorize::core_kind;
use crate::context::RequestContext;
use crate::plan::Planned;
use crate::prepare::PreparedOperation;
use crate::refusal::Refusal;
use crate::subscriptions::Subscription;
use crate::trace;

/// Headers that every subgraph gets when the client sent them.
const FORWARDED: [HeaderName; 3] = [
    header::AUTHORIZATION,
    header::ACCEPT_LANGUAGE,
    header::USER_AGENT,
];

/// A whole answer, or the beginning of many.
pub(crate) struct Executed {
    /// The GraphQL response in JSON; empty when the answers are a stream.
    pub(crate) body: Bytes,
    /// The answers of a subscription.
    pub(crate) stream: Option<Box<Subscription>>,
    pub(crate) errors: usize,
    pub(crate) fetches: usize,
    pub(crate) hash: String,
    pub(crate) name: Option<String>,
    pub(crate) kind: &'static str,
}

/// Runs the plan, or shows it when that is what was asked for.
///
/// # Errors
/// `TIMEOUT` when the request's deadline passes all the same; failures of subgraphs are part of the answer.
pub(crate) async fn execute(
    context: &RequestContext,
    planned: Planned,
) -> Result<Executed, Refusal> {
    let Planned {
        operation,
        plan,
        variables,
        uploads,
    } = planned;
    let whole = |body: Bytes, errors: usize, fetches: usize| Executed {
        body,
        stream: None,
        errors,
        fetches,
        hash: operation.hash.clone(),
        name: operation.name.clone(),
        kind: operation.kind.as_str(),
    };
    if context.explain {
        let body = json!({ "data": null, "extensions": { "plan": { "text": plan.pretty(), "nodes": plan.json() } } });
        return Ok(whole(Bytes::from(body.to_string()), 0, 0));
    }
    let config = &context.engine.config;
    let headers = headers(context, &operation);
    let input = ExecutionInput {
        variables: &variables,
        headers: &headers,
        deadline: context.deadline,
        transport: &context.snapshot.transports,
        request_id: &context.request_id,
        errors: &context.engine.error_policy,
        max_errors: config.limits.errors,
        introspection: true,
        max_response_bytes: config.limits.response_bytes,
        files: uploads.as_ref().map(|uploads| &uploads.files),
    };
    let output = coko_executor::execute(&context.snapshot.supergraph, &plan, input)
        .instrument(trace::executing(&operation))
        .await;
    measure(context, &output.fetches);
    Ok(whole(output.body, output.error_count, output.fetches.len()))
}

/// Calls to subgraphs by name and outcome.
pub(crate) fn measure(context: &RequestContext, fetches: &[FetchRecord]) {
    let endpoints = context.snapshot.transports.endpoints();
    for fetch in fetches {
        let Some(endpoint) = endpoints.get(fetch.subgraph.index()) else {
            continue;
        };
        let outcome = match fetch.outcome {
            FetchOutcome::Answered => "OK",
            FetchOutcome::Errors(_) => "PARTIAL",
            FetchOutcome::Failed(code) => code.as_str(),
        };
        let name = endpoint.name().to_owned();
        metrics::counter!("router_subgraph_requests_total", "subgraph" => name.clone(), "outcome" => outcome).increment(1);
        metrics::histogram!("router_subgraph_duration_seconds", "subgraph" => name)
            .record(fetch.duration.as_secs_f64());
    }
}

/// What subgraphs are told: the client's token and preferences, and what the gateway vouches for.
pub(crate) fn headers(context: &RequestContext, operation: &PreparedOperation) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    for name in FORWARDED {
        if let Some(value) = context.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let named = context
        .engine
        .config
        .forward_headers
        .iter()
        .map(String::as_str);
    for name in named.chain(["save-data", "tracestate"]) {
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name), context.headers.get(name)) {
            headers.insert(name, value.clone());
        }
    }
    let vouched = [
        ("x-request-id", Some(context.request_id.to_string())),
        ("traceparent", Some(context.traceparent.to_string())),
        (ENVELOPE_HEADER, envelope(context, operation)),
    ];
    for (name, value) in vouched {
        // Whatever the client sent under these names is not handed on.
        headers.remove(name);
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// The facts of the client's operation, sealed: a subgraph sees only its part of it.
fn envelope(context: &RequestContext, operation: &PreparedOperation) -> Option<String> {
    let key = context.engine.internal_key.as_ref()?;
    let envelope = Envelope {
        request_id: context.request_id.to_string(),
        operation: operation.hash.clone(),
        kind: core_kind(operation.kind),
        address: context.address,
        sealed_at: context.engine.clock.now().unix_timestamp(),
    };
    Some(envelope.seal(key))
}
