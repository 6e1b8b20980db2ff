//! What was read when: days, weeks, months, and days in a row.

use coko_core::text_enum;
use diesel::prelude::*;
use time::{Date, Duration};
use uuid::Uuid;

use crate::tables::reading_days;

/// Seconds that make a day a day of reading.
pub(crate) const READING_DAY: i32 = 60;
/// Most periods of one answer.
pub(crate) const MAX_PERIODS: i64 = 400;
/// Minutes a page takes a reader of whom nothing is known.
const USUAL_PACE: f64 = 1.5;
/// Pages after which a reader's own pace is known.
const KNOWN_AFTER: f64 = 20.0;

text_enum! {
    /// What reading is summed up by.
    #[graphql(name = "ReadingStatsPeriod")]
    pub(crate) Period {
        /// A day.
        Day = "DAY",
        /// A week from Monday.
        Week = "WEEK",
        /// A calendar month.
        Month = "MONTH",
    }
}

impl Period {
    /// As PostgreSQL's `date_trunc` calls it.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Days that the longest has.
    pub(crate) fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
        }
    }
}

/// A day of reading, as far as it counts; of a week or month, its first day.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, QueryableByName)]
#[diesel(table_name = reading_days)]
#[expect(clippy::struct_field_names, reason = "named like the columns")]
pub(crate) struct Day {
    pub(crate) user_id: Uuid,
    pub(crate) day: Date,
    pub(crate) seconds: i32,
    pub(crate) pages: f64,
    pub(crate) sessions: i32,
    pub(crate) books: i32,
}

impl Day {
    /// A day on which nothing was read yet.
    pub(crate) fn empty(user: Uuid, day: Date) -> Self {
        Self {
            user_id: user,
            day,
            seconds: 0,
            pages: 0.0,
            sessions: 0,
            books: 0,
        }
    }
}

/// A reader's statistics.
#[derive(Clone, Debug)]
pub(crate) struct Statistics {
    /// Days in a row up to today or yesterday.
    pub(crate) streak: i32,
    /// The most days in a row so far.
    pub(crate) longest: i32,
    /// The periods in which something was read, the newest first.
    pub(crate) periods: Vec<Day>,
}

/// The row of days that ends with the newest: how many, and the newest. `days` are the days of reading, the newest first.
pub(crate) fn row(days: &[Date]) -> Option<(i32, Date)> {
    let newest = *days.first()?;
    let count = days
        .iter()
        .zip(0_i64..)
        .take_while(|(day, back)| **day == newest - Duration::days(*back))
        .count();
    Some((i32::try_from(count).unwrap_or(i32::MAX), newest))
}

/// The longest row among the days of reading, the newest first.
pub(crate) fn longest_row(days: &[Date]) -> i32 {
    let (mut longest, mut current, mut last) = (0, 0, None::<Date>);
    for day in days {
        current = match last {
            Some(last) if *day == last - Duration::days(1) => current + 1,
            _ => 1,
        };
        longest = longest.max(current);
        last = Some(*day);
    }
    longest
}

/// What a row that ended on `end` is worth on `today`: it goes on as long as today may still be added.
pub(crate) fn running(days: i32, end: Option<Date>, today: Date) -> i32 {
    if end.is_some_and(|end| today - end <= Duration::days(1)) {
        days
    } else {
        0
    }
}

/// Minutes that a page takes a reader who read `pages` in `seconds` lately.
pub(crate) fn pace(seconds: i64, pages: f64) -> f64 {
    if pages < KNOWN_AFTER {
        return USUAL_PACE;
    }
    // Seconds of a month fit.
    let minutes = f64::from(i32::try_from(seconds).unwrap_or(i32::MAX)) / 60.0;
    (minutes / pages).clamp(0.2, 15.0)
}

/// Minutes that the rest of a book takes.
pub(crate) fn minutes_left(page_count: i32, progression: f64, pace: f64) -> i32 {
    let minutes = f64::from(page_count.max(0)) * (1.0 - progression).clamp(0.0, 1.0) * pace;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "pages of a book times minutes, kept within bounds"
    )]
    let whole = minutes.ceil().min(1_000_000.0) as i32;
    whole
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn days_in_a_row_are_counted_from_the_newest() {
        let days = [
            date!(2026 - 03 - 01),
            date!(2026 - 02 - 28),
            date!(2026 - 02 - 27),
            date!(2026 - 02 - 20),
        ];
        assert_eq!(row(&days), Some((3, date!(2026 - 03 - 01))));
        assert_eq!(row(&days[3..]), Some((1, date!(2026 - 02 - 20))));
        assert_eq!(row(&[]), None);
        assert_eq!(longest_row(&days), 3);
        assert_eq!(longest_row(&[]), 0);
    }

    #[test]
    fn a_row_waits_for_today() {
        let end = Some(date!(2026 - 03 - 01));
        assert_eq!(running(3, end, date!(2026 - 03 - 01)), 3);
        assert_eq!(running(3, end, date!(2026 - 03 - 02)), 3);
        assert_eq!(running(3, end, date!(2026 - 03 - 03)), 0);
        assert_eq!(running(0, None, date!(2026 - 03 - 03)), 0);
    }

    #[test]
    fn the_rest_takes_the_reader_s_own_time() {
        assert_eq!(minutes_left(200, 0.5, pace(0, 0.0)), 150);
        assert_eq!(minutes_left(200, 0.5, pace(6000, 100.0)), 100);
        assert_eq!(minutes_left(200, 1.0, 1.0), 0);
    }
}
