//! Preparing a call: whom it is for, and its body. A fetch nobody needs is not sent.

use bytes::Bytes;

use super::Run;
use crate::{
    error::GraphQLError,
    files::CallFiles,
    plan::{Fetch, FetchWork, Selection, TYPENAME},
    response::{FailureId, ObjectId, Representations, TargetSet, Value, collect_targets},
    supergraph::SubgraphId,
    transport::BodyLayout,
};

/// A call under way.
pub(super) struct Call<'a> {
    pub(super) fetch: usize,
    pub(super) body: Bytes,
    /// Files that belong to its variables.
    pub(super) files: Option<CallFiles<'a>>,
    pub(super) targets: CallTargets,
}

/// The objects a call's answer is merged into.
pub(super) enum CallTargets {
    Root(Vec<ObjectId>),
    /// For each input of the fetch.
    Entities(Vec<TargetSet>),
}

impl Call<'_> {
    /// What an event of a subscription's source stands for: a call that was made long ago.
    pub(super) fn event(source: usize, root: ObjectId) -> Self {
        Self {
            fetch: source,
            body: Bytes::new(),
            files: None,
            targets: CallTargets::Root(vec![root]),
        }
    }

    pub(super) fn representations(&self) -> u32 {
        match &self.targets {
            CallTargets::Root(_) => 0,
            CallTargets::Entities(sets) => sets.iter().map(|set| set.count).sum(),
        }
    }

    pub(super) fn layout<'a>(&'a self, fetch: &'a Fetch) -> BodyLayout<'a> {
        let sets = match &self.targets {
            CallTargets::Root(_) => &[],
            CallTargets::Entities(sets) => sets.as_slice(),
        };
        BodyLayout { fetch, sets }
    }
}

impl<'a> Run<'a> {
    /// The call of a fetch; `None` when it is excluded or there is nothing to fetch for.
    pub(super) fn prepare(&mut self, position: usize) -> Option<Call<'a>> {
        let plan = self.plan;
        let fetch = &plan.fetches[position];
        if !fetch.is_included(&self.conditions) {
            return None;
        }
        let mut body = Vec::with_capacity(fetch.body_prefix.len() + 128);
        body.extend_from_slice(&fetch.body_prefix);
        let empty = body.len();
        let targets = match &fetch.work {
            FetchWork::Root { path, .. } => {
                let mut targets = Vec::new();
                collect_targets(&self.arena, self.root, path, |object| {
                    targets.push(object);
                });
                if targets.is_empty() {
                    return None;
                }
                CallTargets::Root(targets)
            }
            FetchWork::Entities { inputs, outputs } => {
                let mut sets = Vec::with_capacity(inputs.len());
                for input in inputs {
                    if body.len() > empty {
                        body.push(b',');
                    }
                    body.extend_from_slice(&input.variable);
                    let mut representations =
                        Representations::new(&self.arena, &input.representation, &mut body);
                    for (path, group) in input.paths.iter().zip(&input.groups) {
                        collect_targets(&self.arena, self.root, path, |object| {
                            representations.add(object, *group);
                        });
                    }
                    sets.push(representations.finish());
                }
                for output in outputs {
                    for (object, failure) in &sets[output.input].failed {
                        self.mark_failed(*object, &output.selection, *failure);
                    }
                }
                if sets.iter().all(|set| set.count == 0) {
                    return None;
                }
                CallTargets::Entities(sets)
            }
        };
        let mut places = Vec::new();
        for (name, prefix) in &fetch.variables {
            let Some(value) = self.variables.get(name) else {
                continue;
            };
            if body.len() > empty {
                body.push(b',');
            }
            body.extend_from_slice(prefix);
            let value = match self.files {
                None => value.to_string(),
                Some(files) => {
                    let mut place = format!("variables.{name}");
                    files.unmark(value, &mut place, &mut places).to_string()
                }
            };
            body.extend_from_slice(value.as_bytes());
        }
        body.extend_from_slice(b"}}");
        Some(Call {
            fetch: position,
            body: Bytes::from(body),
            files: self.files.and_then(|files| files.for_call(places)),
            targets,
        })
    }

    /// Notes that what a fetch was to bring to an object is missing because of a failure.
    pub(super) fn mark_failed(
        &mut self,
        object: ObjectId,
        selection: &Selection,
        failure: FailureId,
    ) {
        for field in &selection.fields {
            let missing = self.arena.get(object, field.slot) == Value::Missing;
            if missing && field.slot != TYPENAME {
                self.arena.set(object, field.slot, Value::Failed(failure));
            }
        }
    }

    /// Fails everything a call was to bring.
    pub(super) fn fail_call(&mut self, call: &Call<'_>, error: GraphQLError) {
        let error = self.named(error, self.plan.fetches[call.fetch].subgraph);
        let failure = self.faults.fail(error);
        self.mark_call(call, failure);
    }

    pub(super) fn mark_call(&mut self, call: &Call<'_>, failure: FailureId) {
        let plan = self.plan;
        match (&plan.fetches[call.fetch].work, &call.targets) {
            (FetchWork::Root { selection, .. }, CallTargets::Root(targets)) => {
                for object in targets {
                    self.mark_failed(*object, selection, failure);
                }
            }
            (FetchWork::Entities { outputs, .. }, CallTargets::Entities(sets)) => {
                for output in outputs {
                    for target in &sets[output.input].targets {
                        self.mark_failed(target.object, &output.selection, failure);
                    }
                }
            }
            // A call's targets are made from the same fetch, so the kinds agree.
            _ => {}
        }
    }

    pub(super) fn named(&self, error: GraphQLError, subgraph: SubgraphId) -> GraphQLError {
        match self.supergraph.subgraph(subgraph) {
            Some(entry) => error.from_service(&entry.name),
            None => error,
        }
    }
}
