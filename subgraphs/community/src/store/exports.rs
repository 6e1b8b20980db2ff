//! What community holds of a person, for the copy of their data.

use coko_core::database::Connection;
use coko_core::export;
use diesel::QueryResult;
use serde_json::Value;
use uuid::Uuid;

/// Everything, by what it is.
const HELD: &str = "SELECT jsonb_build_object(
    'member', (SELECT to_jsonb(t) FROM (SELECT since, last_active_on, active_days, contributions, privacy FROM members WHERE user_id = $1 AND NOT deleted) t),
    'reviews', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT id, book_id, half_stars, body, spoiler, status, created_at, updated_at FROM reviews WHERE user_id = $1 AND status <> 'DELETED' ORDER BY id) t),
    'topics', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT id, title, book_id, status, created_at FROM topics WHERE author_id = $1 AND status <> 'DELETED' ORDER BY created_at, id) t),
    'posts', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT id, topic_id, body, status, created_at, edited_at FROM posts WHERE author_id = $1 AND status <> 'DELETED' ORDER BY id) t),
    'clubs', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT c.id, c.name, m.role, m.joined_at FROM club_members m JOIN clubs c ON c.id = m.club_id WHERE m.user_id = $1 ORDER BY m.id) t),
    'events', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT g.id, g.title, g.starts_at, g.host_id = $1 AS host FROM gatherings g WHERE g.id IN (SELECT id FROM gatherings WHERE host_id = $1 UNION SELECT gathering_id FROM attendances WHERE user_id = $1) ORDER BY g.id) t),
    'follows', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT user_id, created_at FROM follows WHERE follower_id = $1 ORDER BY id) t),
    'blocksAndMutes', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT other_id, kind, created_at FROM barriers WHERE user_id = $1 ORDER BY id) t),
    'reports', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT case_id, reason, note, created_at FROM reports WHERE reporter_id = $1 ORDER BY id) t),
    'decisions', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT id, kind, status, reason, note, appeal, decided_at FROM cases WHERE author_id = $1 AND status NOT IN ('OPEN', 'KEPT') ORDER BY id) t)) AS part";

/// Everything that is held of a person.
pub(crate) async fn of(connection: &mut Connection, user: Uuid) -> QueryResult<Value> {
    export::select(connection, HELD, user).await
}
