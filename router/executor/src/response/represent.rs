//! Writing representations as bytes, each distinct one once.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use super::arena::{Arena, FailureId, ObjectId, Value};
use crate::plan::{RepresentationField, RepresentationObject, RepresentationSource};

/// Why an object has no representation.
enum Unrepresentable {
    /// A key it needs is absent or null, or its type is another.
    NoValue,
    /// A key it needs was to come from a fetch that failed.
    Failed(FailureId),
}

/// An object that waits for an entity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) object: ObjectId,
    /// The position of its representation in the list.
    pub(crate) representation: u32,
    /// Targets of one group share what is below the entity they receive.
    pub(crate) group: u32,
}

/// The objects one list of representations is for.
#[derive(Debug, Default)]
pub(crate) struct TargetSet {
    pub(crate) targets: Vec<Target>,
    /// How many distinct representations were written.
    pub(crate) count: u32,
    /// Objects left out because what they need had failed.
    pub(crate) failed: Vec<(ObjectId, FailureId)>,
    /// Where the list's content is in the body, between the brackets.
    pub(crate) content: (usize, usize),
    /// Where each representation is in the body.
    pub(crate) written: Vec<Written>,
}

/// One list of representations under construction.
pub(crate) struct Representations<'a> {
    arena: &'a Arena,
    representation: &'a RepresentationObject,
    out: &'a mut Vec<u8>,
    /// The last representation with such bytes, by their hash.
    by_hash: FxHashMap<u64, u32>,
    set: TargetSet,
}

/// One representation in `out`.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Another one whose bytes have the same hash.
    alike: Option<u32>,
}

impl<'a> Representations<'a> {
    /// Starts the JSON list in `out`.
    pub(crate) fn new(
        arena: &'a Arena,
        representation: &'a RepresentationObject,
        out: &'a mut Vec<u8>,
    ) -> Self {
        out.push(b'[');
        let mut set = TargetSet::default();
        set.content.0 = out.len();
        Self {
            arena,
            representation,
            out,
            by_hash: FxHashMap::default(),
            set,
        }
    }

    /// Adds an object of a group; equal representations are sent once.
    pub(crate) fn add(&mut self, object: ObjectId, group: u32) {
        let before = self.out.len();
        if !self.set.written.is_empty() {
            self.out.push(b',');
        }
        let start = self.out.len();
        match write_object(self.arena, object, self.representation, self.out) {
            Ok(()) => {}
            Err(reason) => {
                self.out.truncate(before);
                if let Unrepresentable::Failed(failure) = reason {
                    self.set.failed.push((object, failure));
                }
                return;
            }
        }
        let written = &self.out[start..];
        let mut hasher = FxHasher::default();
        written.hash(&mut hasher);
        let hash = hasher.finish();
        let last = self.by_hash.get(&hash).copied();
        // Equal hashes are compared byte by byte, so that a collision cannot merge strangers.
        let mut candidate = last;
        while let Some(position) = candidate {
            let known = &self.set.written[position as usize];
            if &self.out[known.start..known.end] == written {
                break;
            }
            candidate = known.alike;
        }
        let representation = candidate.unwrap_or(self.set.count);
        if candidate.is_some() {
            self.out.truncate(before);
        } else {
            self.by_hash.insert(hash, representation);
            self.set.written.push(Written {
                start,
                end: self.out.len(),
                alike: last,
            });
            self.set.count += 1;
        }
        self.set.targets.push(Target {
            object,
            representation,
            group,
        });
    }

    /// Ends the list.
    pub(crate) fn finish(mut self) -> TargetSet {
        self.set.content.1 = self.out.len();
        self.out.push(b']');
        self.set
    }
}

fn write_object(
    arena: &Arena,
    object: ObjectId,
    representation: &RepresentationObject,
    out: &mut Vec<u8>,
) -> Result<(), Unrepresentable> {
    let fields = match representation {
        RepresentationObject::Same(fields) => fields,
        RepresentationObject::ByType(by_type) => {
            let fields = arena.type_json(object).and_then(|name| by_type.find(name));
            fields.ok_or(Unrepresentable::NoValue)?
        }
    };
    if fields.is_empty() {
        return Err(Unrepresentable::NoValue);
    }
    out.push(b'{');
    for (position, field) in fields.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_field(arena, object, field, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn write_field(
    arena: &Arena,
    object: ObjectId,
    field: &RepresentationField,
    out: &mut Vec<u8>,
) -> Result<(), Unrepresentable> {
    out.extend_from_slice(&field.text);
    match &field.source {
        RepresentationSource::Constant => Ok(()),
        RepresentationSource::Slot {
            slot,
            required,
            child,
        } => {
            let value = arena.get(object, *slot);
            if *required && matches!(value, Value::Missing | Value::Null) {
                return Err(Unrepresentable::NoValue);
            }
            write_value(arena, value, child.as_ref(), out)
        }
    }
}

fn write_value(
    arena: &Arena,
    value: Value,
    child: Option<&RepresentationObject>,
    out: &mut Vec<u8>,
) -> Result<(), Unrepresentable> {
    match (value, child) {
        (Value::Failed(failure), _) => return Err(Unrepresentable::Failed(failure)),
        (Value::Missing | Value::Null, _) => out.extend_from_slice(b"null"),
        (Value::Leaf(slice), None) => out.extend_from_slice(arena.bytes(slice)),
        (Value::Object(object), Some(child)) => write_object(arena, object, child, out)?,
        (Value::List(list), child) => {
            out.push(b'[');
            for (position, item) in arena.list_items(list).iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                write_value(arena, *item, child, out)?;
            }
            out.push(b']');
        }
        // A scalar where objects are required, or the reverse: the subgraph broke its schema.
        (Value::Leaf(_), Some(_)) | (Value::Object(_), None) => {
            return Err(Unrepresentable::NoValue);
        }
    }
    Ok(())
}
