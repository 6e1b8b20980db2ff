//! Ranked lists that are made when they are asked for, and their pages.

use coko_core::paging::{Direction, Page, Slice};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a book is recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Because {
    /// The reader took to this book.
    Read(Uuid),
    /// Readers with the same taste took to it.
    Readers,
    /// The reader said to like this category.
    Interest(Uuid),
    /// It is read much now.
    Trending,
    /// It is new.
    New,
    /// It is like this book.
    Similar(Uuid),
}

/// A book, recommended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Advice {
    pub(crate) book_id: Uuid,
    /// From 0 to 1.
    pub(crate) score: f32,
    pub(crate) because: Because,
}

/// Place in the list and book: a list that has changed meanwhile goes on after the book, or, where that has gone, at its place.
pub(crate) type Key = (u32, Uuid);

/// One page of a ranked list, each item with its place from 0; `id` is what an item is known by.
pub(crate) fn page<T: Clone>(
    list: &[T],
    id: impl Fn(&T) -> Uuid,
    page: &Page<Key>,
) -> Slice<(u32, T)> {
    let found = page.from.map(|(place, book)| {
        let place = usize::try_from(place).unwrap_or(usize::MAX).min(list.len());
        let known = list.iter().position(|item| id(item) == book);
        // The bounds of what is before it and of what comes after.
        known.map_or((place, place), |at| (at, at + 1))
    });
    let (start, end) = match page.direction {
        Direction::Forward => {
            let start = found.map_or(0, |(_, after)| after);
            (start, start.saturating_add(page.size).min(list.len()))
        }
        Direction::Backward => {
            let end = found.map_or(list.len(), |(before, _)| before);
            (end.saturating_sub(page.size), end)
        }
    };
    let items = list.iter().enumerate().take(end).skip(start);
    Slice {
        items: items
            .map(|(place, item)| (u32::try_from(place).unwrap_or(u32::MAX), item.clone()))
            .collect(),
        has_next: end < list.len(),
        has_previous: start > 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(direction: Direction, size: usize, from: Option<Key>) -> Page<Key> {
        Page {
            size,
            direction,
            from,
        }
    }

    proptest! {
        #[test]
        fn pages_are_the_list_in_either_direction(length in 0..50_u128, size in 1..12_usize) {
            let list: Vec<Uuid> = (0..length).map(Uuid::from_u128).collect();
            for direction in [Direction::Forward, Direction::Backward] {
                let (mut seen, mut from) = (Vec::new(), None);
                loop {
                    let slice = page(&list, |id| *id, &asked(direction, size, from));
                    let forward = direction == Direction::Forward;
                    let (edge, more) = if forward {
                        (slice.items.last().copied(), slice.has_next)
                    } else {
                        (slice.items.first().copied(), slice.has_previous)
                    };
                    let ids: Vec<Uuid> = slice.items.iter().map(|(_, id)| *id).collect();
                    seen = if forward { [seen, ids].concat() } else { [ids, seen].concat() };
                    from = edge;
                    if !more {
                        break;
                    }
                }
                prop_assert_eq!(&seen, &list);
            }
        }
    }

    #[test]
    fn a_list_that_has_changed_goes_on_where_it_was_left() {
        let list: Vec<Uuid> = [1, 2, 9, 4, 5].map(Uuid::from_u128).to_vec();
        let next = |from: Key| {
            let slice = page(&list, |id| *id, &asked(Direction::Forward, 1, Some(from)));
            slice.items.first().map(|(_, id)| id.as_u128())
        };
        assert_eq!(next((1, Uuid::from_u128(4))), Some(5));
        assert_eq!(next((2, Uuid::from_u128(3))), Some(9));
        assert_eq!(next((77, Uuid::from_u128(3))), None);
    }
}
