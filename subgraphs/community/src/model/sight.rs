//! Who sees what: the one rule of visibility. Lists apply it in SQL (`store::visible`), and a test holds the two together.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::content::ContentStatus;

/// What one viewer sees, as far as certain authors, books and clubs are concerned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sight {
    /// The account; none for guests.
    pub(crate) viewer: Option<Uuid>,
    /// Moderators see everything.
    pub(crate) moderates: bool,
    /// Authors between whom and the viewer a block stands, or whom the viewer muted.
    pub(crate) silent: HashSet<Uuid>,
    /// How far the viewer is in each book, 0 to 1.
    pub(crate) furthest: HashMap<Uuid, f64>,
    /// Clubs that the viewer belongs to.
    pub(crate) clubs: HashSet<Uuid>,
}

/// How much of something is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// All of it.
    Whole,
    /// That it was there, not what it said, nor whose it was.
    Shell,
    /// Nothing: as if it did not exist.
    Nothing,
}

/// What visibility depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) author: Uuid,
    pub(crate) status: ContentStatus,
    /// The book and the place in it that one must have read.
    pub(crate) spoils: Option<(Uuid, f64)>,
    /// The closed club in which it was written.
    pub(crate) closed_club: Option<Uuid>,
}

impl Sight {
    /// How much of `written` the viewer sees.
    pub(crate) fn of(&self, written: Written) -> Seen {
        let own = self.viewer == Some(written.author);
        if !self.moderates && !own {
            let outside = written
                .closed_club
                .is_some_and(|club| !self.clubs.contains(&club));
            let ahead = written.spoils.is_some_and(|(book, after)| {
                after > self.furthest.get(&book).copied().unwrap_or(0.0)
            });
            if outside || ahead || self.silent.contains(&written.author) {
                return Seen::Nothing;
            }
        }
        match written.status {
            ContentStatus::Published => Seen::Whole,
            ContentStatus::Hidden | ContentStatus::Removed if own || self.moderates => Seen::Whole,
            ContentStatus::Hidden | ContentStatus::Removed | ContentStatus::Deleted => Seen::Shell,
        }
    }

    /// Whether nothing stands between the viewer and this person.
    pub(crate) fn reaches(&self, person: Uuid) -> bool {
        self.moderates || !self.silent.contains(&person)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOOK: Uuid = Uuid::from_u128(1);
    const CLUB: Uuid = Uuid::from_u128(2);
    const AUTHOR: Uuid = Uuid::from_u128(3);
    const VIEWER: Uuid = Uuid::from_u128(4);

    fn status() -> impl Strategy<Value = ContentStatus> {
        prop::sample::select(ContentStatus::ALL)
    }

    fn sight(silent: bool, furthest: f64, member: bool) -> Sight {
        Sight {
            viewer: Some(VIEWER),
            moderates: false,
            silent: silent.then_some(AUTHOR).into_iter().collect(),
            furthest: [(BOOK, furthest)].into(),
            clubs: member.then_some(CLUB).into_iter().collect(),
        }
    }

    fn rank(seen: Seen) -> u8 {
        match seen {
            Seen::Nothing => 0,
            Seen::Shell => 1,
            Seen::Whole => 2,
        }
    }

    proptest! {
        #[test]
        fn whoever_is_apart_behind_or_outside_sees_nothing(
            status in status(),
            after in 0.0..=1.0_f64,
            furthest in 0.0..=1.0_f64,
            (silent, member, closed) in any::<(bool, bool, bool)>(),
        ) {
            let written = Written {
                author: AUTHOR,
                status,
                spoils: Some((BOOK, after)),
                closed_club: closed.then_some(CLUB),
            };
            let seen = sight(silent, furthest, member).of(written);
            let kept = silent || after > furthest || (closed && !member);
            prop_assert_eq!(seen == Seen::Nothing, kept);
            prop_assert!(kept || (seen == Seen::Whole) == (status == ContentStatus::Published));
            // Reading on, joining and making up never hide anything.
            let later = sight(false, 1.0, true).of(written);
            prop_assert!(rank(later) >= rank(seen));
            // Nobody sees what its author deleted.
            if status == ContentStatus::Deleted {
                for (viewer, moderates) in [(AUTHOR, false), (VIEWER, true)] {
                    let all = Sight { viewer: Some(viewer), moderates, ..Sight::default() };
                    prop_assert_eq!(all.of(written), Seen::Shell);
                }
            }
        }
    }
}
