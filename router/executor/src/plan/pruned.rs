//! A plan as it runs with certain variables: what `@skip` and `@include` leave out is gone.

use hive_router_query_planner::planner::plan_nodes::{PlanNode, QueryPlan};

use crate::variables::Variables;

/// The plan without what the variables leave out.
pub(super) fn prune(plan: &QueryPlan, variables: &Variables) -> QueryPlan {
    QueryPlan {
        kind: plan.kind,
        node: plan.node.as_ref().and_then(|node| pruned(node, variables)),
    }
}

fn pruned(node: &PlanNode, variables: &Variables) -> Option<PlanNode> {
    let all = |nodes: &[PlanNode]| -> Vec<PlanNode> {
        nodes
            .iter()
            .filter_map(|node| pruned(node, variables))
            .collect()
    };
    match node {
        PlanNode::Sequence(sequence) => {
            let mut sequence = sequence.clone();
            sequence.nodes = all(&sequence.nodes);
            (!sequence.nodes.is_empty()).then_some(PlanNode::Sequence(sequence))
        }
        PlanNode::Parallel(parallel) => {
            let mut parallel = parallel.clone();
            parallel.nodes = all(&parallel.nodes);
            (!parallel.nodes.is_empty()).then_some(PlanNode::Parallel(parallel))
        }
        PlanNode::Flatten(flatten) => {
            let mut flatten = flatten.clone();
            flatten.node = Box::new(pruned(&flatten.node, variables)?);
            Some(PlanNode::Flatten(flatten))
        }
        PlanNode::Condition(condition) => {
            let clause = if variables.is_true(&condition.condition) {
                &condition.if_clause
            } else {
                &condition.else_clause
            };
            pruned(clause.as_deref()?, variables)
        }
        other => Some(other.clone()),
    }
}
