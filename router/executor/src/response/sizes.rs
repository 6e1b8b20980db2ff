//! How large the answers of a plan are, so that the next one's memory is asked for once and not piece by piece.

use std::sync::atomic::{AtomicUsize, Ordering};

/// No memory is made ready beyond this, in bytes or in pieces: answers of one plan can differ.
const MOST: usize = 1 << 20;

/// The sizes of the last answer.
#[derive(Debug, Default)]
pub(crate) struct Sizes {
    /// Bytes.
    pub(crate) answer: Size,
    /// In the arena.
    pub(crate) objects: Size,
    pub(crate) slots: Size,
    pub(crate) items: Size,
}

/// One size; who writes it last wins.
#[derive(Debug, Default)]
pub(crate) struct Size(AtomicUsize);

impl Size {
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, size: usize) {
        let size = size.min(MOST);
        // Answers of one plan are mostly of one size, and a write would take the cache line from other processors.
        if self.get() != size {
            self.0.store(size, Ordering::Relaxed);
        }
    }
}
