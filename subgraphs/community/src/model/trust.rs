//! How far an account is trusted, computed from what it did; and what each level may do.

use coko_core::text_enum;

text_enum! {
    /// How far an account is trusted here. Levels come by themselves, with activity and time, and go with removals.
    pub(crate) TrustLevel {
        /// Just come.
        New = "NEW",
        /// Has been here, and said something.
        Basic = "BASIC",
        /// Takes part.
        Member = "MEMBER",
        /// Has taken part for long.
        Regular = "REGULAR",
    }
}

/// What trust is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Activity {
    /// Whole days since the first thing it did.
    pub(crate) days_known: i64,
    /// Days on which it wrote.
    pub(crate) active_days: i32,
    /// Reviews, topics and posts.
    pub(crate) contributions: i32,
    /// Books that it reads.
    pub(crate) books_opened: i32,
    /// Contents that moderators removed and no appeal brought back.
    pub(crate) removals: i32,
}

/// What a level asks for: days known, active days, credit.
const DEMANDS: [(TrustLevel, i64, i32, i32); 3] = [
    (TrustLevel::Regular, 60, 30, 80),
    (TrustLevel::Member, 14, 7, 20),
    (TrustLevel::Basic, 1, 2, 3),
];
/// Credit that each removal costs.
const REMOVAL: i32 = 10;
/// Books beyond which reading gives no more credit.
const BOOKS: i32 = 10;

/// The highest level whose demands are all met. More activity never lowers it, more removals never raise it.
pub(crate) fn level(activity: Activity) -> TrustLevel {
    let credit = activity
        .contributions
        .saturating_add(activity.books_opened.min(BOOKS))
        .saturating_sub(activity.removals.saturating_mul(REMOVAL));
    DEMANDS
        .into_iter()
        .find(|(_, days, active, wanted)| {
            activity.days_known >= *days && activity.active_days >= *active && credit >= *wanted
        })
        .map_or(TrustLevel::New, |(level, ..)| level)
}

/// What a level may put into one text, and how many topics it may open in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) links: usize,
    pub(crate) images: usize,
    pub(crate) topics_a_day: usize,
}

impl TrustLevel {
    /// What it may do.
    pub(crate) fn allowance(self) -> Allowance {
        let (links, images, topics_a_day) = match self {
            Self::New => (1, 0, 1),
            Self::Basic => (3, 1, 3),
            Self::Member => (10, 5, 10),
            Self::Regular => (30, 10, 30),
        };
        Allowance {
            links,
            images,
            topics_a_day,
        }
    }

    /// How much a report weighs of someone whose reports were upheld and rejected so often. Whoever is wrong much more often
    /// than right weighs nothing: a moderator still sees the report.
    pub(crate) fn report_weight(self, upheld: i32, rejected: i32) -> i32 {
        if i64::from(rejected) > i64::from(upheld) * 2 + 3 {
            return 0;
        }
        match self {
            Self::New => 1,
            Self::Basic => 2,
            Self::Member => 4,
            Self::Regular => 6,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn activity() -> impl Strategy<Value = Activity> {
        (0..200_i64, 0..60, 0..200, 0..30, 0..12).prop_map(
            |(days_known, active_days, contributions, books_opened, removals)| Activity {
                days_known,
                active_days,
                contributions,
                books_opened,
                removals,
            },
        )
    }

    proptest! {
        #[test]
        fn activity_never_costs_trust_and_removals_never_earn_it(
            before in activity(),
            (days, active, written, books, removed) in (0..30_i64, 0..10, 0..30, 0..5, 0..5),
        ) {
            let more = Activity {
                days_known: before.days_known + days,
                active_days: before.active_days + active,
                contributions: before.contributions + written,
                books_opened: before.books_opened + books,
                ..before
            };
            prop_assert!(level(more) >= level(before));
            let worse = Activity { removals: before.removals + removed, ..before };
            prop_assert!(level(worse) <= level(before));
        }

        #[test]
        fn higher_levels_may_do_no_less(upheld in 0..50, rejected in 0..50) {
            for pair in TrustLevel::ALL.windows(2) {
                let (low, high) = (pair[0].allowance(), pair[1].allowance());
                prop_assert!(low.links <= high.links && low.images <= high.images);
                prop_assert!(low.topics_a_day <= high.topics_a_day);
                prop_assert!(
                    pair[0].report_weight(upheld, rejected) <= pair[1].report_weight(upheld, rejected)
                );
            }
        }
    }

    #[test]
    fn each_level_is_reached_by_time_and_activity_together() {
        let of = |days_known, active_days, contributions, removals| {
            level(Activity {
                days_known,
                active_days,
                contributions,
                books_opened: 0,
                removals,
            })
        };
        assert_eq!(of(0, 1, 500, 0), TrustLevel::New);
        assert_eq!(of(1, 2, 3, 0), TrustLevel::Basic);
        assert_eq!(of(400, 2, 500, 0), TrustLevel::Basic);
        assert_eq!(of(14, 7, 20, 0), TrustLevel::Member);
        assert_eq!(of(60, 30, 80, 0), TrustLevel::Regular);
        assert_eq!(of(60, 30, 80, 1), TrustLevel::Member);
        assert_eq!(of(60, 30, 80, 8), TrustLevel::New);
    }
}
