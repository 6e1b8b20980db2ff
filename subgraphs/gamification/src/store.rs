//! Every query of gamification; a connection in, models out. Nothing else speaks SQL.

pub(crate) mod achievements;
pub(crate) mod boards;
pub(crate) mod challenges;
pub(crate) mod exports;
pub(crate) mod facts;
pub(crate) mod follows;
pub(crate) mod ledger;
pub(crate) mod participants;
pub(crate) mod players;
pub(crate) mod rules;

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

/// The condition under which a row comes after the place that a page begins at: `columns` are a moment and an id, `compare`
/// says which way, and the place, if there is one, is in the parameters `$parameter` and the one after it.
fn beyond(has_place: bool, columns: &str, compare: &str, parameter: usize) -> String {
    let (at, id) = (parameter, parameter + 1);
    if has_place {
        format!("({columns}) {compare} (${at}, ${id})")
    } else {
        format!("num_nulls(${at}::timestamptz, ${id}::uuid) = 2")
    }
}
