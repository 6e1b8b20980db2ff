//! Every query of auth, by what it is about; a connection in, models out. Nothing here decides anything.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod erasures;
pub(crate) mod exports;
pub(crate) mod followers;
pub(crate) mod impersonations;
pub(crate) mod partners;
pub(crate) mod phones;
pub(crate) mod privacy;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod social;
pub(crate) mod subscriptions;
pub(crate) mod tokens;

mod plans;

use time::OffsetDateTime;

/// The key of lists in order of time: microseconds since the Unix epoch, and the id that breaks ties.
pub(crate) type TimeKey = (i64, uuid::Uuid);

/// The moment of a cursor; a cursor beyond all time is at its end.
fn moment(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The cursor's part of a moment.
pub(crate) fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}
