//! An answer in parts: where the objects of a part stand in the whole, and what one part does to the others.

use rustc_hash::FxHashSet;

use super::{
    arena::{Arena, ObjectId, Value},
    project::{ProjectionInput, Step},
};
use crate::{
    error::PathSegment,
    plan::{FieldSetId, FieldSource, PendingFragment, ProjectedKind, ProjectedObject, ProjectedType},
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
    expected.by_type.get(name.as_ref()).copied().or_else(generic)
}

/// An object that a part is about, and where it stands in the whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    pub(crate) object: ObjectId,
    /// The fields that it has in the part.
    pub(crate) fields: FieldSetId,
    pub(crate) path: Vec<Step<'a>>,
}

/// Every place of a fragment that the client knows of and the fragment has fields for.
pub(crate) fn find_places<'a>(
    input: &ProjectionInput<'a>,
    root: ObjectId,
    fragment: &PendingFragment,
) -> Vec<Place<'a>> {
    let mut finder = Finder {
        input,
        path: Vec::new(),
        found: Vec::new(),
    };
    finder.fields(root, fragment.set, fragment.depth);
    finder.found
}

/// Walks from the root through the fields that lead to a fragment.
struct Finder<'a, 'i> {
    input: &'i ProjectionInput<'a>,
    path: Vec<Step<'a>>,
    found: Vec<Place<'a>>,
}

impl<'a> Finder<'a, '_> {
    fn fields(&mut self, object: ObjectId, set: FieldSetId, depth: usize) {
        let fields = self.input.plan.projection.sets[set].iter();
        let mut fields = fields.filter(|field| field.is_included(self.input.conditions));
        if depth == 0 {
            if fields.next().is_some() {
                self.found.push(Place {
                    object,
                    fields: set,
                    path: self.path.clone(),
                });
            }
            return;
        }
        for field in fields {
            if let FieldSource::Slot { slot, ty } = &field.source {
                self.path.push(Step::Key(&field.key));
                self.value(self.input.arena.get(object, *slot), ty, depth - 1);
                self.path.pop();
            }
        }
    }

    fn value(&mut self, value: Value, ty: &'a ProjectedType, depth: usize) {
        let nulled = self.input.nulled;
        if nulled.is_some_and(|nulled| nulled.contains(&self.path)) {
            return;
        }
        match (value, &ty.kind) {
            (Value::Object(object), ProjectedKind::Object(expected)) => {
                if let Some(set) = field_set(self.input.arena, object, expected) {
                    self.fields(object, set, depth);
                }
            }
            (Value::List(list), ProjectedKind::List(item)) => {
                for (index, value) in (0..).zip(self.input.arena.list_items(list)) {
                    self.path.push(Step::Index(index));
                    self.value(*value, item, depth);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }
}
