//! What an answer costs over filled tables, told by PostgreSQL's own counters rather than by a clock.

use std::time::Duration;

use coko_core::testkit::TestPlatform;
use serde_json::json;

use crate::support::{Desk, READER, RECORD, book, completed, ids};

const READERS: i64 = 10_000;

/// Ten thousand readers with ten books each, over a single connection.
async fn filled() -> Desk {
    let desk = Desk::with(TestPlatform::new(), 1).await;
    desk.stock().await;
    desk.execute(&format!(
        "INSERT INTO readers SELECT md5('u' || n)::uuid FROM generate_series(1, {READERS}) n;
         INSERT INTO books SELECT md5('b' || n)::uuid, 1, 'Livre', 'Une histoire', 'fr', '{{}}', '{{}}', NULL, now(), n % 50 <> 0, '2026-01-01'
            FROM generate_series(1, 20000) n;
         INSERT INTO interactions (user_id, book_id, completed_at, furthest, touched_at)
            SELECT md5('u' || n)::uuid, md5('b' || (n * 7 + k * 31) % 5000 + 1)::uuid, now(), 1, now() FROM generate_series(1, {READERS}) n, generate_series(1, 10) k;
         INSERT INTO feedback (user_id, book_id, likes, decided_at, touched_at)
            SELECT md5('u' || n)::uuid, md5('b' || (n * 3 + k * 17) % 5000 + 1)::uuid, k = 1, now(), now() FROM generate_series(1, {READERS}) n, generate_series(1, 5) k;
         INSERT INTO reviews SELECT md5('r' || n)::uuid, md5('u' || n)::uuid, md5('b' || n)::uuid, 7, now() FROM generate_series(1, {READERS}) n;"
    ))
    .await;
    desk.execute("VACUUM ANALYZE").await;
    desk
}

/// Statistics of a session reach the shared counters once a second, with the end of a statement.
async fn flush(desk: &Desk) {
    tokio::time::sleep(Duration::from_millis(1100)).await;
    desk.recommended(READER).await;
}

async fn sequential(desk: &Desk) -> Vec<String> {
    let sql = "SELECT relname || '=' || seq_scan AS line FROM pg_stat_user_tables
        WHERE relname IN ('books', 'readers', 'interactions', 'feedback', 'reviews') ORDER BY relname";
    desk.lines(sql).await
}

#[tokio::test]
async fn no_answer_reads_a_table_from_end_to_end() {
    let desk = filled().await;
    let reader = desk.reader(READER);
    // The first answer has the shelf and the trends loaded, as the tasks do from then on.
    let all = desk.recommended(READER).await;
    assert_eq!(all.len(), 100);
    flush(&desk).await;
    let before = sequential(&desk).await;
    for _ in 0..3 {
        let query = "{ recommendedForMe(first: 50) { nodes { book { id similar(first: 5) { nodes { book { id } } } whyRecommended { kind } } reason { text } } }
            becauseYouRead { nodes { book { id } } } trending { nodes { rank } } myInterests { id } }";
        let answer = reader.run(query).await;
        assert_eq!(ids(&answer.ok()["recommendedForMe"]).len(), 50);
        let signals: Vec<_> = (0..20)
            .map(|number| json!({ "bookId": book(number), "kind": "IMPRESSION" }))
            .collect();
        let input = json!({ "i": { "signals": signals } });
        reader.run_with(RECORD, input).await.ok();
    }
    desk.tell(&completed(READER, book(1), desk.now())).await;
    flush(&desk).await;
    assert_eq!(sequential(&desk).await, before);
}
