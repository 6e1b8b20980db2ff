//! What happened to manuscripts, and what was said about them.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Note;
use crate::tables::manuscript_notes;

coko_core::newest_first!("manuscriptNotes", manuscript_notes, manuscript_id, at, Note);

/// Writes a note.
pub(crate) async fn insert(connection: &mut Connection, note: &Note) -> QueryResult<()> {
    diesel::insert_into(manuscript_notes::table)
        .values(note)
        .execute(connection)
        .await
        .map(drop)
}

/// Forgets who said something.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<usize> {
    diesel::update(manuscript_notes::table.filter(manuscript_notes::author_id.eq(user)))
        .set(manuscript_notes::author_id.eq(None::<Uuid>))
        .execute(connection)
        .await
}
