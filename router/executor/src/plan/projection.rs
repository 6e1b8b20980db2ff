//! How the answer is written: field order, keys, types, nullability and conditions, for each concrete type.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::shape::Slot;
use crate::error::PathSegment;

/// The position of a field set in [`Projection`].
pub(crate) type FieldSetId = usize;

/// The compiled projection of a whole operation.
#[derive(Debug)]
pub(crate) struct Projection {
    pub(crate) sets: Vec<Vec<ProjectedField>>,
    pub(crate) root: FieldSetId,
}

/// A variable (by position in the plan's table) and the value it must have.
pub(crate) type Condition = (usize, bool);

/// One response key of an object.
#[derive(Debug)]
pub(crate) struct ProjectedField {
    /// `"key":`
    pub(crate) prefix: Box<[u8]>,
    pub(crate) key: Box<str>,
    /// Included when one of these conjunctions holds; an empty list is always.
    pub(crate) conditions: Vec<Vec<Condition>>,
    pub(crate) source: FieldSource,
    /// `Type.field`, for messages.
    pub(crate) coordinate: Box<str>,
}

/// Where a field's value comes from.
#[derive(Debug)]
pub(crate) enum FieldSource {
    /// What subgraphs answered.
    Slot { slot: Slot, ty: ProjectedType },
    /// The object's `__typename`, as answered.
    Typename,
    /// A type name known now, as JSON.
    StaticTypename(Box<[u8]>),
    /// Introspection: the occurrences of the field, as positions in the plan's meta fields.
    Introspection(Vec<usize>),
}

/// The type of a value.
#[derive(Debug)]
pub(crate) struct ProjectedType {
    pub(crate) non_null: bool,
    pub(crate) kind: ProjectedKind,
}

/// The type of a value that is not null.
#[derive(Debug)]
pub(crate) enum ProjectedKind {
    Leaf(Leaf),
    Object(ProjectedObject),
    List(Box<ProjectedType>),
}

/// How a leaf's JSON is checked.
#[derive(Debug, Clone)]
pub(crate) enum Leaf {
    Int,
    Float,
    String,
    Boolean,
    Id,
    /// The accessible values.
    Enum(Arc<FxHashSet<String>>),
    /// A custom scalar: any JSON.
    Any,
}

impl Leaf {
    /// The type in words, for messages.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Int => "Int",
            Self::Float => "Float",
            Self::String => "String",
            Self::Boolean => "Boolean",
            Self::Id => "ID",
            Self::Enum(_) => "a value of the enum",
            Self::Any => "any value",
        }
    }
}

/// Which fields an object has in the answer.
#[derive(Debug)]
pub(crate) enum ProjectedObject {
    Concrete(FieldSetId),
    Abstract(Box<AbstractObject>),
}

/// An interface or union.
#[derive(Debug)]
pub(crate) struct AbstractObject {
    pub(crate) declared: Box<str>,
    /// Public object types and their fields.
    pub(crate) by_type: FxHashMap<Box<str>, FieldSetId>,
    /// The fields that every type has, for an @interfaceObject whose type is not resolved.
    pub(crate) generic: FieldSetId,
    /// Whether all types have the same fields, so that the type need not be known.
    pub(crate) uniform: bool,
}

/// Whether all of some conditions hold, with these values of the plan's variables.
pub(crate) fn holds(conjunction: &[Condition], values: &[bool]) -> bool {
    conjunction
        .iter()
        .all(|(variable, wanted)| values[*variable] == *wanted)
}

impl ProjectedField {
    /// Whether it is in the answer, with these values of the plan's variables.
    pub(crate) fn is_included(&self, values: &[bool]) -> bool {
        self.conditions.is_empty()
            || self
                .conditions
                .iter()
                .any(|conjunction| holds(conjunction, values))
    }
}

impl Projection {
    /// The longest beginning of a path that the client can see.
    pub(crate) fn visible(&self, mut path: Vec<PathSegment>) -> Vec<PathSegment> {
        let seen = self.follow(self.root, &path, |_| true);
        path.truncate(seen);
        path
    }

    /// How many segments of a path, from an object with these fields on, lead through fields that count.
    pub(crate) fn follow(
        &self,
        set: FieldSetId,
        path: &[PathSegment],
        counts: impl Fn(&ProjectedField) -> bool,
    ) -> usize {
        let mut sets = vec![set];
        let mut seen = 0;
        for segment in path {
            if let PathSegment::Key(key) = segment {
                let mut below = Vec::new();
                let mut found = false;
                for set in &sets {
                    let fields = self.sets[*set].iter();
                    for field in fields.filter(|field| &field.key == key && counts(field)) {
                        found = true;
                        if let FieldSource::Slot { ty, .. } = &field.source {
                            ty.object_sets(&mut below);
                        }
                    }
                }
                if !found {
                    break;
                }
                sets = below;
            }
            seen += 1;
        }
        seen
    }
}

impl ProjectedType {
    /// Whether the fields of its objects depend on their types.
    pub(super) fn is_abstract(&self) -> bool {
        match &self.kind {
            ProjectedKind::Leaf(_) | ProjectedKind::Object(ProjectedObject::Concrete(_)) => false,
            ProjectedKind::Object(ProjectedObject::Abstract(_)) => true,
            ProjectedKind::List(item) => item.is_abstract(),
        }
    }

    /// The field sets of the objects that it may hold.
    pub(super) fn object_sets(&self, sets: &mut Vec<FieldSetId>) {
        match &self.kind {
            ProjectedKind::Leaf(_) => {}
            ProjectedKind::List(item) => item.object_sets(sets),
            ProjectedKind::Object(ProjectedObject::Concrete(set)) => sets.push(*set),
            ProjectedKind::Object(ProjectedObject::Abstract(object)) => {
                sets.push(object.generic);
                sets.extend(object.by_type.values());
            }
        }
    }
}

/// Variables that decide what is included, by position.
#[derive(Debug, Default)]
pub(crate) struct ConditionTable {
    pub(crate) names: Vec<String>,
}

impl ConditionTable {
    pub(crate) fn index(&mut self, name: &str) -> usize {
        match self.names.iter().position(|known| known == name) {
            Some(position) => position,
            None => {
                self.names.push(name.to_owned());
                self.names.len() - 1
            }
        }
    }
}
