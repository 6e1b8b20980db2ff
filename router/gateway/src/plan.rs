//! Stage 10: how the subgraphs will be asked, worked out once per operation, off the I/O workers.

use std::sync::Arc;
use std::time::Duration;

use coko_core::Code;
use coko_executor::{
    ErrorCode, ExecutablePlan, PlanCancellation, PlanError, Variables, plan_with_overrides,
};

use crate::cache::{Asked, Recall};
use crate::context::RequestContext;
use crate::overrides::Decision;
use crate::prepare::{PreparedOperation, too_late};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::trace;
use crate::uploads::Uploads;

/// An operation that can be executed.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) operation: Arc<PreparedOperation>,
    pub(crate) plan: Arc<ExecutablePlan>,
    pub(crate) variables: Variables,
    pub(crate) uploads: Option<Uploads>,
    /// What the operation is estimated to cost.
    pub(crate) cost: u64,
    /// Where to keep the answer.
    pub(crate) recall: Option<Recall>,
}

/// Finds the operation's plan, or makes it while others wait for the same one.
///
/// # Errors
/// `TIMEOUT` when planning takes too long, which is tried again next time; `INTERNAL` when the planner cannot plan it,
/// `BAD_REQUEST` when nobody could.
pub(crate) async fn plan(context: &RequestContext, asked: Asked) -> Result<Planned, Refusal> {
    let Asked { coerced, recall } = asked;
    let operation = coerced.prepared.operation;
    let decision = context.snapshot.overrides.decide(context);
    let cell = operation.plans.of(&decision);
    let outcome = match cell.get() {
        Some(outcome) => outcome,
        None => {
            let making = cell.get_or_try_init(|| make(context, operation.clone(), decision));
            tokio::time::timeout_at(context.deadline, Box::pin(making))
                .await
                .map_err(|_| too_late())??
        }
    };
    let plan = outcome.clone()?;
    Ok(Planned {
        operation,
        plan,
        variables: coerced.variables,
        uploads: coerced.prepared.request.uploads,
        cost: coerced.cost,
        recall,
    })
}

/// The outer error is not remembered, the inner one is.
async fn make(
    context: &RequestContext,
    operation: Arc<PreparedOperation>,
    decision: Decision,
) -> Result<Result<Arc<ExecutablePlan>, Refusal>, Refusal> {
    // The semaphore is never closed; were it, planning without a limit is still right.
    let _room = context.engine.planning.clone().acquire_owned().await.ok();
    let snapshot = context.snapshot.clone();
    let patience = Duration::from_millis(context.engine.config.timeouts.planning_ms);
    let hash = operation.hash.clone();
    let span = trace::planning(&hash);
    let planning = tokio::task::spawn_blocking(move || {
        span.in_scope(|| plan_now(&snapshot, &operation, &decision, patience))
    });
    match planning.await {
        Ok(Ok(plan)) => Ok(Ok(plan)),
        Ok(Err(error)) if error.code() == ErrorCode::Timeout => Err(too_late()),
        Ok(Err(error)) => {
            tracing::error!(%error, operation = hash, "an operation could not be planned");
            let code = match error.code() {
                ErrorCode::BadRequest => Code::BadRequest,
                _ => Code::Internal,
            };
            Ok(Err(Refusal::http(code, error.public_message())))
        }
        Err(error) => {
            tracing::error!(%error, operation = hash, "planning an operation failed");
            let message = "The operation could not be planned.";
            Ok(Err(Refusal::http(Code::Internal, message)))
        }
    }
}

/// Plans on this thread.
pub(crate) fn plan_now(
    snapshot: &Snapshot,
    operation: &PreparedOperation,
    decision: &Decision,
    patience: Duration,
) -> Result<Arc<ExecutablePlan>, PlanError> {
    let cancellation = PlanCancellation::with_timeout(patience);
    plan_with_overrides(
        &snapshot.supergraph,
        &operation.normalized,
        snapshot.overrides.context(decision),
        &cancellation,
    )
    .map(Arc::new)
}
