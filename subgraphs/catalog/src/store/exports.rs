//! What catalog holds of a person, for the copy of their data.

use coko_core::database::Connection;
use coko_core::export;
use diesel::QueryResult;
use serde_json::Value;
use uuid::Uuid;

/// Everything, by what it is.
const HELD: &str = "SELECT jsonb_build_object(
    'publishers', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT p.id, p.name, p.owner_user_id = $1 AS owner, m.added_at FROM publishers p LEFT JOIN publisher_members m ON m.publisher_id = p.id AND m.user_id = $1 WHERE p.owner_user_id = $1 OR m.user_id = $1 ORDER BY p.id) t),
    'books', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT id, title, created_at FROM books WHERE created_by = $1 ORDER BY id) t)) AS part";

/// Everything that is held of a person.
pub(crate) async fn of(connection: &mut Connection, user: Uuid) -> QueryResult<Value> {
    export::select(connection, HELD, user).await
}
