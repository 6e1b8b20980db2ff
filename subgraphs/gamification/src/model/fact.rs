//! What readers did.

use coko_core::text_enum;
use time::OffsetDateTime;
use time::{Date, Time};
use uuid::Uuid;

/// Seconds of reading in one book that are worth points together.
const HALF_HOUR: i64 = 1800;
/// Half hours in one book that are worth points; who reads on does so for the book's sake.
const MOST_HALF_HOURS: i64 = 200;

text_enum! {
    /// Something that can be done.
    pub(crate) Kind {
        /// An account was made.
        AccountRegistered = "ACCOUNT_REGISTERED",
        /// A book was read to its end.
        BookCompleted = "BOOK_COMPLETED",
        /// A book was paid for.
        BookPurchased = "BOOK_PURCHASED",
        /// A review was posted.
        ReviewPosted = "REVIEW_POSTED",
        /// A day on which something was read.
        ReadingDay = "READING_DAY",
        /// Another half hour with one book.
        HalfHourRead = "HALF_HOUR_READ",
    }
}

/// Something that was done, and the moment at which it is said to have been.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fact {
    /// What tells it from others of its kind.
    pub(crate) source: String,
    pub(crate) at: OffsetDateTime,
}

impl Fact {
    /// What was done with `subject`: a book, an order, a review.
    pub(crate) fn of(subject: Uuid, at: OffsetDateTime) -> Self {
        let source = subject.to_string();
        Self { source, at }
    }

    /// A day in the reader's zone. It counts at its noon in UTC, whenever it is told.
    pub(crate) fn day(day: Date) -> Self {
        Self {
            source: day.to_string(),
            at: day.with_time(Time::MIDNIGHT).assume_utc() + time::Duration::hours(12),
        }
    }

    /// The half hours in `seconds` of reading in a book, as they are told at `at`.
    pub(crate) fn half_hours(book: Uuid, seconds: i64, at: OffsetDateTime) -> Vec<Self> {
        let whole = (seconds / HALF_HOUR).clamp(0, MOST_HALF_HOURS);
        (1..=whole)
            .map(|number| Self {
                source: format!("{book}:{number}"),
                at,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_day_is_at_its_noon() {
        let fact = Fact::day(date!(2026 - 02 - 09));
        assert_eq!(fact.source, "2026-02-09");
        assert_eq!(fact.at, datetime!(2026-02-09 12:00 UTC));
    }

    #[test]
    fn only_whole_half_hours_count_and_not_without_end() {
        let at = datetime!(2026-02-09 12:00 UTC);
        let of = |seconds| Fact::half_hours(Uuid::nil(), seconds, at).len();
        assert_eq!(
            [of(-5), of(1799), of(1800), of(3700), of(i64::MAX)],
            [0, 0, 1, 2, 200]
        );
    }
}
