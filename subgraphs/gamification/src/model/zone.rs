//! Days as the reader lives them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use time::{Date, OffsetDateTime};

/// The date in the IANA zone `zone` at `at`; in UTC where the zone is none.
pub(crate) fn day_in(zone: &str, at: OffsetDateTime) -> Date {
    let local = || {
        let zone = TimeZone::get(zone).ok()?;
        let moment = Timestamp::from_second(at.unix_timestamp()).ok()?;
        let date = zone.to_datetime(moment).date();
        let month = u8::try_from(date.month()).ok()?;
        let month = time::Month::try_from(month).ok()?;
        let day = u8::try_from(date.day()).ok()?;
        Date::from_calendar_date(i32::from(date.year()), month, day).ok()
    };
    local().unwrap_or_else(|| at.date())
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_day_begins_where_the_reader_is() {
        let at = datetime!(2026-02-09 23:30 UTC);
        assert_eq!(day_in("Africa/Dakar", at), date!(2026 - 02 - 09));
        assert_eq!(day_in("Africa/Nairobi", at), date!(2026 - 02 - 10));
        assert_eq!(day_in("America/Martinique", at), date!(2026 - 02 - 09));
        assert_eq!(day_in("Mars/Olympus", at), date!(2026 - 02 - 09));
    }
}
