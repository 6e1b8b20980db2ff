//! Which objects may share what they receive. Equal entities are asked for once, and what a fetch answers for one is put
//! below every object that waits for it; but what a later fetch writes there for one of them must not show up below
//! another that it was not meant for. Here follows, for every path of a fetch, what all fetches write below it: paths
//! with the same writes form a group, and the objects of a group share.

use super::{
    compile::{Fetch, FetchWork, PathStep},
    selection::Selection,
    shape::Slot,
};

/// A place where objects are written, by slots from the root. Lists are no step of their own.
struct Written<'a> {
    /// The fetch, and the input or output there.
    by: (usize, usize),
    steps: Vec<Step<'a>>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step<'a> {
    Slot(Slot),
    Types(Vec<&'a str>),
}

/// What is written below a path: by whom, and by which steps from there.
type Below<'a> = Vec<((usize, usize), &'a [Step<'a>])>;

/// The groups of the paths of every input, in the order of fetches and inputs; root fetches have none.
pub(super) fn groups(fetches: &[Fetch]) -> Vec<Vec<Vec<u32>>> {
    let mut written = Vec::new();
    for (position, fetch) in fetches.iter().enumerate() {
        match &fetch.work {
            FetchWork::Root { path, selection } => {
                note((position, 0), steps(path), selection, &mut written);
            }
            FetchWork::Entities { inputs, outputs } => {
                for (index, output) in outputs.iter().enumerate() {
                    for path in &inputs[output.input].paths {
                        let by = (position, index);
                        note(by, steps(path), &output.selection, &mut written);
                    }
                }
            }
        }
    }
    fetches
        .iter()
        .map(|fetch| match &fetch.work {
            FetchWork::Root { .. } => Vec::new(),
            FetchWork::Entities { inputs, outputs } => (0..inputs.len())
                .map(|input| {
                    let children: Vec<Slot> = outputs
                        .iter()
                        .filter(|output| output.input == input)
                        .flat_map(|output| &output.selection.fields)
                        .filter(|field| field.child.is_some())
                        .map(|field| field.slot)
                        .collect();
                    group(&inputs[input].paths, &children, &written)
                })
                .collect(),
        })
        .collect()
}

/// Notes where a selection writes objects.
fn note<'a>(
    by: (usize, usize),
    at: Vec<Step<'a>>,
    selection: &'a Selection,
    written: &mut Vec<Written<'a>>,
) {
    for field in &selection.fields {
        if let Some(child) = &field.child {
            let mut below = at.clone();
            below.push(Step::Slot(field.slot));
            note(by, below, child, written);
        }
    }
    written.push(Written { by, steps: at });
}

fn steps(path: &[PathStep]) -> Vec<Step<'_>> {
    path.iter()
        .filter_map(|step| match step {
            PathStep::Slot(slot) => Some(Step::Slot(*slot)),
            PathStep::Items => None,
            PathStep::Types(types) => Some(Step::Types(types.names().into_iter().collect())),
        })
        .collect()
}

fn group(paths: &[Vec<PathStep>], children: &[Slot], written: &[Written<'_>]) -> Vec<u32> {
    let mut known: Vec<Below<'_>> = Vec::new();
    let mut groups = Vec::with_capacity(paths.len());
    for path in paths {
        let path = steps(path);
        let mut below: Below<'_> = written
            .iter()
            .filter_map(|written| {
                let rest = after(&written.steps, &path)?;
                let first = rest.iter().find_map(|step| match step {
                    Step::Slot(slot) => Some(slot),
                    Step::Types(_) => None,
                })?;
                children.contains(first).then_some((written.by, rest))
            })
            .collect();
        below.sort_unstable();
        below.dedup();
        let group = known.iter().position(|other| *other == below);
        let group = group.unwrap_or_else(|| {
            known.push(below);
            known.len() - 1
        });
        // A plan with four billion paths cannot be written down.
        groups.push(u32::try_from(group).unwrap_or(u32::MAX));
    }
    groups
}

/// What is left of `steps` after the slots of `path`, whatever types either names on the way.
fn after<'s, 'a>(steps: &'s [Step<'a>], path: &[Step<'_>]) -> Option<&'s [Step<'a>]> {
    let mut rest = steps;
    for slot in path {
        let Step::Slot(slot) = slot else { continue };
        loop {
            let (first, others) = rest.split_first()?;
            rest = others;
            match first {
                Step::Slot(other) if other == slot => break,
                Step::Slot(_) => return None,
                Step::Types(_) => {}
            }
        }
    }
    Some(rest)
}
