//! What happened to a manuscript, and what was said about it.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::ManuscriptStatus;
use crate::tables::manuscript_notes;

/// Most characters of a comment.
pub(crate) const MAX_BODY: usize = 5_000;

/// A step, a comment, or both.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = manuscript_notes)]
pub(crate) struct Note {
    pub(crate) id: Uuid,
    pub(crate) manuscript_id: Uuid,
    pub(crate) author_id: Option<Uuid>,
    pub(crate) status: Option<ManuscriptStatus>,
    pub(crate) body: Option<String>,
    pub(crate) at: OffsetDateTime,
}
