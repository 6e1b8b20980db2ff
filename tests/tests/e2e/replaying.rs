//! An operator finds an event that could not be handled, has it handled again, and sees the figures move.

use coko_core::clock::Clock;
use coko_core::ids::Entropy;
use coko_tests::{Client, Shape, Stack};
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl as _;
use serde_json::{Value, json};

use super::admin::mutate;
use super::{eventually, lines};

const LETTERS: &str =
    "{ deadLetters(role: \"admin\") { nodes { eventId subject error attempts } } }";

/// What admin is left with when an event failed as often as it is tried: as if its database had been away for long.
const FAILED: &str = "INSERT INTO dead_letter (consumer, event_id, subject, payload, error, attempts, failed_at)
    VALUES ('admin', ($1::jsonb->>'id')::uuid, 'coko.auth.user.login', convert_to($1, 'UTF8'), 'the database does not answer', 12, now())";

/// Sign-ins that were counted today.
async fn sign_ins(operator: &Client) -> i64 {
    let today = Clock::system().now().date();
    let query = format!(
        "{{ metricSeries(metric: SIGN_INS, from: \"{today}\", to: \"{today}\") {{ total }} }}"
    );
    let answer = operator.run(&query).await.unwrap();
    answer.ok()["metricSeries"][0]["total"]
        .as_i64()
        .unwrap_or_default()
}

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let operator = stack.staff("Operator", &["admin"]).await.unwrap();
    eventually("the operator's own sign-in", async || {
        (sign_ins(&operator).await == 1).then_some(())
    })
    .await;

    let sql = "SELECT event::text AS line FROM outbox WHERE subject = 'coko.auth.user.login'";
    let said = lines(&stack.pool("auth").unwrap(), sql).await;
    let mut event: Value = serde_json::from_str(&said[0]).unwrap();
    let id = Entropy::system().uuid(Clock::system().now());
    event["id"] = json!(id);
    let pool = stack.pool("admin").unwrap();
    let mut connection = pool.get().await.unwrap();
    let failed = diesel::sql_query(FAILED).bind::<Text, _>(event.to_string());
    assert_eq!(failed.execute(&mut connection).await.unwrap(), 1);
    drop(connection);

    let seen = operator.run(LETTERS).await.unwrap();
    let seen = &seen.ok()["deadLetters"]["nodes"];
    assert_eq!(seen[0]["eventId"], json!(id), "{seen}");
    assert_eq!(seen[0]["attempts"], 12, "{seen}");
    assert_eq!(sign_ins(&operator).await, 1);
    let replay = ("replayDeadLetter", "DeadLetterInput");
    let input = json!({ "role": "admin", "eventId": id });
    mutate(&operator, replay, "eventId", input).await;
    eventually("the figures to move", async || {
        (sign_ins(&operator).await == 2).then_some(())
    })
    .await;
    eventually("no dead letter", async || {
        let left = operator.run(LETTERS).await.unwrap();
        (left.ok()["deadLetters"]["nodes"] == json!([])).then_some(())
    })
    .await;
    let query = "{ auditLog(filter: { action: \"dead-letter.replayed\" }) { nodes { subject } } }";
    eventually("it in the audit log", async || {
        let answer = operator.run(query).await.unwrap();
        let nodes = answer.ok()["auditLog"]["nodes"].clone();
        (!nodes[0].is_null()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
