//! What a fetch reads and writes, from which follows which fetches it must wait for.

use rustc_hash::FxHashSet;

use super::{
    representation::{RepresentationField, RepresentationObject, RepresentationSource},
    selection::Selection,
    shape::{ShapeBuilder, ShapeId, Slot, TYPENAME},
};

/// A place of the answer: a slot of all objects of one shape.
pub(super) type Place = (ShapeId, Slot);

/// The places one fetch touches.
#[derive(Debug, Default)]
pub(super) struct Access {
    pub(super) reads: FxHashSet<Place>,
    pub(super) writes: FxHashSet<Place>,
}

impl Access {
    /// Whether the order of the two fetches matters: one reads or writes what the other writes.
    pub(super) fn conflicts(&self, earlier: &Self) -> bool {
        !self.reads.is_disjoint(&earlier.writes)
            || !self.writes.is_disjoint(&earlier.writes)
            || !self.writes.is_disjoint(&earlier.reads)
    }
}

/// Notes every place a selection fills.
pub(super) fn note_writes(selection: &Selection, writes: &mut FxHashSet<Place>) {
    for field in &selection.fields {
        writes.insert((selection.shape, field.slot));
        if let Some(child) = &field.child {
            note_writes(child, writes);
        }
    }
}

/// Notes every place a representation is made from.
pub(super) fn note_reads(
    object: &RepresentationObject,
    shape: ShapeId,
    shapes: &mut ShapeBuilder,
    reads: &mut FxHashSet<Place>,
) {
    reads.insert((shapes.find(shape), TYPENAME));
    let mut note = |fields: &[RepresentationField]| {
        for field in fields {
            if let RepresentationSource::Slot { slot, child, .. } = &field.source {
                reads.insert((shapes.find(shape), *slot));
                if let Some(child) = child {
                    let below = shapes.child(shape, *slot);
                    note_reads(child, below, shapes, reads);
                }
            }
        }
    };
    match object {
        RepresentationObject::Same(fields) => note(fields),
        RepresentationObject::ByType(by_type) => by_type.values().for_each(|fields| note(fields)),
    }
}
