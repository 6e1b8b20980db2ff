//! What reading holds of a person, for the copy of their data.

use coko_core::database::Connection;
use coko_core::export;
use diesel::QueryResult;
use serde_json::Value;
use uuid::Uuid;

/// Everything, by what it is.
const HELD: &str = "SELECT jsonb_build_object(
    'reader', (SELECT to_jsonb(t) FROM (SELECT time_zone, streak_days, streak_end, streak_longest FROM readers WHERE user_id = $1 AND deleted_at IS NULL) t),
    'library', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT book_id, status, added_at, started_at, last_read_at, finished_at, seconds_read FROM library_items WHERE user_id = $1 AND NOT removed ORDER BY added_at, book_id) t),
    'rights', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT book_id, source, granted_at, revoked_at, reason FROM entitlements WHERE user_id = $1 ORDER BY granted_at, book_id) t),
    'progress', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT book_id, device_id, locator, progression, read_at, furthest_progression FROM progress WHERE user_id = $1 ORDER BY book_id, device_id) t),
    'annotations', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT book_id, kind, locator, quote, note, colour, privacy, created_at, updated_at FROM annotations WHERE user_id = $1 AND NOT deleted ORDER BY created_at, id) t),
    'readingDays', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT day, seconds, pages, sessions, books FROM reading_days WHERE user_id = $1 ORDER BY day) t),
    'sessions', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT book_id, device_id, started_at, seconds, start_progression, end_progression, pages FROM sessions WHERE user_id = $1 ORDER BY started_at, id) t),
    'licenses', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT book_id, device_name, issued_at, expires_at, released_at FROM licenses WHERE user_id = $1 ORDER BY issued_at, id) t)) AS part";

/// Everything that is held of a person.
pub(crate) async fn of(connection: &mut Connection, user: Uuid) -> QueryResult<Value> {
    export::select(connection, HELD, user).await
}
