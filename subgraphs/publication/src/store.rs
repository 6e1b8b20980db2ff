//! Every query of publication; a connection in, models out. Nothing else speaks SQL.

pub(crate) mod accruals;
pub(crate) mod balances;
pub(crate) mod contracts;
pub(crate) mod exports;
pub(crate) mod files;
pub(crate) mod ledger;
pub(crate) mod manuscripts;
pub(crate) mod notes;
pub(crate) mod organizations;
pub(crate) mod payouts;
pub(crate) mod readers;
pub(crate) mod reading;
pub(crate) mod statements;
pub(crate) mod versions;

use diesel::result::{DatabaseErrorKind, Error};

/// The unique index that a row would have broken.
pub(crate) fn broken_index(error: &Error) -> Option<&str> {
    match error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, about) => about.constraint_name(),
        _ => None,
    }
}
