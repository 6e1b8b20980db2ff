//! Operators' notes about people.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::{Note, note};
use crate::tables::notes;

/// Writes a new note.
pub(crate) async fn insert(connection: &mut Connection, note: &Note) -> QueryResult<()> {
    diesel::insert_into(notes::table)
        .values(note)
        .execute(connection)
        .await
        .map(drop)
}

/// How many there are about a person.
pub(crate) async fn count(connection: &mut Connection, user: Uuid) -> QueryResult<i64> {
    notes::table
        .filter(notes::user_id.eq(user))
        .count()
        .get_result(connection)
        .await
}

/// Removes a note; returns it where there was one.
pub(crate) async fn remove(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Note>> {
    diesel::delete(notes::table.find(id))
        .returning(Note::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// The newest notes about each of these people.
pub(crate) async fn of(connection: &mut Connection, users: &[Uuid]) -> QueryResult<Vec<Note>> {
    diesel::sql_query(
        "SELECT found.* FROM unnest($1) AS wanted (id) CROSS JOIN LATERAL (
            SELECT * FROM notes n WHERE n.user_id = wanted.id ORDER BY n.id DESC LIMIT $2) AS found",
    )
    .bind::<Array<SqlUuid>, _>(users)
    .bind::<BigInt, _>(note::SHOWN)
    .load(connection)
    .await
}
