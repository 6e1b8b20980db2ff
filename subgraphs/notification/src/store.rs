//! Every query of notification; a connection in, models out. Nothing else speaks SQL.

pub(crate) mod attempts;
pub(crate) mod books;
pub(crate) mod callbacks;
pub(crate) mod deliveries;
pub(crate) mod devices;
pub(crate) mod exports;
pub(crate) mod notifications;
pub(crate) mod people;
pub(crate) mod preferences;
pub(crate) mod suppressions;

/// Rows that one sweep removes at most: the next one goes on.
const SWEEP: i64 = 10_000;
