//! Every query of reading; a connection in, models out. Nothing else speaks SQL.

pub(crate) mod annotations;
pub(crate) mod books;
pub(crate) mod clamps;
pub(crate) mod days;
pub(crate) mod entitlements;
pub(crate) mod exports;
pub(crate) mod items;
pub(crate) mod licenses;
pub(crate) mod progress;
pub(crate) mod readers;
pub(crate) mod sessions;
pub(crate) mod subscriptions;

use time::OffsetDateTime;

/// The moment that is `micros` after the epoch, as cursors hold it.
fn moment(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Microseconds after the epoch.
fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}
