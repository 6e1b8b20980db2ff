//! Shapes: which keys an object of the answer can hold, each with a slot.
//!
//! There is one shape per response position, the union of everything any fetch puts there. Shapes whose objects
//! receive the same fetched entity (one batch alias, several paths) are unified, so that the entity is read once.
//! Slot 0 of every shape is `__typename`.

use rustc_hash::FxHashMap;

/// The position of a shape in [`Shapes`].
pub(crate) type ShapeId = u32;
/// The position of a key in a shape.
pub(crate) type Slot = u32;

/// The slot that holds `__typename`, in every shape.
pub(crate) const TYPENAME: Slot = 0;

#[derive(Debug, Default)]
struct Node {
    /// Where this shape went when it was unified with another.
    forward: Option<ShapeId>,
    keys: Vec<Box<str>>,
    index: FxHashMap<Box<str>, Slot>,
    children: Vec<Option<ShapeId>>,
}

/// Shapes while a plan is compiled.
#[derive(Debug)]
pub(crate) struct ShapeBuilder {
    nodes: Vec<Node>,
}

fn as_u32(length: usize) -> u32 {
    // A plan with four billion keys cannot be written down, so the fallback is never reached.
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl ShapeBuilder {
    /// The shape of the whole answer.
    pub(crate) const ROOT: ShapeId = 0;

    pub(crate) fn new() -> Self {
        let mut builder = Self { nodes: Vec::new() };
        builder.add();
        builder
    }

    fn add(&mut self) -> ShapeId {
        let id = as_u32(self.nodes.len());
        self.nodes.push(Node::default());
        self.slot(id, "__typename");
        id
    }

    /// The shape that stands for this one.
    pub(crate) fn find(&self, mut shape: ShapeId) -> ShapeId {
        while let Some(forward) = self.nodes[shape as usize].forward {
            shape = forward;
        }
        shape
    }

    /// The slot of a key, made when it is new.
    pub(crate) fn slot(&mut self, shape: ShapeId, key: &str) -> Slot {
        let shape = self.find(shape);
        let node = &mut self.nodes[shape as usize];
        if let Some(slot) = node.index.get(key) {
            return *slot;
        }
        let slot = as_u32(node.keys.len());
        node.keys.push(key.into());
        node.index.insert(key.into(), slot);
        node.children.push(None);
        slot
    }

    /// The shape of the objects in a slot, made when it is new.
    pub(crate) fn child(&mut self, shape: ShapeId, slot: Slot) -> ShapeId {
        let shape = self.find(shape);
        if let Some(child) = self.nodes[shape as usize].children[slot as usize] {
            return self.find(child);
        }
        let child = self.add();
        self.nodes[shape as usize].children[slot as usize] = Some(child);
        child
    }

    /// Makes two shapes one, and their children with them.
    pub(crate) fn unify(&mut self, left: ShapeId, right: ShapeId) {
        let (left, right) = (self.find(left), self.find(right));
        if left == right {
            return;
        }
        // The root keeps its number whichever side it is on.
        let (kept, gone) = if right == Self::ROOT {
            (right, left)
        } else {
            (left, right)
        };
        let node = &mut self.nodes[gone as usize];
        let keys = std::mem::take(&mut node.keys);
        let children = std::mem::take(&mut node.children);
        node.index.clear();
        node.forward = Some(kept);
        for (key, child) in keys.iter().zip(children) {
            let slot = self.slot(kept, key);
            let Some(child) = child else { continue };
            let current = self.find(kept);
            match self.nodes[current as usize].children[slot as usize] {
                Some(existing) => self.unify(existing, child),
                None => self.nodes[current as usize].children[slot as usize] = Some(child),
            }
        }
    }

    pub(crate) fn finish(self) -> Shapes {
        Shapes {
            keys: self
                .nodes
                .into_iter()
                .map(|node| node.keys.into_boxed_slice())
                .collect(),
        }
    }
}

/// The shapes of a compiled plan.
#[derive(Debug)]
pub(crate) struct Shapes {
    keys: Vec<Box<[Box<str>]>>,
}

impl Shapes {
    /// How many slots an object of this shape has.
    pub(crate) fn width(&self, shape: ShapeId) -> usize {
        self.keys[shape as usize].len()
    }

    /// The response key of a slot.
    pub(crate) fn key(&self, shape: ShapeId, slot: Slot) -> &str {
        &self.keys[shape as usize][slot as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unified_shapes_share_slots_and_children() {
        let mut shapes = ShapeBuilder::new();
        let left_slot = shapes.slot(ShapeBuilder::ROOT, "left");
        let left = shapes.child(ShapeBuilder::ROOT, left_slot);
        let right_slot = shapes.slot(ShapeBuilder::ROOT, "right");
        let right = shapes.child(ShapeBuilder::ROOT, right_slot);
        let friend = shapes.slot(left, "friend");
        let left_friend = shapes.child(left, friend);
        shapes.slot(left_friend, "name");
        shapes.slot(right, "other");
        let friend = shapes.slot(right, "friend");
        let right_friend = shapes.child(right, friend);
        let age = shapes.slot(right_friend, "age");
        assert_eq!(age, 1);

        shapes.unify(left, right);
        assert_eq!(shapes.find(left), shapes.find(right));
        assert_eq!(shapes.find(left_friend), shapes.find(right_friend));
        assert_eq!(shapes.slot(right_friend, "name"), 1);
        assert_eq!(shapes.slot(left_friend, "age"), 2);
    }

    #[test]
    fn a_shape_can_be_unified_with_its_own_child() {
        let mut shapes = ShapeBuilder::new();
        let slot = shapes.slot(ShapeBuilder::ROOT, "user");
        let user = shapes.child(ShapeBuilder::ROOT, slot);
        let slot = shapes.slot(user, "friend");
        let friend = shapes.child(user, slot);
        let slot = shapes.slot(friend, "friend");
        let friend_of_friend = shapes.child(friend, slot);
        shapes.slot(friend_of_friend, "name");
        shapes.unify(user, friend);
        assert_eq!(shapes.find(user), shapes.find(friend_of_friend));
        assert_eq!(shapes.slot(user, "name"), shapes.slot(friend, "name"));
    }
}
