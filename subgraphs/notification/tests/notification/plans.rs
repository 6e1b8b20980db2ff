//! What a page of a filled list costs, told by PostgreSQL's own counters rather than by a clock.

use std::time::Duration;

use crate::support::{Office, READER, paid};

/// A hundred thousand people with notifications and deliveries, over a single connection.
async fn filled() -> Office {
    let office = Office::with(1, |_, _, _| {}).await;
    office
        .execute(&format!(
            "INSERT INTO people (user_id) SELECT md5('p' || n)::uuid FROM generate_series(1, 20000) n;
             INSERT INTO people (user_id) VALUES ('{READER}');
             INSERT INTO preferences SELECT md5('p' || n)::uuid, 'REPLY', 'PUSH', false FROM generate_series(1, 20000) n;
             INSERT INTO devices SELECT md5('d' || n)::uuid, md5('p' || n)::uuid, 'ANDROID', null, '\\x00', n::text::bytea, now(), '2027-01-01'
                FROM generate_series(1, 20000) n;
             INSERT INTO notifications SELECT md5('n' || n)::uuid, md5('p' || n % 20000)::uuid, 'POST_REPLY', n::text, '{{}}', null, true,
                '2027-01-10'::timestamptz + n * interval '1 second', CASE WHEN n % 3 > 0 THEN now() END FROM generate_series(1, 100000) n;
             INSERT INTO notifications SELECT md5('r' || n)::uuid, '{READER}', 'POST_REPLY', n::text, '{{}}', null, true,
                '2027-01-10'::timestamptz + n * interval '1 second', null FROM generate_series(1, 500) n;
             INSERT INTO deliveries (id, user_id, workflow, channel, critical, digest, status, expires_at, created_at, updated_at)
                SELECT md5('v' || n)::uuid, md5('p' || n % 20000)::uuid, 'REPLY', 'PUSH', false, false, 'SENT', now(), '2027-01-10', now()
                FROM generate_series(1, 100000) n;
             INSERT INTO delivery_items SELECT md5('v' || n)::uuid, md5('n' || n)::uuid FROM generate_series(1, 100000) n;
             INSERT INTO suppressions SELECT 'EMAIL', n::text::bytea, 'BOUNCED', now() FROM generate_series(1, 20000) n;
             INSERT INTO callbacks SELECT 'twilio', n::text, '2027-01-10' FROM generate_series(1, 20000) n;"
        ))
        .await;
    office.execute("VACUUM ANALYZE").await;
    office
}

async fn sequential(office: &Office) -> Vec<String> {
    // Statistics of a session reach the shared counters once a second, with the end of a statement.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let sql = "SELECT relname || '=' || seq_scan AS line FROM pg_stat_user_tables
        WHERE relname IN ('people', 'preferences', 'devices', 'notifications', 'deliveries', 'delivery_items', 'suppressions', 'callbacks')
        ORDER BY relname";
    office.lines(sql).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    office.lines(sql).await
}

#[tokio::test]
async fn no_query_reads_a_table_from_end_to_end() {
    let office = filled().await;
    let before = sequential(&office).await;
    let query = "{ notifications(first: 100) { nodes { id title text actor { id } } pageInfo { endCursor } } unread: notifications(unread: true) { nodes { id } }
        unreadCount preferences { digest } pushDevices { id } }";
    office.reader(READER).run(query).await.ok();
    let deliveries =
        format!("{{ deliveries(userId: \"{READER}\") {{ nodes {{ id attempts {{ at }} }} }} }}");
    office.operator().run(&deliveries).await.ok();
    office.tell(&paid(READER, 1)).await;
    // Asked for as an operator would: looking into the table would be a scan of the test's own.
    let became = format!("{{ deliveries(userId: \"{READER}\") {{ nodes {{ status }} }} }}");
    office
        .eventually("the letter to nowhere", async || {
            let answer = office.operator().run(&became).await;
            let nodes = answer.ok()["deliveries"]["nodes"]
                .as_array()
                .unwrap()
                .clone();
            nodes.iter().any(|delivery| delivery["status"] == "FAILED")
        })
        .await;
    let mark = "mutation { markRead(input: { until: \"2027-02-01T00:00:00Z\" }) { marked } }";
    let marked = office.reader(READER).run(mark).await;
    assert_eq!(marked.ok()["markRead"]["marked"], 501);
    assert_eq!(sequential(&office).await, before);
}
