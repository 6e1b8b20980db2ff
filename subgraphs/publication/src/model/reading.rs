//! Reading by subscription: what counts, in which month, and what it is worth.

use time::{Date, Duration, OffsetDateTime};

/// Seconds of an hour.
const HOUR: i128 = 3600;

/// The first day of a moment's month in UTC.
pub(crate) fn month_of(at: OffsetDateTime) -> Date {
    first_of(at.date())
}

fn first_of(day: Date) -> Date {
    // Every month has a first day.
    day.replace_day(1).unwrap_or(day)
}

/// The first day of the month after `month`.
pub(crate) fn following(month: Date) -> Date {
    // No month has more than 31 days, and none fewer than 28.
    first_of(first_of(month).saturating_add(Duration::days(31)))
}

/// The first day of the month before `month`.
pub(crate) fn preceding(month: Date) -> Date {
    first_of(first_of(month).saturating_sub(Duration::days(1)))
}

/// The moment at which a day begins, in UTC.
pub(crate) fn midnight(day: Date) -> OffsetDateTime {
    day.midnight().assume_utc()
}

/// How many of `seconds` that a reader read count, who has `so_far` in this month of at most `most`.
pub(crate) fn counted(seconds: i64, so_far: i64, most: i64) -> i64 {
    seconds.min(most.saturating_sub(so_far)).max(0)
}

/// What `seconds` of reading are worth by the hour, rounded down to the minor unit once for all of a month.
pub(crate) fn worth(seconds: i64, hourly: i64) -> i64 {
    let worth = i128::from(seconds.max(0)) * i128::from(hourly.max(0)) / HOUR;
    i64::try_from(worth).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn months_follow_each_other() {
        assert_eq!(
            month_of(datetime!(2027-01-31 23:59 UTC)),
            date!(2027 - 01 - 01)
        );
        let mut month = date!(2027 - 12 - 01);
        assert_eq!(following(month), date!(2028 - 01 - 01));
        for _ in 0..400 {
            let next = following(month);
            assert_eq!(preceding(next), month);
            assert_eq!(next.day(), 1);
            month = next;
        }
    }

    #[test]
    fn one_reader_counts_no_more_than_is_agreed() {
        for (seconds, so_far, most, expected) in [
            (600, 0, 3600, 600),
            (600, 3300, 3600, 300),
            (600, 3600, 3600, 0),
            (600, 4000, 3600, 0),
            (-5, 0, 3600, 0),
        ] {
            assert_eq!(counted(seconds, so_far, most), expected);
        }
    }

    #[test]
    fn reading_is_worth_its_hours() {
        assert_eq!(worth(3600, 40), 40);
        assert_eq!(worth(3599, 40), 39);
        assert_eq!(worth(89, 40), 0);
        assert_eq!(worth(-1, 40), 0);
        assert_eq!(worth(i64::MAX, i64::MAX), i64::MAX);
    }
}
