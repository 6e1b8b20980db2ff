//! What gamification holds of a person, for the copy of their data.

use coko_core::database::Connection;
use coko_core::export;
use diesel::QueryResult;
use serde_json::Value;
use uuid::Uuid;

/// Everything, by what it is.
const HELD: &str = "SELECT jsonb_build_object(
    'player', (SELECT to_jsonb(t) FROM (SELECT country, time_zone, privacy, opted_out, points, level, books_completed, books_purchased, reviews_posted, reading_days, seconds_read, streak_days, streak_longest FROM players WHERE user_id = $1 AND deleted_at IS NULL) t),
    'points', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT rule, source, points, at FROM ledger WHERE user_id = $1 ORDER BY at, rule, source) t),
    'achievements', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT kind, subject, at FROM achievements WHERE user_id = $1 ORDER BY at, id) t),
    'challenges', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT c.title_fr, c.title_en, c.metric, c.target, c.starts_at, c.ends_at, c.creator_id = $1 AS own, p.joined_at, p.completed_at FROM participants p JOIN challenges c ON c.id = p.challenge_id WHERE p.user_id = $1 ORDER BY p.joined_at, c.id) t)) AS part";

/// Everything that is held of a person.
pub(crate) async fn of(connection: &mut Connection, user: Uuid) -> QueryResult<Value> {
    export::select(connection, HELD, user).await
}
