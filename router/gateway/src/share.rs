//! Stage 11: equal queries of the same caller that are under way at the same time are executed once.
//!
//! Off unless `traffic.operation_deduplication` is on. Who asks, what is sent along to subgraphs, the prepared operation
//! and the variables all have to be equal. Followers get the leader's answer: the same bytes, with the leader's request id
//! in its errors.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use coko_executor::{ExecutablePlan, OperationKind};
use http::Method;

use crate::actual_cost;
use crate::cache::Policy;
use crate::context::RequestContext;
use crate::execute::{Executed, execute, forwarded};
use crate::flights::{Flights, Role};
use crate::plan::Planned;
use crate::prepare::{PreparedOperation, too_late};
use crate::refusal::Refusal;
use crate::sharing;

/// The operations under way.
pub(crate) type RunningOperations = Flights<Key, Result<Shared, Refusal>>;

/// What followers get.
#[derive(Clone)]
pub(crate) struct Shared {
    body: Bytes,
    errors: usize,
    fetches: usize,
    cached: usize,
    policy: Option<Policy>,
    etag: Box<str>,
}

/// What operations are equal in.
#[derive(Clone)]
pub(crate) struct Key {
    /// Held on to, so that its address is nobody else's. It belongs to one supergraph.
    operation: Arc<PreparedOperation>,
    /// One operation has several where fields move from subgraph to subgraph.
    plan: Arc<ExecutablePlan>,
    /// What a GET's answer allows is not worked out for a POST.
    method: Method,
    variables: Bytes,
    scope: Bytes,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.operation, &other.operation)
            && Arc::ptr_eq(&self.plan, &other.plan)
            && self.method == other.method
            && self.variables == other.variables
            && self.scope == other.scope
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.operation).hash(state);
        self.variables.hash(state);
        self.scope.hash(state);
    }
}

/// Joins an equal query that is being executed, or executes.
///
/// # Errors
/// As [`execute`] has it; `TIMEOUT` when this request's own deadline passes first.
pub(crate) async fn share(context: &RequestContext, planned: Planned) -> Result<Executed, Refusal> {
    let Some(running) = &context.engine.running else {
        return execute(context, planned).await;
    };
    // Files are too much to compare; costs are told to those alone who ask.
    if context.explain || planned.uploads.is_some() || actual_cost::is_asked(context) {
        return execute(context, planned).await;
    }
    if planned.operation.kind != OperationKind::Query {
        let outcome = execute(context, planned).await;
        // Whoever asks from now on gets what is read after the change.
        running.close();
        return outcome;
    }
    let headers = forwarded(context);
    let operation = planned.operation.clone();
    let key = Key {
        variables: serde_json::to_vec(planned.variables.as_map())
            .map(Bytes::from)
            .unwrap_or_default(),
        scope: sharing::scope(
            &headers,
            &sharing::indifferent(&context.engine.config.traffic),
        ),
        plan: planned.plan.clone(),
        method: context.method.clone(),
        operation: operation.clone(),
    };
    let (flight, role) = running.join(key, context.deadline, || {
        let context = context.clone();
        async move {
            let executed = execute(&context, planned).await?;
            Ok(Shared {
                body: executed.body,
                errors: executed.errors,
                fetches: executed.fetches,
                cached: executed.cached,
                policy: executed.policy,
                etag: executed.etag,
            })
        }
    });
    if role == Role::Follower {
        metrics::counter!("router_operations_deduplicated_total").increment(1);
    }
    let outcome = tokio::time::timeout_at(context.deadline, flight).await;
    let shared = outcome.unwrap_or_else(|_| Err(too_late()))?;
    let mut executed = Executed::new(&operation, shared.body);
    executed.errors = shared.errors;
    executed.fetches = shared.fetches;
    executed.cached = shared.cached;
    executed.policy = shared.policy;
    executed.etag = shared.etag;
    Ok(executed)
}
