//! An answer in parts: where the objects of a part stand in the whole, and what one part does to the others.

use rustc_hash::FxHashSet;

use super::{
    arena::{Arena, ObjectId, Value},
    project::Step,
};
use crate::{
    error::PathSegment,
    plan::{
        ExecutablePlan, FieldSetId, FieldSource, PendingFragment, ProjectedKind, ProjectedObject,
        ProjectedType,
    },
};

/// Places that hold null because something below them is null and may not be. No other part may write a value there.
#[derive(Debug, Default)]
pub(crate) struct Nulled(FxHashSet<Vec<PathSegment>>);

impl Nulled {
    pub(super) fn add(&mut self, path: &[Step<'_>]) {
        self.0.insert(to_segments(path));
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, path: &[Step<'_>]) -> bool {
        !self.is_empty() && self.0.contains(&to_segments(path))
    }
}

/// A place as errors name it.
pub(crate) fn to_segments(path: &[Step<'_>]) -> Vec<PathSegment> {
    path.iter().map(|step| step.to_segment()).collect()
}

/// The fields that an object has in the answer; `None` when its type is not known or none of those possible.
pub(super) fn field_set(
    arena: &Arena,
    object: ObjectId,
    expected: &ProjectedObject,
) -> Option<FieldSetId> {
    let expected = match expected {
        ProjectedObject::Concrete(set) => return Some(*set),
        ProjectedObject::Abstract(expected) => expected,
    };
    let Some(name) = arena.type_name(object) else {
        return expected.uniform.then_some(expected.generic);
    };
    let generic = || (*name == *expected.declared).then_some(expected.generic);
    expected
        .by_type
        .get(name.as_ref())
        .copied()
        .or_else(generic)
}

/// What is expected of an object.
#[derive(Clone, Copy)]
pub(crate) enum Expected<'a> {
    /// These fields.
    Fields(FieldSetId),
    /// A type that it does not have.
    Type(&'a ProjectedObject),
}

/// An object that a part is about, and where it stands in the whole answer.
pub(crate) struct Place<'a> {
    pub(crate) object: ObjectId,
    pub(crate) expected: Expected<'a>,
    pub(crate) path: Vec<Step<'a>>,
}

/// Every place of a fragment that the client knows of and the fragment has fields for.
pub(crate) fn find_places<'p>(
    arena: &Arena,
    plan: &'p ExecutablePlan,
    conditions: &[bool],
    nulled: &Nulled,
    root: ObjectId,
    fragment: &PendingFragment,
) -> Vec<Place<'p>> {
    let mut finder = Finder {
        arena,
        plan,
        conditions,
        nulled,
        path: Vec::new(),
        found: Vec::new(),
    };
    finder.fields(root, fragment.set, fragment.depth);
    finder.found
}

/// Walks from the root through the fields that lead to a fragment.
struct Finder<'p, 'r> {
    arena: &'r Arena,
    plan: &'p ExecutablePlan,
    /// The values of the plan's condition variables.
    conditions: &'r [bool],
    nulled: &'r Nulled,
    path: Vec<Step<'p>>,
    found: Vec<Place<'p>>,
}

impl<'p> Finder<'p, '_> {
    fn fields(&mut self, object: ObjectId, set: FieldSetId, depth: usize) {
        let (plan, conditions) = (self.plan, self.conditions);
        let fields = plan.projection.sets[set].iter();
        let mut fields = fields.filter(|field| field.is_included(conditions));
        if depth == 0 {
            if fields.next().is_some() {
                self.found(object, Expected::Fields(set));
            }
            return;
        }
        for field in fields {
            if let FieldSource::Slot { slot, ty } = &field.source {
                self.path.push(Step::Key(&field.key));
                self.value(self.arena.get(object, *slot), ty, depth - 1);
                self.path.pop();
            }
        }
    }

    fn found(&mut self, object: ObjectId, expected: Expected<'p>) {
        self.found.push(Place {
            object,
            expected,
            path: self.path.clone(),
        });
    }

    fn value(&mut self, value: Value, ty: &'p ProjectedType, depth: usize) {
        if self.nulled.contains(&self.path) {
            return;
        }
        match (value, &ty.kind) {
            (Value::Object(object), ProjectedKind::Object(expected)) => {
                match field_set(self.arena, object, expected) {
                    Some(set) => self.fields(object, set, depth),
                    // What came before need not have looked at it.
                    None => self.found(object, Expected::Type(expected)),
                }
            }
            (Value::List(list), ProjectedKind::List(item)) => {
                for (index, value) in (0..).zip(self.arena.list_items(list)) {
                    self.path.push(Step::Index(index));
                    self.value(*value, item, depth);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }
}
