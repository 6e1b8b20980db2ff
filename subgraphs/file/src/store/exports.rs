//! What file holds of a person, for the copy of their data.

use coko_core::database::Connection;
use coko_core::export;
use diesel::QueryResult;
use serde_json::Value;
use uuid::Uuid;

/// Everything, by what it is.
const HELD: &str = "SELECT jsonb_build_object(
    'files', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT id, kind, book_id, name, media_type, byte_size, status, created_at FROM files WHERE owner_id = $1 ORDER BY created_at, id) t),
    'downloads', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT file_id, created_at FROM downloads WHERE user_id = $1 ORDER BY created_at, id) t)) AS part";

/// Everything that is held of a person.
pub(crate) async fn of(connection: &mut Connection, user: Uuid) -> QueryResult<Value> {
    export::select(connection, HELD, user).await
}
