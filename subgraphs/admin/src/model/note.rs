//! What operators note about people, for each other.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::notes;

/// Characters of a note.
pub(crate) const TEXT: usize = 2000;
/// Most notes about one person.
pub(crate) const MOST: i64 = 200;
/// How many of them are shown, the newest.
pub(crate) const SHOWN: i64 = 50;

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable)]
#[diesel(table_name = notes)]
pub(crate) struct Note {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) operator_id: Uuid,
    pub(crate) text: String,
    pub(crate) created_at: OffsetDateTime,
}
