//! What recommendation holds of a person, for the copy of their data.

use coko_core::database::Connection;
use coko_core::export;
use diesel::QueryResult;
use serde_json::Value;
use uuid::Uuid;

/// Everything, by what it is.
const HELD: &str = "SELECT jsonb_build_object(
    'interests', (SELECT to_jsonb(t) FROM (SELECT interests FROM readers WHERE user_id = $1 AND deleted_at IS NULL) t),
    'interactions', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT book_id, purchased_at, refunded_at, started_at, furthest, completed_at, half_stars, rated_at FROM interactions WHERE user_id = $1 ORDER BY touched_at, book_id) t),
    'feedback', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT book_id, likes, decided_at, shown, shown_at FROM feedback WHERE user_id = $1 ORDER BY touched_at, book_id) t)) AS part";

/// Everything that is held of a person.
pub(crate) async fn of(connection: &mut Connection, user: Uuid) -> QueryResult<Value> {
    export::select(connection, HELD, user).await
}
