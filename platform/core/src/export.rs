//! Copies of one's data (GDPR, article 20): every domain that holds anything of a person says it when auth asks.
//!
//! A copy is personal and the history of events is kept for good, so it does not go by events: auth asks each domain over the
//! broker, puts the answers together, and keeps them until they are fetched or have run out.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::database::{Connection, Pool};
use crate::service::{Platform, Task};
use crate::{Result, ask};

/// What domains are asked about here.
const TOPIC: &str = "export";

/// The domains that hold something of people, besides auth itself: a copy is whole once each of them has answered. A domain that
/// is added here serves [`task`].
pub const DOMAINS: &[&str] = &[
    "admin",
    "catalog",
    "community",
    "file",
    "gamification",
    "notification",
    "payment",
    "publication",
    "reading",
    "recommendation",
];

#[derive(Serialize, Deserialize)]
struct Question {
    user_id: Uuid,
}

/// Everything that `domain` holds of a person, as JSON that can be read without us.
///
/// # Errors
/// `DOWNSTREAM_UNAVAILABLE` when the domain does not answer.
pub async fn part(platform: &Platform, domain: &str, user_id: Uuid) -> Result<Value> {
    ask::ask(platform, domain, TOPIC, &Question { user_id }).await
}

#[derive(QueryableByName)]
struct Part {
    #[diesel(sql_type = Jsonb)]
    part: Value,
}

/// What `sql` selects as `part`, of type `jsonb`, about the person that is its only parameter.
///
/// # Errors
/// When the database does not answer.
pub async fn select(connection: &mut Connection, sql: &str, user_id: Uuid) -> QueryResult<Value> {
    diesel::sql_query(sql)
        .bind::<SqlUuid, _>(user_id)
        .get_result::<Part>(connection)
        .await
        .map(|row| row.part)
}

/// Answers for `domain`, whose database is behind `pool`; `held` reads what it holds of a person.
pub fn task(
    platform: &Platform,
    domain: &'static str,
    pool: Pool,
    held: impl for<'a> Fn(&'a mut Connection, Uuid) -> BoxFuture<'a, Result<Value>>
    + Send
    + Sync
    + 'static,
) -> Task {
    let held = Arc::new(held);
    ask::answer(platform, domain, TOPIC, move |question: Question| {
        let (pool, held) = (pool.clone(), held.clone());
        async move {
            let mut borrowed = pool.get().await?;
            let connection: &mut Connection = &mut borrowed;
            held(connection, question.user_id).await
        }
        .boxed()
    })
}
