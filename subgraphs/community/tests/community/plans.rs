//! What many posts, reviews and people cost, told by PostgreSQL's own counters rather than by a clock.

use std::time::Duration;

use coko_community::config::Limits;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{FORUM, MODERATOR, READER, Town};

const TABLES: &str = "'posts', 'topics', 'reviews', 'follows', 'barriers', 'positions', 'members', 'cases', 'reports'";

fn book(number: u128) -> Uuid {
    Uuid::from_u128(0xeeee_0000_0000 + number)
}

/// Twenty thousand topics with three posts each, fifty books with a thousand reviews each, and as many people, over a single
/// connection.
async fn filled() -> Town {
    let town = Town::with(1, Limits::default()).await;
    // 0xeeee_0000_0000 in decimal.
    let book = |n: &str| format!("lpad(to_hex(262705969627136 + {n}), 32, '0')::uuid");
    let user = |n: &str| format!("md5('user' || {n})::uuid");
    town.execute(&format!(
        "INSERT INTO members (user_id, since) SELECT {user}, now() FROM generate_series(1, 200000) n;
         INSERT INTO topics (id, forum_id, author_id, title, book_id, spoils_after, status, post_count, last_post_id, last_post_at, created_at)
            SELECT md5('topic' || n)::uuid, '{FORUM}', {user}, 'Sujet ' || n, {book}, (n % 10) / 10.0, 'PUBLISHED', 3, md5('last' || n)::uuid, now(), now() FROM generate_series(1, 20000) n;
         INSERT INTO posts (id, topic_id, parent_id, author_id, path, body, body_html, spoils_after, status, reply_count, created_at)
            SELECT md5('post' || t || '-' || n)::uuid, md5('topic' || t)::uuid, NULL, {user}, lpad(to_hex(n), 8, '0'), 'x', 'x', 0, 'PUBLISHED', 0, now()
            FROM generate_series(1, 20000) t, generate_series(0, 2) n;
         INSERT INTO reviews (id, book_id, user_id, half_stars, body, body_html, spoiler, status, created_at, updated_at)
            SELECT md5('review' || n)::uuid, {book_of_50}, {user}, 1 + n % 10, 'x', 'x', false, 'PUBLISHED', now(), now() FROM generate_series(1, 50000) n;
         INSERT INTO follows SELECT md5('follow' || n)::uuid, {user}, '{READER}', now() FROM generate_series(1, 20000) n;
         INSERT INTO barriers SELECT md5('barrier' || n)::uuid, {user}, md5('user' || n + 1)::uuid, 'BLOCK', now() FROM generate_series(1, 20000) n;
         INSERT INTO positions SELECT '{READER}', {book}, 0.5 FROM generate_series(0, 4999) n;
         INSERT INTO cases (id, kind, content_id, author_id, status, weight, report_count, opened_at)
            SELECT md5('case' || n)::uuid, 'POST', md5('post' || n || '-1')::uuid, {user}, CASE WHEN n % 100 = 0 THEN 'OPEN' ELSE 'KEPT' END, 1, 1, now() FROM generate_series(1, 20000) n;
         INSERT INTO reports SELECT md5('report' || n)::uuid, md5('case' || n)::uuid, {user}, 'SPAM', NULL, 1, now() FROM generate_series(1, 20000) n;",
        user = user("n"),
        book = book("n"),
        book_of_50 = book("(n % 50)"),
    ))
    .await;
    town.execute("VACUUM ANALYZE").await;
    town
}

/// Statistics of a session reach the shared counters once a second, with the end of a statement.
async fn flush(town: &Town) {
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let query = format!("{{ review(id: \"{}\") {{ id }} }}", Uuid::nil());
    town.guest().run(&query).await.ok();
}

async fn sequential(town: &Town) -> Vec<String> {
    let sql = format!(
        "SELECT relname || '=' || seq_scan AS line FROM pg_stat_user_tables WHERE relname IN ({TABLES}) ORDER BY relname"
    );
    town.lines(&sql).await
}

#[tokio::test]
async fn no_query_of_a_reader_reads_a_table_from_end_to_end() {
    let town = filled().await;
    let (reader, moderator) = (town.reader(READER), town.moderator(MODERATOR));
    flush(&town).await;
    let before = sequential(&town).await;
    let topics = reader
        .run_with(
            "query($f: ID!) { topics(forumId: $f, first: 20) { nodes { id author { id standing { followed } } tags { slug } posts(first: 20) { nodes { html parent { id } } } } } }",
            json!({ "f": FORUM }),
        )
        .await;
    let listed = topics.ok()["topics"]["nodes"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 20);
    assert_eq!(listed[0]["posts"]["nodes"].as_array().unwrap().len(), 3);
    let representations: Vec<Value> = (0..20)
        .map(|n| json!({ "__typename": "Book", "id": book(n) }))
        .collect();
    let query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Book { myReview { id } ratingSummary { mean } reviews(first: 20) { nodes { html author { id standing { muted } } } } } } }";
    let books = reader
        .run_with(query, json!({ "r": representations }))
        .await;
    let first = books.ok()["_entities"][0]["reviews"]["nodes"].clone();
    assert_eq!(first.as_array().unwrap().len(), 20);
    let query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { followers(first: 100) { nodes { user { id standing { followed } } } } } } }";
    let person = json!({ "r": [{ "__typename": "User", "id": READER }] });
    reader.run_with(query, person).await.ok();
    moderator
        .run("{ moderationQueue(first: 50) { nodes { reports { note } content { ... on Post { html } } } } moderationLog { nodes { id } } }")
        .await
        .ok();
    reader
        .run("{ myClubs { nodes { role } } myBlocks { nodes { since } } myModerationCases { nodes { id } } }")
        .await
        .ok();
    flush(&town).await;
    assert_eq!(sequential(&town).await, before);
}
