//! An operation answered in parts: which fetches only deferred fragments need, and what each of these waits for.
//!
//! The plan is that of the whole operation. A part needs the fetches that bring what its projection reads, and those they
//! wait for; what the initial part does not need is deferred.

use super::{
    ExecutablePlan, PathStep,
    compile::{Fetch, FetchWork},
    projection::{FieldSetId, FieldSource, ProjectedField, Projection},
    selection::Selection,
    shape::{Slot, TYPENAME},
};
use crate::{defer::DeferredFragment, json::write_string, variables::Variables};

/// The parts of an operation, compiled.
#[derive(Debug)]
pub(super) struct IncrementalPlan {
    /// The fields of the root in the initial part.
    pub(super) initial: FieldSetId,
    /// Outer fragments come before those inside them.
    pub(super) fragments: Vec<PlannedFragment>,
}

/// A deferred fragment, compiled.
#[derive(Debug)]
pub(super) struct PlannedFragment {
    /// The fields that lead from the root to it, and then its own.
    set: FieldSetId,
    /// How many of them lead to it.
    depth: usize,
    /// `,"label":"…"`, empty without one.
    label: Box<[u8]>,
    /// The variable that decides whether it is deferred.
    condition: Option<usize>,
    /// The position of the deferred fragment around it.
    parent: Option<usize>,
}

impl PlannedFragment {
    pub(super) fn new(
        fragment: &DeferredFragment,
        set: FieldSetId,
        condition: Option<usize>,
    ) -> Self {
        let mut label = Vec::new();
        if let Some(text) = &fragment.label {
            label.extend_from_slice(b",\"label\":");
            write_string(text, &mut label);
        }
        Self {
            set,
            depth: fragment.depth,
            label: label.into(),
            condition,
            parent: fragment.parent,
        }
    }
}

/// How one request is answered in parts, as its variables have it. It belongs to the plan that made it.
#[derive(Debug, Clone)]
pub struct IncrementalDelivery {
    pub(crate) initial: FieldSetId,
    /// For each fetch of the plan, whether the initial part goes without it.
    pub(crate) deferred: Vec<bool>,
    pub(crate) pending: Vec<PendingFragment>,
}

/// A fragment that is still to be delivered.
#[derive(Debug, Clone)]
pub(crate) struct PendingFragment {
    /// Its position among the plan's.
    pub(crate) position: usize,
    pub(crate) set: FieldSetId,
    pub(crate) depth: usize,
    pub(crate) label: Box<[u8]>,
    /// The fragments around it that are deferred as well.
    pub(crate) ancestors: Vec<usize>,
    /// The deferred fetches that it waits for.
    pub(crate) waits_for: Vec<usize>,
}

impl ExecutablePlan {
    /// How the operation is answered in parts with these variables; `None` when nothing is deferred, or nothing would be
    /// gained by it because no fetch is.
    pub fn incremental_delivery(&self, variables: &Variables) -> Option<IncrementalDelivery> {
        let incremental = self.incremental.as_ref()?;
        let values = self.condition_values(variables);
        let is_active = |position: usize| {
            let condition = incremental.fragments[position].condition;
            condition.is_none_or(|variable| values[variable])
        };
        let needs = Needs {
            projection: &self.projection,
            fetches: &self.fetches,
            values: &values,
        };
        let needed = needs.of(incremental.initial).into_iter();
        let deferred: Vec<bool> = needed.map(|needed| !needed).collect();
        let fragments = incremental.fragments.iter().enumerate();
        let pending: Vec<PendingFragment> = fragments
            .filter(|(position, _)| is_active(*position))
            .map(|(position, fragment)| {
                let needed = needs.of(fragment.set);
                let parents = std::iter::successors(fragment.parent, |parent| {
                    incremental.fragments[*parent].parent
                });
                PendingFragment {
                    position,
                    set: fragment.set,
                    depth: fragment.depth,
                    label: fragment.label.clone(),
                    ancestors: parents.filter(|parent| is_active(*parent)).collect(),
                    waits_for: (0..needed.len())
                        .filter(|fetch| needed[*fetch] && deferred[*fetch])
                        .filter(|fetch| self.fetches[*fetch].is_included(&values))
                        .collect(),
                }
            })
            .collect();
        let gains = pending.iter().any(|pending| !pending.waits_for.is_empty());
        gains.then_some(IncrementalDelivery {
            initial: incremental.initial,
            deferred,
            pending,
        })
    }
}

/// Finds what a part needs.
struct Needs<'a> {
    projection: &'a Projection,
    fetches: &'a [Fetch],
    /// The values of the plan's condition variables.
    values: &'a [bool],
}

impl<'a> Needs<'a> {
    /// For each fetch, whether a part with these fields at the root needs it.
    fn of(&self, root: FieldSetId) -> Vec<bool> {
        let fetches = self.fetches.iter();
        let mut needed: Vec<bool> = fetches.map(|fetch| self.reads(root, fetch)).collect();
        // Fetches come after those they wait for.
        for position in (0..self.fetches.len()).rev() {
            let mut dependents = self.fetches[position].dependents.iter();
            if dependents.any(|dependent| needed[*dependent]) {
                needed[position] = true;
            }
        }
        needed
    }

    /// Whether the part reads something that the fetch brings.
    fn reads(&self, root: FieldSetId, fetch: &Fetch) -> bool {
        match &fetch.work {
            FetchWork::Root { path, selection } => self.reads_at(root, path, selection),
            FetchWork::Entities { inputs, outputs } => outputs.iter().any(|output| {
                let mut paths = inputs[output.input].paths.iter();
                paths.any(|path| self.reads_at(root, path, &output.selection))
            }),
        }
    }

    fn reads_at(&self, root: FieldSetId, path: &[PathStep], selection: &Selection) -> bool {
        let mut sets = vec![root];
        let mut is_abstract = false;
        for step in path {
            let PathStep::Slot(slot) = step else { continue };
            let mut below = Vec::new();
            is_abstract = false;
            for field in sets.iter().flat_map(|set| self.fields(*set)) {
                if let FieldSource::Slot { slot: other, ty } = &field.source
                    && other == slot
                {
                    ty.object_sets(&mut below);
                    is_abstract |= ty.is_abstract();
                }
            }
            sets = below;
        }
        let brings = |slot: Slot| selection.fields.iter().any(|field| field.slot == slot);
        let mut fields = sets.iter().flat_map(|set| self.fields(*set));
        fields.any(|field| match &field.source {
            FieldSource::Slot { slot, .. } => brings(*slot),
            FieldSource::Typename => brings(TYPENAME),
            FieldSource::StaticTypename(_) | FieldSource::Introspection(_) => false,
        }) || (is_abstract && brings(TYPENAME))
    }

    fn fields(&self, set: FieldSetId) -> impl Iterator<Item = &'a ProjectedField> {
        let fields = self.projection.sets[set].iter();
        fields.filter(|field| field.is_included(self.values))
    }
}
