//! Moments as the person lives them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use time::OffsetDateTime;

/// The zone called `name`; UTC where there is none of that name.
fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// What clock and calendar show in the IANA zone `name` at `at`.
pub(crate) fn local(name: &str, at: OffsetDateTime) -> DateTime {
    let moment = Timestamp::from_second(at.unix_timestamp()).unwrap_or(Timestamp::UNIX_EPOCH);
    zone(name).to_datetime(moment)
}

/// The moment at which clock and calendar show `local` in the IANA zone `name`; the next one where they skip it.
pub(crate) fn moment(name: &str, local: DateTime) -> Option<OffsetDateTime> {
    let moment = zone(name).to_timestamp(local).ok()?;
    OffsetDateTime::from_unix_timestamp(moment.as_second()).ok()
}
