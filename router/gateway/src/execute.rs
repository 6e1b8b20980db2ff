//! Stage 11: the plan runs. What is sent along to subgraphs is decided here.

use bytes::Bytes;
use coko_core::identity::{ENVELOPE_HEADER, Envelope};
use coko_executor::{
    ExecutionInput, FetchOutcome, FetchRecord, OperationKind, SubgraphTransport, Variables,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::json;
use tracing::Instrument as _;

use crate::actual_cost;
use crate::authorize::core_kind;
use crate::cache::{CachedFetches, Policy, Recall};
use crate::context::RequestContext;
use crate::headers::{FORWARDED, REQUEST_ID, TRACEPARENT};
use crate::incremental::Parts;
use crate::language;
use crate::plan::Planned;
use crate::prepare::PreparedOperation;
use crate::refusal::Refusal;
use crate::subscriptions::Subscription;
use crate::trace;

/// A whole answer, or the beginning of many.
pub(crate) struct Executed {
    /// The GraphQL response in JSON; empty when the answers are a stream.
    pub(crate) body: Bytes,
    /// The answers of a subscription.
    pub(crate) stream: Option<Box<Subscription>>,
    /// What follows the body, which is the first part of the answer then.
    pub(crate) parts: Option<Box<Parts>>,
    pub(crate) errors: usize,
    pub(crate) fetches: usize,
    /// How many of the fetches no subgraph was called for; 1 when the whole answer was there.
    pub(crate) cached: usize,
    /// What clients and the caches before them may do with it; `None` when nobody said.
    pub(crate) policy: Option<Policy>,
    /// Whether callers had to show something for it.
    pub(crate) demanding: bool,
    /// Its strong validator, when that is known already.
    pub(crate) etag: Box<str>,
    pub(crate) hash: String,
    pub(crate) name: Option<String>,
    pub(crate) kind: &'static str,
}

impl Executed {
    /// An answer of which nothing more is known.
    pub(crate) fn new(operation: &PreparedOperation, body: Bytes) -> Self {
        Self {
            body,
            stream: None,
            parts: None,
            errors: 0,
            fetches: 0,
            cached: 0,
            policy: None,
            demanding: !operation.demands.is_empty(),
            etag: Box::default(),
            hash: operation.hash.clone(),
            name: operation.name.clone(),
            kind: operation.kind.as_str(),
        }
    }
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
        cost,
        recall,
    } = planned;
    if context.explain {
        let body = json!({ "data": null, "extensions": { "plan": { "text": plan.pretty(), "nodes": plan.json() } } });
        return Ok(Executed::new(&operation, Bytes::from(body.to_string())));
    }
    let headers = headers(context, &operation);
    let caching = caching(
        context,
        &operation,
        recall.as_ref(),
        context.method == Method::GET,
    );
    let input = ExecutionInput {
        files: uploads.as_ref().map(|uploads| &uploads.files),
        ..input(context, &variables, &headers, caching.as_ref())
    };
    let output = coko_executor::execute(&context.snapshot.supergraph, &plan, input)
        .instrument(trace::executing(&operation))
        .await;
    measure(context, &output.fetches);
    let mut executed = Executed::new(&operation, output.body);
    executed.errors = output.error_count;
    executed.fetches = output.fetches.len();
    if let Some(gathered) = caching.map(CachedFetches::finish) {
        executed.cached = gathered.hits;
        if executed.errors == 0 {
            executed.policy = gathered.policy;
            if let (Some(cache), Some(recall)) = (&context.engine.cache, &recall) {
                executed.etag = cache.keep_operation(recall, &executed.body, &gathered);
            }
        }
    }
    if actual_cost::is_asked(context) {
        executed.body = actual_cost::told(&executed.body, &operation.demand, cost);
        executed.policy = None;
        executed.etag = Box::default();
    }
    Ok(executed)
}

/// The cache before the calls of an operation. Nobody looks at what the answer to a POST allows, unless it may be kept here
/// or makes stale what is.
pub(crate) fn caching<'c>(
    context: &'c RequestContext,
    operation: &PreparedOperation,
    recall: Option<&'c Recall>,
    is_looked_at: bool,
) -> Option<CachedFetches<'c>> {
    let changes = context.engine.cache.is_some() && operation.kind == OperationKind::Mutation;
    (recall.is_some() || changes || is_looked_at)
        .then(|| CachedFetches::new(context, recall.map(|recall| &recall.caller)))
}

/// What the executor is given of a request without files.
pub(crate) fn input<'a>(
    context: &'a RequestContext,
    variables: &'a Variables,
    headers: &'a HeaderMap,
    caching: Option<&'a CachedFetches<'a>>,
) -> ExecutionInput<'a> {
    let limits = &context.engine.config.limits;
    let transport: &dyn SubgraphTransport = match caching {
        Some(caching) => caching,
        None => &context.snapshot.transports,
    };
    ExecutionInput {
        variables,
        headers,
        deadline: context.deadline,
        transport,
        request_id: &context.request_id,
        errors: &context.snapshot.error_policy,
        max_errors: limits.errors,
        introspection: true,
        max_response_bytes: limits.response_bytes,
        files: None,
    }
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
        endpoint.meters().call(outcome, fetch.duration);
    }
}

/// What subgraphs are told: the client's token and preferences, and what the gateway vouches for.
pub(crate) fn headers(context: &RequestContext, operation: &PreparedOperation) -> HeaderMap {
    let mut headers = forwarded(context);
    let vouched = [
        (REQUEST_ID, HeaderValue::from_str(&context.request_id).ok()),
        (
            TRACEPARENT,
            HeaderValue::from_str(&context.traceparent).ok(),
        ),
        (
            HeaderName::from_static(ENVELOPE_HEADER),
            envelope(context, operation).and_then(|sealed| HeaderValue::try_from(sealed).ok()),
        ),
    ];
    for (name, value) in vouched {
        // Whatever the client sent under these names is not handed on.
        match value {
            Some(value) => drop(headers.insert(name, value)),
            None => drop(headers.remove(name)),
        }
    }
    headers
}

/// What is handed on of the client's own headers.
pub(crate) fn forwarded(context: &RequestContext) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    for name in FORWARDED.iter().chain(&context.engine.forwarded) {
        if let Some(value) = context.headers.get(name) {
            headers.insert(name, value.clone());
        }
    }
    localize(context, &mut headers);
    headers
}

/// Reduces the client's languages to the best of those that subgraphs speak, where these are configured.
fn localize(context: &RequestContext, headers: &mut HeaderMap) {
    let spoken = &context.engine.config.cache.languages;
    if spoken.is_empty() {
        return;
    }
    let asked = headers.get(header::ACCEPT_LANGUAGE);
    let best = asked
        .and_then(|value| value.to_str().ok())
        .map(|value| language::best(value, spoken));
    if let Some(best) = best.and_then(|best| HeaderValue::from_str(best).ok()) {
        headers.insert(header::ACCEPT_LANGUAGE, best);
    }
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
