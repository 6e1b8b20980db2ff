//! Finding the objects a fetch is for, by the path the planner gave it.

use rustc_hash::{FxHashMap, FxHashSet};

use super::arena::{Arena, ObjectId, Shared, Value};
use crate::{
    error::PathSegment,
    plan::{ByType, PathStep, Shapes},
};

/// Calls `visit` for every object at the end of the path, in answer order. What stands in several places is met once.
pub(crate) fn collect_targets(
    arena: &Arena,
    root: ObjectId,
    steps: &[PathStep],
    visit: impl FnMut(ObjectId),
) {
    let mut walk = Walk {
        arena,
        visit,
        met: FxHashSet::default(),
    };
    walk.value(Value::Object(root), steps);
}

struct Walk<'a, V> {
    arena: &'a Arena,
    visit: V,
    /// With how much of the path left what was met.
    met: FxHashSet<(Shared, usize)>,
}

impl<V: FnMut(ObjectId)> Walk<'_, V> {
    fn value(&mut self, value: Value, steps: &[PathStep]) {
        if let Some(shared) = self.arena.shared(value)
            && !self.met.insert((shared, steps.len()))
        {
            return;
        }
        match (steps, value) {
            ([], Value::Object(object)) => (self.visit)(object),
            ([PathStep::Slot(slot), rest @ ..], Value::Object(object)) => {
                self.value(self.arena.get(object, *slot), rest);
            }
            ([PathStep::Items, rest @ ..], Value::List(list)) => {
                for item in self.arena.list_items(list) {
                    self.value(*item, rest);
                }
            }
            ([PathStep::Types(types), rest @ ..], Value::Object(object))
                if is_one_of(self.arena, object, types) =>
            {
                self.value(value, rest);
            }
            // Null, missing, failed or of another kind than the plan expects: nothing to fetch for.
            _ => {}
        }
    }
}

/// Whether the object's type is one of these; an object that does not say its type is let through, and has no
/// representation later.
fn is_one_of(arena: &Arena, object: ObjectId, types: &ByType<()>) -> bool {
    arena
        .type_json(object)
        .is_none_or(|name| name.first() != Some(&b'"') || types.find(name).is_some())
}

/// The places in the answer of the objects at the ends of paths; only needed when something failed.
#[derive(Debug, Default)]
pub(crate) struct TargetPaths {
    by_object: FxHashMap<ObjectId, Vec<Vec<PathSegment>>>,
    count: usize,
}

impl TargetPaths {
    /// How many places are noted. What is shared may stand in far more places than there are objects.
    const MOST: usize = 10_000;

    /// Every noted place of an object.
    pub(crate) fn of(&self, object: ObjectId) -> &[Vec<PathSegment>] {
        self.by_object.get(&object).map_or(&[], Vec::as_slice)
    }

    /// Notes the places of the objects at the end of one path.
    pub(crate) fn add(
        &mut self,
        arena: &Arena,
        shapes: &Shapes,
        root: ObjectId,
        steps: &[PathStep],
    ) {
        let mut path = Vec::new();
        self.walk(arena, shapes, Value::Object(root), steps, &mut path);
    }

    fn walk(
        &mut self,
        arena: &Arena,
        shapes: &Shapes,
        value: Value,
        steps: &[PathStep],
        path: &mut Vec<PathSegment>,
    ) {
        if self.count >= Self::MOST {
            return;
        }
        match (steps, value) {
            ([], Value::Object(object)) => {
                let places = self.by_object.entry(object).or_default();
                if !places.contains(path) {
                    places.push(path.clone());
                    self.count += 1;
                }
            }
            ([PathStep::Slot(slot), rest @ ..], Value::Object(object)) => {
                let key = shapes.key(arena.shape(object), *slot);
                path.push(PathSegment::Key(key.into()));
                self.walk(arena, shapes, arena.get(object, *slot), rest, path);
                path.pop();
            }
            ([PathStep::Items, rest @ ..], Value::List(list)) => {
                for (index, item) in (0..).zip(arena.list_items(list)) {
                    path.push(PathSegment::Index(index));
                    self.walk(arena, shapes, *item, rest, path);
                    path.pop();
                }
            }
            ([PathStep::Types(types), rest @ ..], Value::Object(object))
                if is_one_of(arena, object, types) =>
            {
                self.walk(arena, shapes, value, rest, path);
            }
            _ => {}
        }
    }
}
