//! Time as a value that is passed in, so that rules can be tested at any moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use time::{Duration, OffsetDateTime};

/// A source of the current UTC time: the system's, or one that a test sets.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Microseconds since the Unix epoch, shared by all clones.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `at` until [`Clock::set`] or [`Clock::advance`].
    pub fn fixed(at: OffsetDateTime) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(micros(at)))))
    }

    /// The current time in UTC, cut to microseconds, which is what PostgreSQL keeps.
    pub fn now(&self) -> OffsetDateTime {
        match &self.0 {
            Source::System => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is the one place that reads the clock"
                )]
                let now = OffsetDateTime::now_utc();
                now.replace_nanosecond(now.microsecond() * 1000)
                    .unwrap_or(now)
            }
            Source::Fixed(at) => from_micros(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a fixed clock to `at`; the system clock is left as it is.
    pub fn set(&self, at: OffsetDateTime) {
        if let Source::Fixed(cell) = &self.0 {
            cell.store(micros(at), Ordering::SeqCst);
        }
    }

    /// Moves a fixed clock by `by`; the system clock is left as it is.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed(cell) = &self.0 {
            let step = i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX);
            cell.fetch_add(step, Ordering::SeqCst);
        }
    }
}

/// A moment in the month of `now` and in each of the `ahead` months after it: those whose partitions are there before they begin.
pub fn months_from(now: OffsetDateTime, ahead: i64) -> impl Iterator<Item = OffsetDateTime> {
    let first = now.replace_day(1).unwrap_or(now);
    // 31 days from the first of a month is at most the second of the next but never skips one.
    (0..=ahead).scan(first, |month, _| {
        let current = *month;
        *month = (current + Duration::days(31))
            .replace_day(1)
            .unwrap_or(current);
        Some(current)
    })
}

fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

fn from_micros(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn no_month_is_skipped() {
        let months = |now| {
            months_from(now, 3)
                .map(|at| (at.year(), u8::from(at.month())))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            months(datetime!(2026-11-30 23:59 UTC)),
            [(2026, 11), (2026, 12), (2027, 1), (2027, 2)]
        );
        assert_eq!(
            months(datetime!(2027-01-31 00:00 UTC)),
            [(2027, 1), (2027, 2), (2027, 3), (2027, 4)]
        );
    }
}
