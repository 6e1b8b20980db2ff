//! Anything may be killed at any moment: what was committed is handled exactly once.

use std::sync::Arc;
use std::time::Duration;

use coko_core::clock::Clock;
use coko_core::consumer::Consumers;
use coko_core::events::auth::UserRegistered;
use coko_core::ids::Entropy;
use coko_core::service::{Bus, Nats};
use coko_core::testkit::{TestDatabase, TestPlatform};
use coko_tests::{Shape, Stack};
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{count, eventually};

/// A domain of the test's own that counts registrations, with inbox and all.
async fn counting(stack: &Stack, stop: &CancellationToken) -> TestDatabase {
    let database = TestDatabase::new("counting", || {
        diesel_migrations::EmbeddedMigrations::new(&[])
    })
    .await;
    let mut connection = database.pool.get().await.unwrap();
    connection
        .batch_execute("CREATE TABLE seen (id UUID NOT NULL)")
        .await
        .unwrap();
    let mut test = TestPlatform::with(Clock::system(), Entropy::system());
    test.platform.bus = Bus::Nats(
        Nats::connect(&stack.nats.url(), "counting", 1)
            .await
            .unwrap(),
    );
    let consumers = Consumers::new("counting", database.pool.clone(), &test.platform)
        .on::<UserRegistered>(|connection, _, event, _| {
            let id = event.id;
            Box::pin(async move {
                diesel::sql_query("INSERT INTO seen VALUES ($1)")
                    .bind::<diesel::sql_types::Uuid, _>(id)
                    .execute(connection)
                    .await?;
                Ok(())
            })
        });
    for task in consumers.tasks() {
        tokio::spawn(task.run(stop.clone()));
    }
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_lost_or_doubled_when_processes_and_the_broker_die() {
    let mut stack = Stack::start(Shape::ProcessPerRole).await.unwrap();
    let stop = CancellationToken::new();
    let database = counting(&stack, &stop).await;
    let auth = stack.pool("auth").unwrap();
    stack.sign_up("Before").await.unwrap();

    // The broker is gone while people register; requests go on.
    stack.nats.kill().await;
    let client = Arc::new(stack.client().unwrap());
    for number in 0..12 {
        let input = json!({
            "email": format!("reader-{number}@coko.example"), "password": "karité-du-sahel-7",
            "displayName": "Reader", "consents": { "tracking": true },
        });
        let document =
            "mutation($input: RegisterInput!) { register(input: $input) { errors { code } } }";
        let answer = client
            .run_with(document, json!({ "input": input }))
            .await
            .unwrap();
        assert_eq!(answer.ok()["register"]["errors"], json!([]));
        let secret = stack
            .secret_sent_to(&format!("reader-{number}@coko.example"))
            .await
            .unwrap();
        let document = "mutation($input: VerifyEmailInput!) { verifyEmail(input: $input) { errors { code } } }";
        client
            .run_with(document, json!({ "input": { "token": secret } }))
            .await
            .unwrap()
            .ok();
    }
    let unsent = "SELECT count(*) AS count FROM outbox WHERE sent_at IS NULL";
    assert!(count(&auth, unsent).await.unwrap() >= 12);

    // Committed and not published: then the process dies, comes back, and dies again while the broker is just back.
    stack.kill("auth").await.unwrap();
    stack.nats.restart().await.unwrap();
    stack.restart("auth").await.unwrap();
    for pause in [30, 90, 200] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        stack.kill("auth").await.unwrap();
        stack.restart("auth").await.unwrap();
    }
    stack.sign_up("After").await.unwrap();

    let registered =
        "SELECT count(*) AS count FROM outbox WHERE subject = 'coko.auth.user.registered'";
    let total = count(&auth, registered).await.unwrap();
    assert_eq!(total, 14);
    eventually("every registration", async || {
        let seen = count(&database.pool, "SELECT count(*) AS count FROM seen").await;
        (seen == Some(total)).then_some(())
    })
    .await;
    eventually("an empty outbox", async || {
        (count(&auth, unsent).await == Some(0)).then_some(())
    })
    .await;
    let distinct = count(
        &database.pool,
        "SELECT count(DISTINCT id) AS count FROM seen",
    )
    .await;
    assert_eq!(distinct, Some(total));
    for (domain, pool) in [
        ("auth", &auth),
        ("catalog", &stack.pool("catalog").unwrap()),
        ("counting", &database.pool),
    ] {
        assert_eq!(
            count(pool, "SELECT count(*) AS count FROM dead_letter").await,
            Some(0),
            "{domain}"
        );
    }
    stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_query_is_answered_while_a_subgraph_is_down() {
    let mut stack = Stack::start(Shape::ProcessPerRole).await.unwrap();
    let (_, reader) = stack.sign_up("Fatou").await.unwrap();
    let query = "{ me { displayName } books(first: 1) { nodes { title } } }";
    stack.kill("catalog").await.unwrap();
    let partial = reader.run(query).await.unwrap();
    // `books` is non-null, so the whole of `data` goes with it; `me` alone is answered.
    assert_eq!(
        partial.codes(),
        ["DOWNSTREAM_UNAVAILABLE"],
        "{:#}",
        partial.body
    );
    assert_eq!(partial.body["errors"][0]["path"][0], "books");
    assert_eq!(
        reader
            .run("{ me { displayName } book(slug: \"x\") { title } }")
            .await
            .unwrap()
            .data()["me"]["displayName"],
        "Fatou"
    );
    stack.restart("catalog").await.unwrap();
    assert!(reader.run(query).await.unwrap().ok()["books"].is_object());
}
