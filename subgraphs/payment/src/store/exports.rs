//! What payment holds of a person, for the copy of their data.

use coko_core::database::Connection;
use coko_core::export;
use diesel::QueryResult;
use serde_json::Value;
use uuid::Uuid;

/// Everything, by what it is.
const HELD: &str = "SELECT jsonb_build_object(
    'orders', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT id, kind, book_id, plan_code, title, amount, currency, status, created_at FROM orders WHERE user_id = $1 ORDER BY created_at, id) t),
    'payments', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT a.id, a.order_id, a.provider, a.status, a.charged_amount, a.charged_currency, a.created_at FROM attempts a JOIN orders o ON o.id = a.order_id WHERE o.user_id = $1 ORDER BY a.created_at, a.id) t),
    'refunds', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT r.id, r.order_id, r.reason, r.status, r.created_at, r.done_at FROM refunds r JOIN orders o ON o.id = r.order_id WHERE o.user_id = $1 ORDER BY r.created_at, r.id) t),
    'subscriptions', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT id, plan_code, status, period_start, period_end FROM subscriptions WHERE user_id = $1 ORDER BY period_start, id) t),
    'wallets', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT currency, balance FROM wallets WHERE user_id = $1 ORDER BY currency) t),
    'invoices', (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (SELECT kind, year, number, order_id, title, amount, currency, issued_at FROM invoices WHERE user_id = $1 ORDER BY issued_at, id) t)) AS part";

/// Everything that is held of a person.
pub(crate) async fn of(connection: &mut Connection, user: Uuid) -> QueryResult<Value> {
    export::select(connection, HELD, user).await
}
