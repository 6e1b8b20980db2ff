//! What notification holds of a person, for the copy of their data.

use coko_core::database::Connection;
use coko_core::export;
use diesel::QueryResult;
use serde_json::Value;
use uuid::Uuid;

/// Everything, by what it is.
const HELD: &str = "SELECT jsonb_build_object(
    'person', (SELECT to_jsonb(t) FROM (SELECT language, time_zone, quiet_from, quiet_until, digest FROM people WHERE user_id = $1 AND deleted_at IS NULL) t),
    'preferences', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT workflow, channel, enabled FROM preferences WHERE user_id = $1 ORDER BY workflow, channel) t),
    'devices', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT platform, name, created_at, seen_at FROM devices WHERE user_id = $1 ORDER BY created_at, id) t),
    'notifications', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT kind, facts, link, created_at, read_at FROM notifications WHERE user_id = $1 ORDER BY created_at, id) t),
    'deliveries', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT workflow, channel, status, reason, created_at FROM deliveries WHERE user_id = $1 ORDER BY created_at, id) t)) AS part";

/// Everything that is held of a person.
pub(crate) async fn of(connection: &mut Connection, user: Uuid) -> QueryResult<Value> {
    export::select(connection, HELD, user).await
}
