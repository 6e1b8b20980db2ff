//! Objects, lists and leaves, addressed by number. Nothing is freed before the request ends.
//!
//! An entity that several objects receive is kept once: below them stand the same objects and lists, marked as shared so
//! that those who walk the answer do at most once what needs no repetition.

use std::borrow::Cow;

use bytes::Bytes;

use super::sizes::Sizes;
use crate::{
    json::Text,
    plan::{ShapeId, Shapes, Slot, TYPENAME},
    supergraph::SubgraphId,
};

/// The position of an object in an [`Arena`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ObjectId(u32);

/// The position of a failure in the request's list; what it means is not the arena's business.
pub(crate) type FailureId = u32;

/// What a slot or a list item holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing was answered.
    Missing,
    Null,
    /// JSON as the subgraph wrote it.
    Leaf(Slice),
    Object(ObjectId),
    List(List),
    /// It was to be fetched, and the fetch failed.
    Failed(FailureId),
}

/// A part of a subgraph's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) buffer: u32,
    start: u32,
    end: u32,
}

/// A run of list items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct List {
    start: u32,
    len: u32,
    /// Whether it stands in several places.
    shared: bool,
}

impl List {
    pub(crate) fn len(self) -> u32 {
        self.len
    }

    /// Whether both are the same items, not only equal ones.
    pub(crate) fn is(self, other: Self) -> bool {
        (self.start, self.len) == (other.start, other.len)
    }
}

/// What stands in several places of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Shared {
    Object(ObjectId),
    /// The start and the length of a list.
    List(u32, u32),
}

#[derive(Debug, Clone, Copy)]
struct Object {
    shape: ShapeId,
    first: u32,
    /// Whether it stands in several places.
    shared: bool,
}

/// Everything one request has received so far.
#[derive(Debug)]
pub(crate) struct Arena {
    buffers: Vec<(Bytes, SubgraphId)>,
    objects: Vec<Object>,
    slots: Vec<Value>,
    items: Vec<Value>,
}

/// Positions fit `u32`: answers are capped far below 4 GiB and every value takes at least one byte of them; a
/// request that got past this would find a wrong position, never memory that is not its own.
fn position(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Arena {
    /// An empty arena with room for an answer like the last one.
    pub(crate) fn sized(sizes: &Sizes) -> Self {
        Self {
            buffers: Vec::new(),
            objects: Vec::with_capacity(sizes.objects.get()),
            slots: Vec::with_capacity(sizes.slots.get()),
            items: Vec::with_capacity(sizes.items.get()),
        }
    }

    /// Remembers how much there is.
    pub(crate) fn note(&self, sizes: &Sizes) {
        sizes.objects.set(self.objects.len());
        sizes.slots.set(self.slots.len());
        sizes.items.set(self.items.len());
    }

    /// Keeps an answer and returns its number.
    pub(crate) fn add_buffer(&mut self, bytes: Bytes, subgraph: SubgraphId) -> u32 {
        self.buffers.push((bytes, subgraph));
        position(self.buffers.len() - 1)
    }

    pub(crate) fn add_object(&mut self, shape: ShapeId, shapes: &Shapes) -> ObjectId {
        let first = position(self.slots.len());
        self.slots
            .resize(self.slots.len() + shapes.width(shape), Value::Missing);
        self.objects.push(Object {
            shape,
            first,
            shared: false,
        });
        ObjectId(position(self.objects.len() - 1))
    }

    pub(crate) fn add_list(&mut self, items: impl Iterator<Item = Value>) -> Value {
        let start = position(self.items.len());
        self.items.extend(items);
        Value::List(List {
            start,
            len: position(self.items.len()) - start,
            shared: false,
        })
    }

    /// Marks what is in a slot as standing in several places.
    pub(crate) fn share(&mut self, object: ObjectId, slot: Slot) {
        match self.get(object, slot) {
            Value::Object(child) => self.objects[child.0 as usize].shared = true,
            Value::List(list) => {
                let shared = List {
                    shared: true,
                    ..list
                };
                self.set(object, slot, Value::List(shared));
            }
            _ => {}
        }
    }

    /// Who it is, when it stands in several places.
    pub(crate) fn shared(&self, value: Value) -> Option<Shared> {
        match value {
            Value::Object(object) if self.objects[object.0 as usize].shared => {
                Some(Shared::Object(object))
            }
            Value::List(list) if list.shared => Some(Shared::List(list.start, list.len)),
            _ => None,
        }
    }

    pub(crate) fn slice(buffer: u32, start: usize, end: usize) -> Slice {
        Slice {
            buffer,
            start: position(start),
            end: position(end),
        }
    }

    pub(crate) fn shape(&self, object: ObjectId) -> ShapeId {
        self.objects[object.0 as usize].shape
    }

    pub(crate) fn get(&self, object: ObjectId, slot: Slot) -> Value {
        self.slots[(self.objects[object.0 as usize].first + slot) as usize]
    }

    pub(crate) fn set(&mut self, object: ObjectId, slot: Slot, value: Value) {
        let first = self.objects[object.0 as usize].first;
        self.slots[(first + slot) as usize] = value;
    }

    pub(crate) fn item(&self, list: List, index: u32) -> Value {
        self.items[(list.start + index) as usize]
    }

    pub(crate) fn set_item(&mut self, list: List, index: u32, value: Value) {
        self.items[(list.start + index) as usize] = value;
    }

    pub(crate) fn list_items(&self, list: List) -> &[Value] {
        &self.items[list.start as usize..(list.start + list.len) as usize]
    }

    /// The JSON of a leaf.
    pub(crate) fn bytes(&self, slice: Slice) -> &[u8] {
        &self.buffers[slice.buffer as usize].0[slice.start as usize..slice.end as usize]
    }

    /// The subgraph a leaf came from.
    pub(crate) fn origin(&self, slice: Slice) -> SubgraphId {
        self.buffers[slice.buffer as usize].1
    }

    /// The text of a leaf that is a string.
    pub(crate) fn text(&self, slice: Slice) -> Option<Cow<'_, str>> {
        string_text(self.bytes(slice))
    }

    /// The object's `__typename` as the subgraph wrote it, whatever that is.
    pub(crate) fn type_json(&self, object: ObjectId) -> Option<&[u8]> {
        match self.get(object, TYPENAME) {
            Value::Leaf(slice) => Some(self.bytes(slice)),
            _ => None,
        }
    }

    /// The object's `__typename`, if one was answered.
    pub(crate) fn type_name(&self, object: ObjectId) -> Option<Cow<'_, str>> {
        match self.get(object, TYPENAME) {
            Value::Leaf(slice) => self.text(slice),
            _ => None,
        }
    }

    /// A copy that shares no object or list with the original, so that later writes stay apart.
    pub(crate) fn copy(&mut self, value: Value, shapes: &Shapes) -> Value {
        match value {
            Value::Object(object) => {
                let shape = self.shape(object);
                let copy = self.add_object(shape, shapes);
                for slot in 0..position(shapes.width(shape)) {
                    let value = self.get(object, slot);
                    if value != Value::Missing {
                        let value = self.copy(value, shapes);
                        self.set(copy, slot, value);
                    }
                }
                Value::Object(copy)
            }
            Value::List(list) => {
                let items: Vec<Value> = self.list_items(list).to_vec();
                let copies: Vec<Value> = items
                    .into_iter()
                    .map(|item| self.copy(item, shapes))
                    .collect();
                self.add_list(copies.into_iter())
            }
            leaf => leaf,
        }
    }
}

/// The text of a JSON string, quotes included in `json`; `None` when it is no string.
pub(crate) fn string_text(json: &[u8]) -> Option<Cow<'_, str>> {
    let raw = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', raw).is_none() {
        return std::str::from_utf8(raw).ok().map(Cow::Borrowed);
    }
    Some(Cow::Owned(Text { raw, escaped: true }.decode()))
}
