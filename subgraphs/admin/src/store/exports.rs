//! What admin holds of a person, for the copy of their data.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

#[derive(QueryableByName)]
struct Part {
    #[diesel(sql_type = Jsonb)]
    part: Value,
}

/// Everything, by name.
pub(crate) async fn of(connection: &mut Connection, user: Uuid) -> QueryResult<Value> {
    let part: Part = diesel::sql_query(
        "SELECT jsonb_build_object(
            'activity', (SELECT to_jsonb(p) - 'user_id' - 'profile_at' FROM people p WHERE p.user_id = $1),
            'spendings', (SELECT coalesce(jsonb_agg(jsonb_build_object('currency', s.currency, 'amount', s.amount)), '[]')
                          FROM spendings s WHERE s.user_id = $1),
            'notes', (SELECT coalesce(jsonb_agg(jsonb_build_object('text', n.text, 'createdAt', n.created_at) ORDER BY n.id), '[]')
                      FROM notes n WHERE n.user_id = $1)) AS part",
    )
    .bind::<SqlUuid, _>(user)
    .get_result(connection)
    .await?;
    Ok(part.part)
}
