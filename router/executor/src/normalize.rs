//! From a validated document to the one operation to run: fragments inlined, literal conditions applied, what the
//! router answers by itself (introspection and the root `__typename`) set apart from what subgraphs answer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use graphql_tools::static_graphql::query::{
    Definition, Document, Field, FragmentDefinition, OperationDefinition, SelectionSet,
    TypeCondition, VariableDefinition,
};
use hive_router_query_planner::ast::{
    normalization::normalize_operation, operation::OperationDefinition as PlannerOperation,
};
use rustc_hash::FxHashMap;

use crate::{
    defer::Deferral,
    error::ErrorCode,
    root_fields::RootSplitter,
    supergraph::{Supergraph, panic_text},
    transport::OperationKind,
};

/// Why a document has no operation to run.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NormalizeError {
    /// The document holds fragments only.
    #[error("the document contains no operation")]
    NoOperation,
    /// Several operations and no name to choose by.
    #[error("the document contains {0} operations; say which to run with \"operationName\"")]
    NameRequired(usize),
    /// No operation of that name.
    #[error("the document contains no operation named \"{0}\"")]
    UnknownOperation(String),
    /// The schema has no root type for this kind of operation.
    #[error("the schema has no {0} type")]
    NoRootType(&'static str),
    /// The document is not valid against the schema.
    #[error("the operation does not fit the schema: {0}")]
    Invalid(String),
}

impl NormalizeError {
    /// The code a client sees.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NoOperation | Self::NameRequired(_) | Self::UnknownOperation(_) => {
                ErrorCode::BadRequest
            }
            Self::NoRootType(_) | Self::Invalid(_) => ErrorCode::ValidationFailed,
        }
    }
}

/// A variable that must have a value for a field to be included: its name and the wanted value.
pub(crate) type Conditions = Vec<(String, bool)>;

/// A field of the root that the router answers itself.
#[derive(Debug, Clone)]
pub(crate) struct MetaField {
    pub(crate) key: String,
    pub(crate) field: Field,
    pub(crate) conditions: Conditions,
}

/// What an operation, or a part of it, selects at the root.
#[derive(Debug, Default)]
pub(crate) struct RootSelection {
    /// What subgraphs answer; `None` when the router answers everything.
    pub(crate) operation: Option<PlannerOperation>,
    /// Every root response key in document order.
    pub(crate) keys: Vec<String>,
    pub(crate) meta: Vec<MetaField>,
}

/// One operation, ready to plan.
#[derive(Debug)]
pub struct Normalized {
    pub(crate) kind: OperationKind,
    pub(crate) name: Option<String>,
    pub(crate) root_type: String,
    pub(crate) variable_definitions: Vec<VariableDefinition>,
    /// The whole operation, in which `@defer` means nothing.
    pub(crate) whole: RootSelection,
    /// The same in parts, where `@defer` makes some.
    pub(crate) deferral: Option<Box<Deferral>>,
    /// The document's fragments, for the selections inside introspection fields.
    pub(crate) fragments: FxHashMap<String, FragmentDefinition>,
}

impl Normalized {
    /// The kind of the operation.
    pub fn kind(&self) -> OperationKind {
        self.kind
    }

    /// The name of the operation, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The variables the operation declares.
    pub fn variable_definitions(&self) -> &[VariableDefinition] {
        &self.variable_definitions
    }

    /// What subgraphs will be asked for, in the planner's tree: fragments inlined, introspection taken out.
    /// `None` when the router answers everything itself.
    pub fn operation(&self) -> Option<&PlannerOperation> {
        self.whole.operation.as_ref()
    }

    /// Replaces what subgraphs will be asked for, for a gateway that removes unauthorised fields before planning. Such an
    /// operation has one answer, whole.
    #[must_use]
    pub fn with_operation(mut self, operation: Option<PlannerOperation>) -> Self {
        self.whole.operation = operation;
        self.deferral = None;
        self
    }

    /// What the router answers itself: of the whole operation, then of each part.
    pub(crate) fn meta(&self) -> impl Iterator<Item = &MetaField> {
        let parts = self.deferral.iter().flat_map(|deferral| {
            let fragments = deferral.fragments.iter();
            std::iter::once(&deferral.initial).chain(fragments.map(|fragment| &fragment.selection))
        });
        let selections = std::iter::once(&self.whole).chain(parts);
        selections.flat_map(|selection| &selection.meta)
    }

    /// Whether the operation selects `__schema` or `__type`.
    pub fn has_introspection(&self) -> bool {
        let mut meta = self.whole.meta.iter();
        meta.any(|meta| meta.field.name != "__typename")
    }
}

/// Selects the operation of a validated document and normalizes it.
pub fn normalize(
    supergraph: &Supergraph,
    document: &Document,
    operation_name: Option<&str>,
) -> Result<Normalized, NormalizeError> {
    let operation = select_operation(document, operation_name)?;
    let (kind, name, selection_set) = parts(operation);
    let root_type = match kind {
        OperationKind::Query => Some(supergraph.public().query_type()),
        OperationKind::Mutation => supergraph.public().mutation_type(),
        OperationKind::Subscription => supergraph.public().subscription_type(),
    };
    let root_type = root_type
        .ok_or(NormalizeError::NoRootType(kind.as_str()))?
        .to_owned();
    let fragments: FxHashMap<String, FragmentDefinition> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some((fragment.name.clone(), fragment.clone())),
            Definition::Operation(_) => None,
        })
        .collect();

    let whole = select_root(supergraph, operation, selection_set, &fragments)?;
    // Section 5.2.4.1; an event has one field to answer.
    if kind == OperationKind::Subscription && (whole.keys.len() != 1 || !whole.meta.is_empty()) {
        let reason = "a subscription selects one root field, which is none of introspection";
        return Err(NormalizeError::Invalid(reason.to_owned()));
    }
    let deferral = match kind {
        OperationKind::Query | OperationKind::Mutation => {
            Deferral::of(selection_set, &fragments, |set| {
                select_root(supergraph, operation, set, &FxHashMap::default())
            })?
        }
        // The events of a subscription are answered whole.
        OperationKind::Subscription => None,
    };
    Ok(Normalized {
        kind,
        name: name.map(str::to_owned),
        root_type,
        variable_definitions: variable_definitions(document, operation_name)?,
        whole,
        deferral: deferral.map(Box::new),
        fragments,
    })
}

/// Sets apart what the router answers, and normalizes the rest.
fn select_root(
    supergraph: &Supergraph,
    operation: &OperationDefinition,
    selection_set: &SelectionSet,
    fragments: &FxHashMap<String, FragmentDefinition>,
) -> Result<RootSelection, NormalizeError> {
    let mut splitter = RootSplitter::new(fragments);
    let planned = splitter.split(selection_set, &Conditions::new())?;
    let operation = if planned.items.is_empty() {
        None
    } else {
        Some(run_normalization(
            supergraph, operation, planned, fragments,
        )?)
    };
    Ok(RootSelection {
        operation,
        keys: splitter.keys,
        meta: splitter.meta,
    })
}

fn variable_definitions(
    document: &Document,
    operation_name: Option<&str>,
) -> Result<Vec<VariableDefinition>, NormalizeError> {
    Ok(select_operation(document, operation_name)?
        .variable_definitions()
        .to_vec())
}

fn select_operation<'a>(
    document: &'a Document,
    operation_name: Option<&str>,
) -> Result<&'a OperationDefinition, NormalizeError> {
    let operations = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Operation(operation) => Some(operation),
            Definition::Fragment(_) => None,
        });
    if let Some(wanted) = operation_name {
        return operations
            .into_iter()
            .find(|operation| parts(operation).1 == Some(wanted))
            .ok_or_else(|| NormalizeError::UnknownOperation(wanted.to_owned()));
    }
    let operations: Vec<_> = operations.collect();
    match operations.as_slice() {
        [] => Err(NormalizeError::NoOperation),
        [one] => Ok(one),
        several => Err(NormalizeError::NameRequired(several.len())),
    }
}

fn parts(operation: &OperationDefinition) -> (OperationKind, Option<&str>, &SelectionSet) {
    match operation {
        OperationDefinition::SelectionSet(set) => (OperationKind::Query, None, set),
        OperationDefinition::Query(query) => (
            OperationKind::Query,
            query.name.as_deref(),
            &query.selection_set,
        ),
        OperationDefinition::Mutation(mutation) => (
            OperationKind::Mutation,
            mutation.name.as_deref(),
            &mutation.selection_set,
        ),
        OperationDefinition::Subscription(subscription) => (
            OperationKind::Subscription,
            subscription.name.as_deref(),
            &subscription.selection_set,
        ),
    }
}

fn run_normalization(
    supergraph: &Supergraph,
    operation: &OperationDefinition,
    selection_set: SelectionSet,
    fragments: &FxHashMap<String, FragmentDefinition>,
) -> Result<PlannerOperation, NormalizeError> {
    let mut operation = operation.clone();
    match &mut operation {
        OperationDefinition::SelectionSet(set) => *set = selection_set,
        OperationDefinition::Query(query) => query.selection_set = selection_set,
        OperationDefinition::Mutation(mutation) => mutation.selection_set = selection_set,
        OperationDefinition::Subscription(subscription) => {
            subscription.selection_set = selection_set;
        }
    }
    let mut definitions = vec![Definition::Operation(operation)];
    // Fragments on introspection types are unknown to the planner and no longer reached.
    definitions.extend(
        fragments
            .values()
            .filter(|fragment| {
                let TypeCondition::On(name) = &fragment.type_condition;
                !name.starts_with("__")
            })
            .cloned()
            .map(Definition::Fragment),
    );
    let document = Document { definitions };
    let state = &supergraph.planner().supergraph;
    // The planner asserts what validation guarantees; an unvalidated document must not take the process down.
    let normalized = catch_unwind(AssertUnwindSafe(|| {
        normalize_operation(state, &document, None)
    }));
    match normalized {
        Ok(Ok(normalized)) => Ok(normalized.operation),
        Ok(Err(error)) => Err(NormalizeError::Invalid(error.to_string())),
        Err(panic) => Err(NormalizeError::Invalid(panic_text(panic.as_ref()))),
    }
}
