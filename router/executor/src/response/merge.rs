//! Merging what a fetch answered into the objects it was fetched for.

use super::arena::{Arena, ObjectId, Value};
use crate::{
    plan::{Selection, TYPENAME},
    schema::Schema,
};

/// Merges within one arena.
pub(crate) struct Merger<'a> {
    pub(crate) arena: &'a mut Arena,
    pub(crate) schema: &'a Schema,
}

impl Merger<'_> {
    /// Writes the selected slots of `source` into `target`. A null never hides a value; objects merge slot by slot
    /// and lists item by item. What is below `source` is not copied: several targets of one source share it.
    pub(crate) fn object(&mut self, target: ObjectId, source: ObjectId, selection: &Selection) {
        if target == source {
            return;
        }
        for field in &selection.fields {
            let incoming = self.arena.get(source, field.slot);
            let existing = self.arena.get(target, field.slot);
            let merged = if field.slot == TYPENAME {
                self.type_name(existing, incoming)
            } else {
                self.value(existing, incoming, field.child.as_ref())
            };
            self.arena.set(target, field.slot, merged);
        }
    }

    /// An @interfaceObject answers with the interface's name; a concrete name is not given up for it.
    fn type_name(&self, existing: Value, incoming: Value) -> Value {
        if let (Value::Leaf(slice), Value::Leaf(other)) = (existing, incoming)
            && self.arena.bytes(slice) == self.arena.bytes(other)
        {
            return existing;
        }
        if let Value::Leaf(slice) = existing
            && self
                .arena
                .text(slice)
                .is_some_and(|name| self.schema.is_object(&name))
        {
            return existing;
        }
        if matches!(incoming, Value::Missing | Value::Null) {
            existing
        } else {
            incoming
        }
    }

    fn value(&mut self, existing: Value, incoming: Value, selection: Option<&Selection>) -> Value {
        match (existing, incoming, selection) {
            (_, Value::Missing, _) => existing,
            (Value::Missing | Value::Failed(_), _, _) => incoming,
            (_, Value::Null | Value::Failed(_), _) => existing,
            (Value::Object(target), Value::Object(source), Some(selection)) => {
                self.object(target, source, selection);
                existing
            }
            (Value::List(target), Value::List(source), Some(_)) => {
                // Lists of different lengths do not describe the same things; the first one stays.
                if target.len() == source.len() && !target.is(source) {
                    for index in 0..target.len() {
                        let item = self.value(
                            self.arena.item(target, index),
                            self.arena.item(source, index),
                            selection,
                        );
                        self.arena.set_item(target, index, item);
                    }
                }
                existing
            }
            _ => incoming,
        }
    }
}
