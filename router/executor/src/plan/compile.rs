//! From the planner's tree to fetches that know what they wait for.
//!
//! The planner's Sequence and Parallel say an order that is safe but coarser than needed. Compiling derives which
//! slots each fetch reads and writes; a fetch waits for an earlier one only where these overlap. Mutations keep the
//! planner's order, because their side effects are an order of their own.

use bytes::Bytes;
use hive_router_query_planner::{
    ast::{
        operation::SubgraphFetchOperation, selection_item::SelectionItem,
        selection_set::SelectionSet,
    },
    planner::plan_nodes::{BatchFetchNode, FetchNode, FlattenNodePathSegment, PlanNode},
    state::supergraph_state::OperationKind as PlannerKind,
};

use super::{
    PlanError,
    access::{Access, note_reads, note_writes},
    flatten::{FetchRef, Flattener, Found},
    projection::{Condition, ConditionTable, holds},
    representation::{RepresentationCompiler, RepresentationObject},
    selection::{Selection, SelectionCompiler},
    shape::{ShapeBuilder, ShapeId, Slot, TYPENAME},
    sharing::groups,
    types::ByType,
};
use crate::{
    json::{key_prefix, write_string},
    supergraph::{SubgraphId, Supergraph},
    transport::OperationKind,
};

/// One call to one subgraph.
#[derive(Debug)]
pub(crate) struct Fetch {
    pub(crate) subgraph: SubgraphId,
    pub(crate) kind: OperationKind,
    /// `{"query":"…","variables":{`, everything known at plan time.
    pub(crate) body_prefix: Bytes,
    /// The request's variables it uses, each with its `"name":`.
    pub(crate) variables: Vec<(String, Box<[u8]>)>,
    /// All must hold, or the fetch is left out.
    pub(crate) conditions: Vec<Condition>,
    /// One of these conjunctions must hold, or nothing of its selection is included; an empty list is no condition.
    pub(crate) alternatives: Vec<Vec<Condition>>,
    pub(crate) work: FetchWork,
    /// How many fetches it waits for.
    pub(crate) waits_for: usize,
    /// The fetches that wait for it.
    pub(crate) dependents: Vec<usize>,
}

impl Fetch {
    /// Whether it asks for anything, with these values of the plan's variables.
    pub(crate) fn is_included(&self, values: &[bool]) -> bool {
        let mut alternatives = self.alternatives.iter();
        holds(&self.conditions, values)
            && (self.alternatives.is_empty() || alternatives.any(|one| holds(one, values)))
    }
}

/// What the call asks.
#[derive(Debug)]
pub(crate) enum FetchWork {
    /// Root fields, merged into the objects at `path` (the answer itself, or a root type met inside it).
    Root {
        path: Vec<PathStep>,
        selection: Selection,
    },
    /// `_entities`, once or several times under aliases.
    Entities {
        inputs: Vec<EntityInput>,
        outputs: Vec<EntityOutput>,
    },
}

/// One list of representations.
#[derive(Debug)]
pub(crate) struct EntityInput {
    /// `"variable":`
    pub(crate) variable: Box<[u8]>,
    pub(crate) paths: Vec<Vec<PathStep>>,
    /// For each path its group: objects of one group share what is below the entities they receive.
    pub(crate) groups: Vec<u32>,
    pub(crate) representation: RepresentationObject,
}

/// One `_entities` field of the answer.
#[derive(Debug)]
pub(crate) struct EntityOutput {
    pub(crate) key: Box<str>,
    /// The position of the input whose representations it answers.
    pub(crate) input: usize,
    pub(crate) selection: Selection,
}

/// One step from an object of the answer to those below.
#[derive(Debug)]
pub(crate) enum PathStep {
    Slot(Slot),
    /// Every item of a list.
    Items,
    /// Only objects of these types.
    Types(ByType<()>),
}

/// Compiles all fetches of a plan.
pub(crate) fn compile_fetches(
    supergraph: &Supergraph,
    root: Option<&PlanNode>,
    shapes: &mut ShapeBuilder,
    conditions: &mut ConditionTable,
) -> Result<Vec<Fetch>, PlanError> {
    let mut found = Vec::new();
    if let Some(root) = root {
        Flattener {
            conditions,
            found: &mut found,
        }
        .visit(root, &[], &[], &[])?;
    }
    let compiler = FetchCompiler { supergraph };
    // The first pass makes every shape and unifies those that share entities; only then are slots final.
    for fetch in &found {
        register(fetch, shapes);
    }
    let mut fetches = Vec::with_capacity(found.len());
    let mut accesses = Vec::with_capacity(found.len());
    for fetch in &found {
        let mut access = Access::default();
        let mut compiled = compiler.compile(fetch, shapes, &mut access)?;
        if let FetchRef::Single(node) = fetch.node
            && node.requires.is_none()
        {
            compiled.alternatives = root_alternatives(answered_set(node), conditions);
        }
        fetches.push(compiled);
        accesses.push(access);
    }
    let groups = groups(&fetches);
    for (fetch, groups) in fetches.iter_mut().zip(groups) {
        if let FetchWork::Entities { inputs, .. } = &mut fetch.work {
            for (input, groups) in inputs.iter_mut().zip(groups) {
                input.groups = groups;
            }
        }
    }
    let in_order = fetches
        .iter()
        .any(|fetch| fetch.kind == OperationKind::Mutation);
    for (position, fetch) in found.iter().enumerate() {
        for before in &fetch.before {
            if in_order || accesses[position].conflicts(&accesses[*before]) {
                fetches[position].waits_for += 1;
                fetches[*before].dependents.push(position);
            }
        }
    }
    Ok(fetches)
}

struct FetchCompiler<'a> {
    supergraph: &'a Supergraph,
}

impl FetchCompiler<'_> {
    fn compile(
        &self,
        found: &Found<'_>,
        shapes: &mut ShapeBuilder,
        access: &mut Access,
    ) -> Result<Fetch, PlanError> {
        let (service, operation, usages, kind) = match found.node {
            FetchRef::Single(fetch) => (
                &fetch.service_name,
                &fetch.operation,
                &fetch.variable_usages,
                fetch.operation_kind.as_ref(),
            ),
            FetchRef::Batch(batch) => (
                &batch.service_name,
                &batch.operation,
                &batch.variable_usages,
                batch.operation_kind.as_ref(),
            ),
        };
        let subgraph = self.supergraph.planned_subgraph(service).ok_or_else(|| {
            PlanError::Internal(format!(
                "the plan names the subgraph {service}, which is unknown"
            ))
        })?;
        let work = match found.node {
            FetchRef::Single(fetch) => match &fetch.requires {
                None => self.root(found, fetch, shapes, access),
                Some(requires) => self.entity(found, fetch, requires, shapes, access),
            },
            FetchRef::Batch(batch) => self.batch(found, batch, shapes, access)?,
        };
        let mut body_prefix = b"{\"query\":".to_vec();
        write_string(&operation.document_str, &mut body_prefix);
        body_prefix.extend_from_slice(b",\"variables\":{");
        Ok(Fetch {
            subgraph,
            kind: match kind {
                Some(PlannerKind::Mutation) => OperationKind::Mutation,
                Some(PlannerKind::Subscription) => OperationKind::Subscription,
                Some(PlannerKind::Query) | None => OperationKind::Query,
            },
            body_prefix: Bytes::from(body_prefix),
            variables: usages
                .iter()
                .flatten()
                .map(|name| (name.clone(), key_prefix(name)))
                .collect(),
            conditions: found.conditions.clone(),
            alternatives: Vec::new(),
            work,
            waits_for: 0,
            dependents: Vec::new(),
        })
    }

    fn root(
        &self,
        found: &Found<'_>,
        fetch: &FetchNode,
        shapes: &mut ShapeBuilder,
        access: &mut Access,
    ) -> FetchWork {
        let (path, end) = self.path(shapes, found.path.iter().copied(), access);
        let compiler = SelectionCompiler::new(&fetch.operation.document.fragments);
        let set = answered_set(fetch);
        let selection = compiler.compile(shapes, end, set, fetch.output_rewrites.as_ref());
        note_writes(&selection, &mut access.writes);
        FetchWork::Root { path, selection }
    }

    fn entity(
        &self,
        found: &Found<'_>,
        fetch: &FetchNode,
        requires: &SelectionSet,
        shapes: &mut ShapeBuilder,
        access: &mut Access,
    ) -> FetchWork {
        let (path, end) = self.path(shapes, found.path.iter().copied(), access);
        let representation = RepresentationCompiler::new(self.supergraph.full()).compile(
            shapes,
            end,
            requires,
            fetch.input_rewrites.as_ref(),
        );
        note_reads(&representation, end, shapes, &mut access.reads);
        let compiler = SelectionCompiler::new(&fetch.operation.document.fragments);
        let set = answered_set(fetch);
        let selection = compiler.compile(shapes, end, set, fetch.output_rewrites.as_ref());
        note_writes(&selection, &mut access.writes);
        FetchWork::Entities {
            inputs: vec![EntityInput {
                variable: key_prefix("representations"),
                paths: vec![path],
                groups: Vec::new(),
                representation,
            }],
            outputs: vec![EntityOutput {
                key: "_entities".into(),
                input: 0,
                selection,
            }],
        }
    }

    fn batch(
        &self,
        found: &Found<'_>,
        batch: &BatchFetchNode,
        shapes: &mut ShapeBuilder,
        access: &mut Access,
    ) -> Result<FetchWork, PlanError> {
        let compiler = SelectionCompiler::new(&batch.operation.document.fragments);
        let mut names: Vec<&str> = Vec::new();
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        for alias in &batch.entity_batch.aliases {
            let mut paths = Vec::new();
            let mut end = None;
            for path in &alias.merge_paths {
                let segments = found.path.iter().copied().chain(path.as_slice());
                let (path, at) = self.path(shapes, segments, access);
                paths.push(path);
                end = Some(at);
            }
            let set = aliased_set(&batch.operation, &alias.alias);
            let (Some(end), Some(set)) = (end, set) else {
                return Err(PlanError::Internal(format!(
                    "the batch alias {} has no path or no selection",
                    alias.alias
                )));
            };
            let name = alias.representations_variable_name.as_str();
            let input = match names.iter().position(|known| *known == name) {
                Some(input) => input,
                None => {
                    let representation = RepresentationCompiler::new(self.supergraph.full())
                        .compile(shapes, end, &alias.requires, alias.input_rewrites.as_ref());
                    note_reads(&representation, end, shapes, &mut access.reads);
                    names.push(name);
                    inputs.push(EntityInput {
                        variable: key_prefix(name),
                        paths,
                        groups: Vec::new(),
                        representation,
                    });
                    inputs.len() - 1
                }
            };
            let selection = compiler.compile(shapes, end, set, alias.output_rewrites.as_ref());
            note_writes(&selection, &mut access.writes);
            outputs.push(EntityOutput {
                key: alias.alias.as_str().into(),
                input,
                selection,
            });
        }
        Ok(FetchWork::Entities { inputs, outputs })
    }

    fn path<'s>(
        &self,
        shapes: &mut ShapeBuilder,
        segments: impl Iterator<Item = &'s FlattenNodePathSegment>,
        access: &mut Access,
    ) -> (Vec<PathStep>, ShapeId) {
        let mut shape = ShapeBuilder::ROOT;
        let mut steps = Vec::new();
        for segment in segments {
            match segment {
                FlattenNodePathSegment::Field(key) => {
                    let slot = shapes.slot(shape, key);
                    access.reads.insert((shapes.find(shape), slot));
                    steps.push(PathStep::Slot(slot));
                    shape = shapes.child(shape, slot);
                }
                FlattenNodePathSegment::List => steps.push(PathStep::Items),
                FlattenNodePathSegment::TypeCondition(types) => {
                    access.reads.insert((shapes.find(shape), TYPENAME));
                    let full = self.supergraph.full();
                    let types = types
                        .iter()
                        .flat_map(|name| full.satisfying(name))
                        .map(|name| (name, ()))
                        .collect();
                    steps.push(PathStep::Types(types));
                }
            }
        }
        (steps, shapes.find(shape))
    }
}

/// Makes the shapes a fetch writes to, and unifies those that receive the same entities.
fn register(found: &Found<'_>, shapes: &mut ShapeBuilder) {
    match found.node {
        FetchRef::Single(fetch) => {
            let end = path_end(shapes, found.path.iter().copied());
            let compiler = SelectionCompiler::new(&fetch.operation.document.fragments);
            let set = answered_set(fetch);
            compiler.compile(shapes, end, set, fetch.output_rewrites.as_ref());
        }
        FetchRef::Batch(batch) => {
            let compiler = SelectionCompiler::new(&batch.operation.document.fragments);
            for alias in &batch.entity_batch.aliases {
                let mut ends = Vec::new();
                for path in &alias.merge_paths {
                    ends.push(path_end(
                        shapes,
                        found.path.iter().copied().chain(path.as_slice()),
                    ));
                }
                let Some(first) = ends.first().copied() else {
                    continue;
                };
                for other in &ends[1..] {
                    shapes.unify(first, *other);
                }
                if let Some(set) = aliased_set(&batch.operation, &alias.alias) {
                    compiler.compile(shapes, first, set, alias.output_rewrites.as_ref());
                }
            }
        }
    }
}

fn path_end<'s>(
    shapes: &mut ShapeBuilder,
    segments: impl Iterator<Item = &'s FlattenNodePathSegment>,
) -> ShapeId {
    let mut shape = ShapeBuilder::ROOT;
    for segment in segments {
        if let FlattenNodePathSegment::Field(key) = segment {
            let slot = shapes.slot(shape, key);
            shape = shapes.child(shape, slot);
        }
    }
    shape
}

/// The selection whose objects are merged: below `_entities` for an entity fetch, the root's otherwise.
fn answered_set(fetch: &FetchNode) -> &SelectionSet {
    let root = &fetch.operation.document.operation.selection_set;
    if fetch.requires.is_some()
        && let Some(entities) = root.entities_field()
    {
        return &entities.selections;
    }
    root
}

/// The conditions of a root selection, one conjunction per item; empty when one item has none.
fn root_alternatives(set: &SelectionSet, table: &mut ConditionTable) -> Vec<Vec<Condition>> {
    let mut alternatives = Vec::with_capacity(set.items.len());
    for item in &set.items {
        let (skip, include) = match item {
            SelectionItem::Field(field) => (&field.skip_if, &field.include_if),
            SelectionItem::InlineFragment(fragment) => (&fragment.skip_if, &fragment.include_if),
            SelectionItem::FragmentSpread(_) => (&None, &None),
        };
        let skip = skip
            .iter()
            .map(|name| (table.index(name), false))
            .collect::<Vec<_>>();
        let include = include.iter().map(|name| (table.index(name), true));
        let conjunction: Vec<Condition> = skip.into_iter().chain(include).collect();
        if conjunction.is_empty() {
            return Vec::new();
        }
        alternatives.push(conjunction);
    }
    alternatives
}

fn aliased_set<'a>(operation: &'a SubgraphFetchOperation, alias: &str) -> Option<&'a SelectionSet> {
    let items = &operation.document.operation.selection_set.items;
    items.iter().find_map(|item| match item {
        SelectionItem::Field(field) if field.selection_identifier() == alias => {
            Some(&field.selections)
        }
        _ => None,
    })
}
