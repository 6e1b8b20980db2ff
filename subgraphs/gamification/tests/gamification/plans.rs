//! What a page of a filled leaderboard costs, told by PostgreSQL's own counters rather than by a clock.

use std::time::Duration;

use coko_core::testkit::TestPlatform;
use serde_json::{Value, json};

use crate::support::{Arena, READER, book, completed};

const PLAYERS: i64 = 100_000;

/// A hundred thousand readers with points of this week, and ten thousand challenges of others, over a single connection.
async fn filled() -> Arena {
    let arena = Arena::with(TestPlatform::new(), 1).await;
    arena
        .execute(&format!(
            "INSERT INTO players (user_id, country, points) SELECT md5('p' || n)::uuid, 'SN', n FROM generate_series(1, {PLAYERS}) n;
             INSERT INTO scores SELECT md5('p' || n)::uuid, 'WEEK', '2027-01-11', n / 10 + 1, CASE WHEN n % 2 = 0 THEN 'SN' ELSE 'CI' END, n % 100 = 0
                FROM generate_series(1, {PLAYERS}) n;
             INSERT INTO follows SELECT '{READER}', md5('p' || n)::uuid, true, now() FROM generate_series(1, 100) n;
             INSERT INTO follows SELECT md5('p' || n)::uuid, md5('p' || (n + 1))::uuid, true, now() FROM generate_series(1, {PLAYERS}) n;
             INSERT INTO facts SELECT md5('p' || n)::uuid, 'BOOK_COMPLETED', n::text, '2027-01-12' FROM generate_series(1, {PLAYERS}) n;
             INSERT INTO challenges (id, creator_id, metric, target, starts_at, ends_at, privacy, invitation, title_fr, title_en, description_fr, description_en, created_at)
                SELECT md5('c' || n)::uuid, md5('p' || n)::uuid, 'BOOKS_COMPLETED', 1, '2027-01-01', '2027-02-01', 'PRIVATE', 'x', 't', 't', '', '', now()
                FROM generate_series(1, 10000) n;
             INSERT INTO ledger SELECT md5('p' || n)::uuid, 'book-completed.v1', n::text, 100, '2027-01-12' FROM generate_series(1, {PLAYERS}) n;
             INSERT INTO achievements SELECT md5('a' || n)::uuid, md5('p' || n)::uuid, 'BADGE', 'first-book', 1, now() FROM generate_series(1, {PLAYERS}) n;
             INSERT INTO participants SELECT md5('c' || n)::uuid, md5('p' || n)::uuid, now() FROM generate_series(1, 10000) n;"
        ))
        .await;
    arena.execute("VACUUM ANALYZE").await;
    arena
}

/// Statistics of a session reach the shared counters once a second, with the end of a statement.
async fn flush(arena: &Arena) {
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let query = "{ challenge(id: \"x\") { id } }";
    arena.guest().run(query).await.ok();
}

async fn sequential(arena: &Arena) -> Vec<String> {
    let sql = "SELECT relname || '=' || seq_scan AS line FROM pg_stat_user_tables
        WHERE relname IN ('players', 'scores', 'facts', 'ledger', 'challenges', 'participants', 'follows', 'achievements') ORDER BY relname";
    arena.lines(sql).await
}

#[tokio::test]
async fn no_query_reads_a_table_from_end_to_end() {
    let arena = filled().await;
    let reader = arena.reader(READER);
    // The tables that are small by nature are read whole, and so are not looked at.
    flush(&arena).await;
    let before = sequential(&arena).await;
    let mut cursor = Value::Null;
    for _ in 0..3 {
        let query = "query($c: String) { leaderboard(first: 100, after: $c) { nodes { rank user { level { number } } } pageInfo { endCursor } }
            country: leaderboard(country: \"CI\", first: 100) { nodes { points } }
            friends: leaderboard(friends: true) { nodes { points user { badges { awardedAt } } } }
            challenges { nodes { myParticipation { done } participants { nodes { done } } } }
            joined: challenges(joined: true) { nodes { id } }
            myStats { rank streak { days } pointEntries { nodes { points } } } achievements { nodes { id } } }";
        let answer = reader.run_with(query, json!({ "c": cursor })).await;
        let data = answer.ok();
        assert_eq!(data["friends"]["nodes"].as_array().unwrap().len(), 20);
        cursor = data["leaderboard"]["pageInfo"]["endCursor"].clone();
    }
    arena.tell(&completed(READER, book(1), arena.now())).await;
    flush(&arena).await;
    assert_eq!(sequential(&arena).await, before);
}
