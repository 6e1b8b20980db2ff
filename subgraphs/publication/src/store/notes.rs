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

/// Forgets what someone said: of a step only that it was taken stays, and of a comment nothing.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(manuscript_notes::table.filter(manuscript_notes::author_id.eq(user)))
        .filter(manuscript_notes::status.is_null())
        .execute(connection)
        .await?;
    diesel::update(manuscript_notes::table.filter(manuscript_notes::author_id.eq(user)))
        .set((
            manuscript_notes::author_id.eq(None::<Uuid>),
            manuscript_notes::body.eq(None::<String>),
        ))
        .execute(connection)
        .await
}
