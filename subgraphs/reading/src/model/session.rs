//! Time spent reading, and whether it can be true.

use coko_core::text_enum;
use diesel::prelude::*;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::tables::sessions;

/// Pages a minute that nobody reads: about 1,800 words.
const MAX_PAGES_PER_MINUTE: f64 = 6.0;
/// Seconds on one page that nobody needs: the screen was left on.
const MAX_SECONDS_PER_PAGE: f64 = 900.0;
/// Seconds that nobody reads without a pause.
const MAX_SECONDS: i32 = 8 * 3600;
/// Seconds that nobody reads on one day.
const MAX_DAY: i32 = 18 * 3600;
/// Longest session that is taken in at all.
pub(crate) const LONGEST: i32 = 24 * 3600;
/// Days that a device may be late with a session.
pub(crate) const MAX_AGE_DAYS: i64 = 400;

text_enum! {
    /// Why a session is kept but does not count.
    pub(crate) Uncounted {
        /// More pages than anyone reads in that time.
        TooFast = "TOO_FAST",
        /// Fewer pages than anyone needs that time for.
        TooSlow = "TOO_SLOW",
        /// Longer than anyone reads at a time.
        TooLong = "TOO_LONG",
        /// The day has no room for it.
        DayFull = "DAY_FULL",
    }
}

/// A stretch of reading on one device.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) book_id: Uuid,
    pub(crate) device_id: Uuid,
    pub(crate) started_at: OffsetDateTime,
    pub(crate) seconds: i32,
    pub(crate) start_progression: f64,
    pub(crate) end_progression: f64,
    pub(crate) day: Date,
    pub(crate) pages: f64,
    pub(crate) uncounted: Option<Uncounted>,
}

/// What a device tells of a stretch of reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SessionChange {
    pub(crate) id: Uuid,
    pub(crate) book_id: Uuid,
    pub(crate) started_at: OffsetDateTime,
    pub(crate) seconds: i32,
    pub(crate) start_progression: f64,
    pub(crate) end_progression: f64,
}

/// Pages between two places of a book of `pages`.
pub(crate) fn pages_read(start: f64, end: f64, pages: f64) -> f64 {
    (end - start).max(0.0) * pages
}

/// Why `seconds` for `pages` cannot count on a day that holds `already` seconds; none when they do.
pub(crate) fn judge(seconds: i32, pages: f64, already: i32) -> Option<Uncounted> {
    let time = f64::from(seconds);
    if pages > MAX_PAGES_PER_MINUTE * time / 60.0 + 1.0 {
        Some(Uncounted::TooFast)
    } else if seconds > MAX_SECONDS {
        Some(Uncounted::TooLong)
    } else if time > MAX_SECONDS_PER_PAGE * (pages + 1.0) {
        Some(Uncounted::TooSlow)
    } else if already.saturating_add(seconds) > MAX_DAY {
        Some(Uncounted::DayFull)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_true_counts() {
        assert_eq!(judge(1800, 20.0, 0), None);
        assert_eq!(judge(60, 100.0, 0), Some(Uncounted::TooFast));
        assert_eq!(judge(9 * 3600, 300.0, 0), Some(Uncounted::TooLong));
        assert_eq!(judge(3600, 0.0, 0), Some(Uncounted::TooSlow));
        assert_eq!(judge(1800, 20.0, 18 * 3600), Some(Uncounted::DayFull));
        // One page turned in a second is the end of a page.
        assert_eq!(judge(1, 1.0, 0), None);
    }
}
