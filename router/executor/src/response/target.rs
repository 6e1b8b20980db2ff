//! Finding the objects a fetch is for, by the path the planner gave it.

use rustc_hash::{FxHashMap, FxHashSet};

use super::arena::{Arena, ObjectId, Value};
use crate::{
    error::PathSegment,
    plan::{PathStep, Shapes},
};

/// Calls `visit` for every object at the end of the path, in answer order.
pub(crate) fn collect_targets(
    arena: &Arena,
    root: ObjectId,
    steps: &[PathStep],
    visit: &mut impl FnMut(ObjectId),
) {
    walk(arena, Value::Object(root), steps, visit);
}

fn walk(arena: &Arena, value: Value, steps: &[PathStep], visit: &mut impl FnMut(ObjectId)) {
    match (steps, value) {
        ([], Value::Object(object)) => visit(object),
        ([PathStep::Slot(slot), rest @ ..], Value::Object(object)) => {
            walk(arena, arena.get(object, *slot), rest, visit);
        }
        ([PathStep::Items, rest @ ..], Value::List(list)) => {
            for item in arena.list_items(list) {
                walk(arena, *item, rest, visit);
            }
        }
        ([PathStep::Types(types), rest @ ..], Value::Object(object))
            if is_one_of(arena, object, types) =>
        {
            walk(arena, value, rest, visit);
        }
        // Null, missing, failed or of another kind than the plan expects: nothing to fetch for.
        _ => {}
    }
}

/// Whether the object's type is one of these; an object that does not say its type is let through, and has no
/// representation later.
fn is_one_of(arena: &Arena, object: ObjectId, types: &FxHashSet<String>) -> bool {
    arena
        .type_name(object)
        .is_none_or(|name| types.contains(name.as_ref()))
}

/// The position in the answer of every object at the end of the path; only needed when something failed.
pub(crate) fn target_paths(
    arena: &Arena,
    shapes: &Shapes,
    root: ObjectId,
    steps: &[PathStep],
    paths: &mut FxHashMap<ObjectId, Vec<PathSegment>>,
) {
    walk_paths(
        arena,
        shapes,
        Value::Object(root),
        steps,
        &mut Vec::new(),
        paths,
    );
}

fn walk_paths(
    arena: &Arena,
    shapes: &Shapes,
    value: Value,
    steps: &[PathStep],
    path: &mut Vec<PathSegment>,
    paths: &mut FxHashMap<ObjectId, Vec<PathSegment>>,
) {
    match (steps, value) {
        ([], Value::Object(object)) => {
            paths.insert(object, path.clone());
        }
        ([PathStep::Slot(slot), rest @ ..], Value::Object(object)) => {
            let key = shapes.key(arena.shape(object), *slot);
            path.push(PathSegment::Key(key.into()));
            walk_paths(arena, shapes, arena.get(object, *slot), rest, path, paths);
            path.pop();
        }
        ([PathStep::Items, rest @ ..], Value::List(list)) => {
            for (index, item) in (0..).zip(arena.list_items(list)) {
                path.push(PathSegment::Index(index));
                walk_paths(arena, shapes, *item, rest, path, paths);
                path.pop();
            }
        }
        ([PathStep::Types(types), rest @ ..], Value::Object(object))
            if is_one_of(arena, object, types) =>
        {
            walk_paths(arena, shapes, value, rest, path, paths);
        }
        _ => {}
    }
}
