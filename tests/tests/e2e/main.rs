//! The end-to-end journeys: real processes, real PostgreSQL, real JetStream, HTTP. One file per journey.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod admin;
mod architecture;
mod authorisation;
mod caching;
mod everything;
mod faults;
mod following;
mod gamification;
mod hostile;
mod leaving;
mod living;
mod notification;
mod partner;
mod publication;
mod purchase;
mod reader;
mod reading;
mod rebuilding;
mod recommendation;
mod replaying;
mod shopping;
mod signing_in;
mod upload;

use std::time::Duration;

use coko_core::database::Pool;
use diesel_async::RunQueryDsl as _;

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// What `sql` selects as `count`; none where the database does not answer.
async fn count(pool: &Pool, sql: &str) -> Option<i64> {
    let mut connection = pool.get().await.ok()?;
    let row: Count = diesel::sql_query(sql)
        .get_result(&mut connection)
        .await
        .ok()?;
    Some(row.count)
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// What `sql` selects as `line`, row by row.
async fn lines(pool: &Pool, sql: &str) -> Vec<String> {
    let mut connection = pool.get().await.unwrap();
    let rows: Vec<Line> = diesel::sql_query(sql).load(&mut connection).await.unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

/// Waits until `probe` gives something, at most half a minute.
async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..300 {
        if let Some(found) = probe().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what} did not come about within half a minute");
}
