//! Walking the planner's tree into a list of fetches, each with its path, its conditions and what comes before it.

use hive_router_query_planner::planner::plan_nodes::{
    BatchFetchNode, FetchNode, FlattenNodePathSegment, PlanNode,
};

use super::{
    PlanError,
    projection::{Condition, ConditionTable},
};

/// A fetch as found in the planner's tree.
pub(super) struct Found<'a> {
    pub(super) node: FetchRef<'a>,
    /// Where in the answer its objects are.
    pub(super) path: Vec<&'a FlattenNodePathSegment>,
    pub(super) conditions: Vec<Condition>,
    /// The fetches the planner puts before it.
    pub(super) before: Vec<usize>,
}

/// A call in the planner's terms.
#[derive(Clone, Copy)]
pub(super) enum FetchRef<'a> {
    Single(&'a FetchNode),
    Batch(&'a BatchFetchNode),
}

/// The walk.
pub(super) struct Flattener<'a, 'b> {
    pub(super) conditions: &'b mut ConditionTable,
    pub(super) found: &'b mut Vec<Found<'a>>,
}

impl<'a> Flattener<'a, '_> {
    /// Appends the fetches under `node` and returns their positions.
    pub(super) fn visit(
        &mut self,
        node: &'a PlanNode,
        path: &[&'a FlattenNodePathSegment],
        conditions: &[Condition],
        before: &[usize],
    ) -> Result<Vec<usize>, PlanError> {
        match node {
            PlanNode::Fetch(fetch) => {
                Ok(self.push(FetchRef::Single(fetch), path, conditions, before))
            }
            PlanNode::BatchFetch(fetch) => {
                Ok(self.push(FetchRef::Batch(fetch), path, conditions, before))
            }
            PlanNode::Sequence(sequence) => {
                let mut before = before.to_vec();
                let mut inside = Vec::new();
                for node in &sequence.nodes {
                    let added = self.visit(node, path, conditions, &before)?;
                    before.extend(&added);
                    inside.extend(added);
                }
                Ok(inside)
            }
            PlanNode::Parallel(parallel) => {
                let mut inside = Vec::new();
                for node in &parallel.nodes {
                    inside.extend(self.visit(node, path, conditions, before)?);
                }
                Ok(inside)
            }
            PlanNode::Flatten(flatten) => {
                let mut path = path.to_vec();
                path.extend(flatten.path.as_slice());
                self.visit(&flatten.node, &path, conditions, before)
            }
            PlanNode::Condition(condition) => {
                let variable = self.conditions.index(&condition.condition);
                let mut inside = Vec::new();
                let clauses = [
                    (&condition.if_clause, true),
                    (&condition.else_clause, false),
                ];
                for (clause, wanted) in clauses {
                    if let Some(clause) = clause {
                        let mut conditions = conditions.to_vec();
                        conditions.push((variable, wanted));
                        inside.extend(self.visit(clause, path, &conditions, before)?);
                    }
                }
                Ok(inside)
            }
            PlanNode::Subscription(subscription) => {
                let source = FetchRef::Single(&subscription.primary);
                Ok(self.push(source, path, conditions, before))
            }
            PlanNode::Defer(_) => Err(PlanError::Unsupported("@defer")),
        }
    }

    fn push(
        &mut self,
        node: FetchRef<'a>,
        path: &[&'a FlattenNodePathSegment],
        conditions: &[Condition],
        before: &[usize],
    ) -> Vec<usize> {
        self.found.push(Found {
            node,
            path: path.to_vec(),
            conditions: conditions.to_vec(),
            before: before.to_vec(),
        });
        vec![self.found.len() - 1]
    }
}
