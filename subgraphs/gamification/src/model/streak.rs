//! Days in a row, and the freezes that hold a row together when a day is missed.
//!
//! All of it follows from the set of days alone, so that it does not matter in which order they become known: a day that was
//! read offline and is told late takes its place, and gives back the freeze that was spent on it.

use time::Date;

/// Days of reading that earn a freeze.
const EARNED_EVERY: i32 = 7;
/// Freezes that are kept at most.
const MOST_FREEZES: i64 = 2;
/// Days that are looked at, the newest.
pub(crate) const LOOK_BACK: i64 = 2000;

/// What a reader's days come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Streak {
    /// Days of reading in the row that ends with the newest, missed days that were frozen apart.
    pub(crate) days: i32,
    /// The newest day.
    pub(crate) end: Option<Date>,
    /// The longest of all rows.
    pub(crate) longest: i32,
    /// The longest row without any freeze.
    pub(crate) longest_row: i32,
    /// Freezes that are left after the newest day.
    pub(crate) freezes: i32,
    /// The days in the last row that freezes stood in for.
    pub(crate) frozen: Vec<Date>,
}

impl Streak {
    /// Of the days of reading, the oldest first, each once.
    pub(crate) fn of(days: &[Date]) -> Self {
        let mut streak = Self::default();
        let (mut held, mut plain) = (0_i64, 0);
        for day in days {
            let missed = streak.end.map_or(0, |end| (*day - end).whole_days() - 1);
            plain = if missed == 0 { plain + 1 } else { 1 };
            if missed > held {
                // What is not enough is not spent.
                streak.days = 0;
                streak.frozen.clear();
            } else if let Some(end) = streak.end {
                held -= missed;
                let frozen = std::iter::successors(end.next_day(), |day| day.next_day());
                streak
                    .frozen
                    .extend(frozen.take_while(|frozen| frozen < day));
            }
            streak.days += 1;
            if streak.days % EARNED_EVERY == 0 {
                held = (held + 1).min(MOST_FREEZES);
            }
            streak.end = Some(*day);
            streak.longest = streak.longest.max(streak.days);
            streak.longest_row = streak.longest_row.max(plain);
        }
        streak.freezes = i32::try_from(held).unwrap_or_default();
        streak
    }
}

/// What a row of `days` that ended on `end` with `freezes` left is worth on `today`: its days, and the freezes that are left.
/// Today may still be added, and days that were missed meanwhile are frozen as long as there are freezes.
pub(crate) fn running(days: i32, end: Option<Date>, freezes: i32, today: Date) -> (i32, i32) {
    let Some(end) = end else {
        return (0, freezes);
    };
    let missed = ((today - end).whole_days() - 1).max(0);
    match i32::try_from(missed) {
        Ok(missed) if missed <= freezes => (days, freezes - missed),
        _ => (0, freezes),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use time::Duration;
    use time::macros::date;

    use super::*;

    const FIRST: Date = date!(2026 - 02 - 01);

    fn streak(offsets: impl IntoIterator<Item = i64>) -> Streak {
        let days: BTreeSet<Date> = offsets
            .into_iter()
            .map(|offset| FIRST + Duration::days(offset))
            .collect();
        Streak::of(&days.into_iter().collect::<Vec<_>>())
    }

    fn at(offset: i64) -> Date {
        FIRST + Duration::days(offset)
    }

    #[test]
    fn a_week_earns_a_freeze_and_a_missed_day_spends_it() {
        let week = streak(0..7);
        assert_eq!((week.days, week.freezes), (7, 1));
        let missed = streak((0..7).chain([8]));
        assert_eq!((missed.days, missed.freezes), (8, 0));
        assert_eq!(missed.frozen, [at(7)]);
        // A second one ends the row.
        let broken = streak((0..7).chain([8, 10]));
        assert_eq!((broken.days, broken.longest), (1, 8));
        assert!(broken.frozen.is_empty());
        assert_eq!(streak([]), Streak::default());
    }

    #[test]
    fn a_day_that_is_told_late_mends_the_row_and_gives_its_freeze_back() {
        let before = streak((0..7).chain([8]));
        let after = streak((0..7).chain([8]).chain([7]));
        assert_eq!((before.days, before.freezes), (8, 0));
        assert_eq!((after.days, after.freezes), (9, 1));
        assert!(after.frozen.is_empty());
        assert_eq!(after.longest_row, 9);
    }

    #[test]
    fn a_row_waits_for_today_and_for_as_many_days_as_there_are_freezes() {
        let end = Some(at(0));
        assert_eq!(running(9, end, 1, at(0)), (9, 1));
        assert_eq!(running(9, end, 1, at(1)), (9, 1));
        assert_eq!(running(9, end, 1, at(2)), (9, 0));
        assert_eq!(running(9, end, 1, at(3)), (0, 1));
        // A reader who travelled west is a day back.
        assert_eq!(running(9, end, 1, at(-1)), (9, 1));
        assert_eq!(running(0, None, 0, at(3)), (0, 0));
    }

    proptest! {
        #[test]
        fn more_days_never_shorten_the_longest_row(
            days in prop::collection::btree_set(0..120_i64, 0..80),
            more in prop::collection::btree_set(0..120_i64, 0..40),
        ) {
            let before = streak(days.iter().copied());
            let after = streak(days.union(&more).copied());
            prop_assert!(after.longest_row >= before.longest_row);
            prop_assert!(before.longest >= before.longest_row);
            prop_assert!(after.freezes <= 2);
        }
    }
}
