//! Every query of admin; a connection in, models out. Nothing else speaks SQL.

pub(crate) mod actives;
pub(crate) mod books;
pub(crate) mod exports;
pub(crate) mod metrics;
pub(crate) mod notes;
pub(crate) mod orders;
pub(crate) mod payments;
pub(crate) mod people;
pub(crate) mod reported;
pub(crate) mod settings;

use time::OffsetDateTime;

/// A moment in microseconds since the epoch, as cursors carry it.
pub(crate) fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

/// The moment that a cursor carries.
fn moment(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
