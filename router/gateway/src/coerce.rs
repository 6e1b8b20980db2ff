//! Stage 9: variables that fit their declared types (specification, section 6.1.2), and what the operation costs with them.

use coko_core::Code;
use coko_executor::{PathSegment, Variables, coerce_variables};
use serde_json::Value;

use crate::context::RequestContext;
use crate::prepare::Prepared;
use crate::refusal::{GraphQLError, Refusal};

/// An operation with usable variables, within its cost.
pub(crate) struct Coerced {
    pub(crate) prepared: Prepared,
    pub(crate) variables: Variables,
    /// What the operation is estimated to cost with them.
    pub(crate) cost: u64,
}

/// Coerces the variables, then computes the cost, which may depend on them.
///
/// # Errors
/// `VALIDATION_FAILED` per variable at fault; `COST_LIMIT_EXCEEDED`.
pub(crate) fn coerce(context: &RequestContext, prepared: Prepared) -> Result<Coerced, Refusal> {
    let operation = &prepared.operation;
    let variables = coerce_variables(
        &context.snapshot.supergraph,
        &operation.normalized,
        &prepared.request.variables,
    )
    .map_err(|errors| Refusal::graphql(errors.into_iter().map(from_executor).collect()))?;
    let cost = operation
        .demand
        .evaluate(&|name| variables.get(name).and_then(Value::as_i64));
    context.engine.meters.cost(cost);
    let allowed = context.engine.config.limits.cost;
    if cost > allowed {
        return Err(Refusal::limit("cost", allowed, cost));
    }
    Ok(Coerced {
        prepared,
        variables,
        cost,
    })
}

/// The executor's errors in the gateway's form.
fn from_executor(error: coko_executor::GraphQLError) -> GraphQLError {
    let code = match error.code() {
        Some("BAD_REQUEST") => Code::BadRequest,
        Some("VALIDATION_FAILED") => Code::ValidationFailed,
        Some("FORBIDDEN") => Code::Forbidden,
        _ => Code::Internal,
    };
    let mut own = GraphQLError::new(code, error.message.into_owned());
    own.locations = error.locations;
    own.path = error.path.into_iter().flatten().map(segment).collect();
    own.details = error.extensions;
    own
}

fn segment(segment: PathSegment) -> String {
    match segment {
        PathSegment::Key(key) => key.into(),
        PathSegment::Index(index) => index.to_string(),
    }
}
