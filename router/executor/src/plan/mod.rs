//! Planning an operation and compiling the plan into what the executor runs.

mod access;
mod compile;
mod flatten;
mod incremental;
mod projection;
mod projection_compiler;
mod pruned;
mod representation;
mod selection;
mod shape;
mod sharing;
mod source;
mod types;

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use graphql_tools::static_graphql::query::FragmentDefinition;
use hive_router_query_planner::planner::{PlannerError, plan_nodes::QueryPlan};
pub use hive_router_query_planner::utils::cancellation::CancellationToken as PlanCancellation;
use hive_router_query_planner::{
    ast::operation::OperationDefinition, graph::PlannerOverrideContext, planner::Planner,
};
use rustc_hash::FxHashMap;

use self::{
    compile::compile_fetches, incremental::IncrementalPlan, projection::ConditionTable,
    projection_compiler::ProjectionCompiler,
};
pub(crate) use self::{
    compile::{EntityInput, EntityOutput, Fetch, FetchWork, PathStep},
    incremental::PendingFragment,
    projection::{
        FieldSetId, FieldSource, Leaf, ProjectedField, ProjectedKind, ProjectedObject,
        ProjectedType, Projection,
    },
    representation::{RepresentationField, RepresentationObject, RepresentationSource},
    selection::Selection,
    shape::{ShapeBuilder, ShapeId, Shapes, Slot, TYPENAME},
    types::ByType,
};
pub use self::{incremental::IncrementalDelivery, source::SubscriptionSource};
use crate::{
    error::ErrorCode,
    normalize::{MetaField, Normalized},
    response::Sizes,
    supergraph::{Supergraph, panic_text},
    transport::OperationKind,
    variables::Variables,
};

/// Why an operation has no plan.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PlanError {
    /// The planner found no way to answer, or was cancelled.
    #[error("the operation cannot be planned: {0}")]
    Planner(#[from] PlannerError),
    /// The plan needs what this executor does not do.
    #[error("{0} are not supported yet")]
    Unsupported(&'static str),
    /// The planner and this crate disagree.
    #[error("the plan cannot be compiled: {0}")]
    Internal(String),
}

impl PlanError {
    /// The code a client sees.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Planner(PlannerError::CancellationError(_)) => ErrorCode::Timeout,
            Self::Planner(_) | Self::Internal(_) => ErrorCode::Internal,
            Self::Unsupported(_) => ErrorCode::BadRequest,
        }
    }

    /// What a client is told, who can do something about it where it is a limit that is known.
    pub fn public_message(&self) -> String {
        match self {
            Self::Unsupported(what) => format!("What is asked for, {what}, is not supported."),
            Self::Planner(
                PlannerError::FailedToConstructFetchGraph(_)
                | PlannerError::QueryPlanBuildFailed(_),
            ) => "No plan was found for the operation. This is known of a field with @requires that is asked below an \
                  entity of its own type, when what it requires is itself required of another subgraph: ask for it in an \
                  operation that does not nest them."
                .to_owned(),
            Self::Planner(_) | Self::Internal(_) => "The operation could not be planned.".to_owned(),
        }
    }
}

/// A plan ready to execute, any number of times and from any number of requests at once.
#[derive(Debug)]
pub struct ExecutablePlan {
    kind: OperationKind,
    plan: Option<QueryPlan>,
    pub(crate) shapes: Shapes,
    pub(crate) fetches: Vec<Fetch>,
    pub(crate) projection: Projection,
    /// How it is answered in parts; `None` when nothing of it is deferred.
    incremental: Option<IncrementalPlan>,
    /// The variables of @skip and @include, and those of @defer.
    pub(crate) conditions: Vec<String>,
    pub(crate) meta: Vec<MetaField>,
    pub(crate) fragments: Arc<FxHashMap<String, FragmentDefinition>>,
    pub(crate) sizes: Sizes,
}

impl ExecutablePlan {
    /// The query plan as indented text; empty when no subgraph is asked.
    pub fn pretty(&self) -> String {
        self.plan
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    }

    /// The query plan as JSON, in the format Apollo's tools read; null when no subgraph is asked.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(&self.plan).unwrap_or_default()
    }

    /// The same without what `@skip` and `@include` leave out with these variables; `None` when no subgraph is asked.
    pub fn query_plan_with(&self, variables: &Variables) -> Option<QueryPlan> {
        let plan = pruned::prune(self.plan.as_ref()?, variables);
        plan.node.is_some().then_some(plan)
    }

    /// The kind of the operation.
    pub fn operation_kind(&self) -> OperationKind {
        self.kind
    }

    /// How many calls to subgraphs the plan holds, those under conditions included.
    pub fn fetches(&self) -> usize {
        self.fetches.len()
    }

    /// The values of the condition variables.
    pub(crate) fn condition_values(&self, variables: &Variables) -> Vec<bool> {
        let names = self.conditions.iter();
        names.map(|name| variables.is_true(name)).collect()
    }

    /// The planner's tree; `None` when no subgraph is asked.
    pub fn query_plan(&self) -> Option<&QueryPlan> {
        self.plan.as_ref()
    }
}

/// What decides progressive `@override`s.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OverrideContext {
    /// The labels that are on.
    pub labels: HashSet<String>,
    /// The request's number, in hundred-millionths of a percent: fields with `percent(n)` have moved for those below `n`.
    pub number: u64,
}

impl OverrideContext {
    fn for_planner(&self) -> PlannerOverrideContext {
        PlannerOverrideContext::new(self.labels.clone(), self.number)
    }
}

/// Plans and compiles an operation. CPU-bound and possibly long: run it off the I/O workers.
pub fn plan(
    supergraph: &Supergraph,
    normalized: &Normalized,
    cancellation: &PlanCancellation,
) -> Result<ExecutablePlan, PlanError> {
    plan_with_overrides(
        supergraph,
        normalized,
        OverrideContext::default(),
        cancellation,
    )
}

/// Like [`plan`], with the labels and the percentage that decide progressive `@override`.
pub fn plan_with_overrides(
    supergraph: &Supergraph,
    normalized: &Normalized,
    overrides: OverrideContext,
    cancellation: &PlanCancellation,
) -> Result<ExecutablePlan, PlanError> {
    let plan = match normalized.operation() {
        None => None,
        Some(operation) => {
            let planned = ask(supergraph.planner(), operation, &overrides, cancellation);
            let planned = match planned {
                Err(error) if lost_its_way(&error) => match supergraph.second_planner() {
                    Some(second) => ask(second, operation, &overrides, cancellation).or(Err(error)),
                    None => Err(error),
                },
                planned => planned,
            };
            Some(planned?)
        }
    };
    compile(supergraph, normalized, plan)
}

/// Whether the planner found a way and could not make a plan of it.
fn lost_its_way(error: &PlanError) -> bool {
    matches!(
        error,
        PlanError::Internal(_)
            | PlanError::Planner(
                PlannerError::FailedToConstructFetchGraph(_)
                    | PlannerError::QueryPlanBuildFailed(_)
            )
    )
}

fn ask(
    planner: &Planner,
    operation: &OperationDefinition,
    overrides: &OverrideContext,
    cancellation: &PlanCancellation,
) -> Result<QueryPlan, PlanError> {
    // The planner asserts its own invariants; one that breaks must cost this request only.
    let planned = catch_unwind(AssertUnwindSafe(|| {
        planner.plan_from_normalized_operation(operation, overrides.for_planner(), cancellation)
    }));
    let planned = planned.map_err(|panic| PlanError::Internal(panic_text(panic.as_ref())))?;
    // A cancellation surfaces wherever the planner happened to be; it is reported as what it is.
    if planned.is_err()
        && let Err(cancelled) = cancellation.bail_if_cancelled()
    {
        return Err(PlannerError::CancellationError(cancelled).into());
    }
    Ok(planned?)
}

fn compile(
    supergraph: &Supergraph,
    normalized: &Normalized,
    mut plan: Option<QueryPlan>,
) -> Result<ExecutablePlan, PlanError> {
    let mut shapes = ShapeBuilder::new();
    let mut conditions = ConditionTable::default();
    let root = plan.as_ref().and_then(|plan| plan.node.as_ref());
    let fetches = compile_fetches(supergraph, root, &mut shapes, &mut conditions)?;
    let compiler = ProjectionCompiler::new(supergraph.public(), &mut shapes, &mut conditions);
    let (projection, incremental) = compiler.compile(normalized).map_err(PlanError::Internal)?;
    let fragments = if normalized.has_introspection() {
        normalized.fragments.clone()
    } else {
        FxHashMap::default()
    };
    // Compiling needed the planner's names of subgraphs, people read the real ones.
    if let Some(node) = plan.as_mut().and_then(|plan| plan.node.as_mut()) {
        supergraph.planner_names().restore(node);
    }
    let executable = ExecutablePlan {
        kind: normalized.kind,
        shapes: shapes.finish(),
        fetches,
        projection,
        incremental,
        conditions: conditions.names,
        meta: normalized.meta().cloned().collect(),
        fragments: Arc::new(fragments),
        sizes: Sizes::default(),
        plan,
    };
    if normalized.kind == OperationKind::Subscription {
        source::check(&executable)?;
    }
    Ok(executable)
}
