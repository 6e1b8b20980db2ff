//! What publication holds of a person, for the copy of their data.

use coko_core::database::Connection;
use coko_core::export;
use diesel::QueryResult;
use serde_json::Value;
use uuid::Uuid;

/// Everything, by what it is.
const HELD: &str = "SELECT jsonb_build_object(
    'memberships', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT o.name, o.kind, m.role, m.added_at FROM members m JOIN organizations o ON o.id = m.organization_id WHERE m.user_id = $1 ORDER BY m.added_at, o.id) t),
    'manuscripts', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT title, subtitle, description, language, isbn, authors, categories, prices, status, created_at FROM manuscripts WHERE created_by = $1 ORDER BY created_at, id) t),
    'notes', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT manuscript_id, status, body, at FROM manuscript_notes WHERE author_id = $1 ORDER BY at, id) t),
    'contracts', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT c.manuscript_id, c.territory, c.starts_on, c.ends_on, p.share FROM contract_parties p JOIN contracts c ON c.id = p.contract_id WHERE p.payee_id = $1 ORDER BY c.created_at, c.id) t),
    'royalties', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT source, manuscript_id, units, gross, amount, currency, status, accrued_at FROM accruals WHERE payee_id = $1 ORDER BY accrued_at, id) t),
    'statements', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT month, currency, opening, accrued, reversed, paid, closing FROM statements WHERE payee_id = $1 ORDER BY month, currency) t),
    'payouts', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT amount, currency, status, destination_hint, created_at, settled_at FROM payouts WHERE payee_id = $1 OR requested_by = $1 ORDER BY created_at, id) t),
    'readingTimes', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT month, seconds FROM reading_shares WHERE user_id = $1 ORDER BY month) t)) AS part";

/// Everything that is held of a person.
pub(crate) async fn of(connection: &mut Connection, user: Uuid) -> QueryResult<Value> {
    export::select(connection, HELD, user).await
}
