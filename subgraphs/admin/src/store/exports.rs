//! What admin holds of a person, for the copy of their data.

use coko_core::database::Connection;
use coko_core::export;
use diesel::QueryResult;
use serde_json::Value;
use uuid::Uuid;

/// Everything, by what it is.
const HELD: &str = "SELECT jsonb_build_object(
    'activity', (SELECT to_jsonb(t) FROM (SELECT country, registered_at, last_active_on, first_paid_at, orders_paid, books_started, books_completed, seconds_read, reports, removals FROM people WHERE user_id = $1 AND deleted_at IS NULL) t),
    'spendings', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT currency, amount FROM spendings WHERE user_id = $1 ORDER BY currency) t),
    'notes', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT text, created_at FROM notes WHERE user_id = $1 ORDER BY id) t)) AS part";

/// Everything that is held of a person.
pub(crate) async fn of(connection: &mut Connection, user: Uuid) -> QueryResult<Value> {
    export::select(connection, HELD, user).await
}
