//! Idempotency keys over real PostgreSQL.

use coko_core::Code;
use coko_core::idempotency::{Claim, claim, purge};
use coko_core::testkit::{TestDatabase, TestPlatform};
use diesel_async::AsyncConnection as _;
use diesel_migrations::EmbeddedMigrations;
use time::Duration;
use uuid::Uuid;

const FIRST: Uuid = Uuid::from_u128(1);
const SECOND: Uuid = Uuid::from_u128(2);

#[tokio::test]
async fn a_key_names_one_call_of_one_owner() {
    let database = TestDatabase::new("idempotency", || EmbeddedMigrations::new(&[])).await;
    let now = TestPlatform::new().platform.clock.now();
    let mut connection = database.pool.get().await.unwrap();
    let connection = &mut connection;
    let fresh = claim(connection, "a", "k", ("buy", &1), FIRST, now).await;
    assert_eq!(fresh.unwrap(), Claim::Fresh);
    let again = claim(connection, "a", "k", ("buy", &1), SECOND, now).await;
    assert_eq!(again.unwrap(), Claim::Seen(FIRST));
    // Another owner's key is another key.
    let other = claim(connection, "b", "k", ("buy", &1), SECOND, now).await;
    assert_eq!(other.unwrap(), Claim::Fresh);
    for call in [("buy", &2), ("sell", &1)] {
        let refused = claim(connection, "a", "k", call, SECOND, now).await;
        assert_eq!(refused.unwrap_err().code(), Code::IdempotencyMismatch);
    }
    for key in ["", "with space", "é", &"x".repeat(101)] {
        let refused = claim(connection, "a", key, ("buy", &1), FIRST, now).await;
        assert_eq!(refused.unwrap_err().code(), Code::ValidationFailed, "{key}");
    }
    assert_eq!(
        purge(connection, now + Duration::days(29)).await.unwrap(),
        0
    );
    assert_eq!(
        purge(connection, now + Duration::days(31)).await.unwrap(),
        2
    );
}

#[tokio::test]
async fn a_call_that_fails_leaves_its_key_free() {
    let database = TestDatabase::new("idempotency", || EmbeddedMigrations::new(&[])).await;
    let now = TestPlatform::new().platform.clock.now();
    let mut connection = database.pool.get().await.unwrap();
    let failed = connection
        .transaction(async |connection| {
            claim(connection, "a", "k", ("buy", &1), FIRST, now).await?;
            Err::<(), _>(coko_core::Error::forbidden())
        })
        .await;
    assert_eq!(failed.unwrap_err().code(), Code::Forbidden);
    let retried = claim(&mut connection, "a", "k", ("buy", &1), SECOND, now).await;
    assert_eq!(retried.unwrap(), Claim::Fresh);
}
