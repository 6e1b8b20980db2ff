//! Which tags were purged when, as this process counts.
//!
//! Nothing is looked for in order to drop it. Each purge gets a number; an answer remembers the number that was current
//! when it was *asked for*, and counts no more once one of its tags has a higher one. So a purge costs the same however
//! much is kept, and an answer that was on its way during a purge never counts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use super::tag::Tag;

/// Tags remembered one by one; beyond them everything is purged, which is always right.
const MOST_TAGS: usize = 100_000;

/// The numbers of purges.
#[derive(Debug, Default)]
pub(crate) struct Purges {
    latest: AtomicU64,
    /// Everything asked for before this purge is stale.
    floor: AtomicU64,
    tags: RwLock<HashMap<Tag, u64>>,
}

impl Purges {
    /// The number that an answer asked for now remembers.
    pub(crate) fn now(&self) -> u64 {
        self.latest.load(Ordering::SeqCst)
    }

    /// Whether an answer asked for at `began`, about `tags`, still counts.
    pub(crate) fn is_fresh(&self, began: u64, tags: &[Tag]) -> bool {
        if began >= self.now() {
            return true;
        }
        let purged = self.tags.read().unwrap_or_else(PoisonError::into_inner);
        // Looked at under the lock: tags are forgotten and the floor is raised together.
        if began < self.floor.load(Ordering::SeqCst) {
            return false;
        }
        !tags
            .iter()
            .any(|tag| purged.get(tag).is_some_and(|purge| *purge > began))
    }

    /// Purges tags.
    pub(crate) fn purge(&self, tags: impl IntoIterator<Item = Tag>) {
        // Readers that see the new number wait for the lock, and then see the tags.
        let mut purged = self.tags.write().unwrap_or_else(PoisonError::into_inner);
        let number = self.latest.fetch_add(1, Ordering::SeqCst) + 1;
        purged.extend(tags.into_iter().map(|tag| (tag, number)));
        if purged.len() > MOST_TAGS {
            self.floor.store(number, Ordering::SeqCst);
            purged.clear();
        }
    }

    /// Purges everything.
    pub(crate) fn purge_all(&self) {
        let mut purged = self.tags.write().unwrap_or_else(PoisonError::into_inner);
        let number = self.latest.fetch_add(1, Ordering::SeqCst) + 1;
        self.floor.store(number, Ordering::SeqCst);
        purged.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_before_a_purge_is_stale_after_it() {
        let purges = Purges::default();
        let (a, b) = (Tag(1), Tag(2));
        let before = purges.now();
        assert!(purges.is_fresh(before, &[a, b]));
        purges.purge([a]);
        assert!(!purges.is_fresh(before, &[b, a]));
        assert!(purges.is_fresh(before, &[b]));
        assert!(purges.is_fresh(purges.now(), &[a]));
        let between = purges.now();
        purges.purge_all();
        assert!(!purges.is_fresh(between, &[b]));
        assert!(!purges.is_fresh(between, &[]));
        assert!(purges.is_fresh(purges.now(), &[a, b]));
    }

    #[test]
    fn too_many_tags_become_one_purge_of_everything() {
        let purges = Purges::default();
        purges.purge([Tag(7)]);
        let before = purges.now();
        let tags = u64::try_from(MOST_TAGS).unwrap() + 1;
        purges.purge((100..=100 + tags).map(Tag));
        assert!(!purges.is_fresh(before, &[Tag(7)]));
        assert!(purges.tags.read().unwrap().is_empty());
    }
}
