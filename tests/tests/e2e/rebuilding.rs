//! What is made of other things is made anew, and is the same row by row: recommendation's read model from the history of events, and
//! the search index from the catalogue.

use coko_core::database::Pool;
use coko_tests::{Shape, Stack};
use diesel_async::SimpleAsyncConnection as _;
use serde_json::{Value, json};

use super::purchase::bought;
use super::recommendation::more;
use super::{eventually, lines};

/// What recommendation has of events and of readers, without when each row was written.
const LEARNT: [&str; 6] = [
    "SELECT (to_jsonb(b) - 'changed_at')::text AS line FROM books b ORDER BY id",
    "SELECT to_jsonb(i)::text AS line FROM interactions i ORDER BY user_id, book_id",
    "SELECT to_jsonb(r)::text AS line FROM reviews r ORDER BY review_id",
    "SELECT to_jsonb(a)::text AS line FROM activity a WHERE points <> 0 ORDER BY hour, book_id",
    "SELECT to_jsonb(r)::text AS line FROM readers r ORDER BY user_id",
    "SELECT to_jsonb(f)::text AS line FROM feedback f ORDER BY user_id, book_id",
];

/// What is found by; how much a book is liked is reckoned anew by the hour.
const INDEXED: [&str; 1] =
    ["SELECT (to_jsonb(s) - 'popularity')::text AS line FROM book_search s ORDER BY book_id"];

async fn dump(pool: &Pool, queries: &[&str]) -> Vec<String> {
    let mut rows = Vec::new();
    for sql in queries {
        rows.extend(lines(pool, sql).await);
    }
    rows
}

/// The rows, once nothing changes any more and there are at least so many.
async fn settled(pool: &Pool, queries: &[&str], least: usize) -> Vec<String> {
    eventually("rows that stay", async || {
        let before = dump(pool, queries).await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        (before.len() >= least && dump(pool, queries).await == before).then_some(before)
    })
    .await
}

async fn spoil(pool: &Pool, sql: &str) {
    let mut connection = pool.get().await.unwrap();
    connection.batch_execute(sql).await.unwrap();
}

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let purchase = bought(&stack, "Aminata").await;
    let books = more(&stack, &["Une lettre encore", "La dernière lettre"]).await;
    let review =
        json!({ "i": { "bookId": purchase.book["id"], "halfStars": 9, "text": "Un classique." } });
    let query = "mutation($i: SaveReviewInput!) { saveReview(input: $i) { errors { code } } }";
    let saved = purchase.reader.run_with(query, review).await.unwrap();
    assert_eq!(saved.ok()["saveReview"]["errors"], json!([]));

    let learnt = stack.pool("recommendation").unwrap();
    eventually("the review in recommendation", async || {
        (!lines(&learnt, LEARNT[2]).await.is_empty()).then_some(())
    })
    .await;
    let refuse = json!({ "i": { "signals": [{ "bookId": books[0], "kind": "NEGATIVE" }] } });
    let query = "mutation($i: RecordFeedbackInput!) { recordFeedback(input: $i) { recorded } }";
    eventually("the feedback", async || {
        let answer = purchase
            .reader
            .run_with(query, refuse.clone())
            .await
            .unwrap();
        (answer.ok()["recordFeedback"]["recorded"] == 1).then_some(())
    })
    .await;
    // Three books, a purchase with its rating, a review, feedback.
    let before = settled(&learnt, &LEARNT, 6).await;
    spoil(
        &learnt,
        "DELETE FROM interactions; UPDATE books SET title = 'x', version = 99",
    )
    .await;
    let said = stack
        .command(&["--format", "json", "rebuild", "recommendation"])
        .await
        .unwrap();
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["refused"], 0, "{said}");
    assert_eq!(dump(&learnt, &LEARNT).await, before);

    let found = stack.pool("catalog").unwrap();
    let before = settled(&found, &INDEXED, 3).await;
    spoil(&found, "DELETE FROM book_search").await;
    stack.command(&["search", "reindex"]).await.unwrap();
    assert_eq!(dump(&found, &INDEXED).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
