//! What pages and bookings cost over filled tables, told by PostgreSQL's own counters rather than by a clock.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{AUTHOR, House};

/// Tables that grow without bound.
const TABLES: &str = "'manuscripts', 'manuscript_versions', 'manuscript_notes', 'sales', 'accruals', 'balances', 'journals', 'ledger_entries'";

/// An organisation with twenty thousand manuscripts, each sold five times, over a single connection.
async fn filled() -> (House, Value, Value) {
    let house = House::with(1).await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.published(AUTHOR, &baobab, "Les Pluies").await;
    let organization = baobab.as_str().unwrap();
    house
        .execute(&format!(
            "INSERT INTO manuscripts (id, organization_id, book_id, title, language, authors, categories, prices, status, created_by, submitted_at, created_at, updated_at)
                SELECT md5('m' || n)::uuid, '{organization}', md5('b' || n)::uuid, 'T' || n, 'fr', '[]', '[]', '[]',
                       CASE WHEN n % 10 = 0 THEN 'SUBMITTED' ELSE 'DRAFT' END, '{AUTHOR}', now() - n * interval '1 minute', now() - n * interval '1 minute', now()
                FROM generate_series(1, 20000) n;
             INSERT INTO manuscript_versions SELECT md5('v' || n)::uuid, md5('m' || n)::uuid, 1, md5('f' || n)::uuid, NULL, '{AUTHOR}', now() FROM generate_series(1, 20000) n;
             INSERT INTO manuscript_notes SELECT md5('n' || n)::uuid, md5('m' || n)::uuid, '{AUTHOR}', NULL, 'x', now() FROM generate_series(1, 20000) n;
             INSERT INTO sales SELECT md5('s' || n)::uuid, md5('m' || (n / 5 + 1))::uuid, 'BOOKED', 1000, 'XOF', now() FROM generate_series(1, 99990) n;
             INSERT INTO accruals SELECT md5('a' || n)::uuid, 'SALE', md5('s' || n)::uuid, NULL, md5('m' || (n / 5 + 1))::uuid, md5('p' || n % 1000)::uuid,
                    1, 1000, 700, 'XOF', CASE WHEN n % 50 = 0 THEN 'ESCROW' ELSE 'PAYABLE' END, now() - n * interval '1 minute', '2027-06-01', NULL
                FROM generate_series(1, 99990) n;
             INSERT INTO balances SELECT md5('p' || n)::uuid, 'XOF', 700, 700 FROM generate_series(1, 20000) n;
             INSERT INTO journals SELECT md5('j' || n)::uuid, 'old:' || n, md5('s' || n)::uuid, now() FROM generate_series(1, 20000) n;
             INSERT INTO ledger_entries (journal_id, account, amount, currency)
                SELECT md5('j' || n)::uuid, 'x', side, 'XOF' FROM generate_series(1, 20000) n, unnest(ARRAY[-1, 1]) side;"
        ))
        .await;
    house.execute("VACUUM ANALYZE").await;
    (house, baobab, manuscript)
}

/// Statistics of a session reach the shared counters once a second, with the end of a statement.
async fn flush(house: &House) {
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let query = "{ royaltyStatements(payeeId: \"x\") { nodes { id } } }";
    house.author(AUTHOR).run(query).await.ok();
}

async fn sequential(house: &House) -> Vec<String> {
    let sql = format!(
        "SELECT relname || '=' || seq_scan AS line FROM pg_stat_user_tables WHERE relname IN ({TABLES}) ORDER BY relname"
    );
    house.lines(&sql).await
}

#[tokio::test]
async fn no_query_reads_a_table_from_end_to_end() {
    let (house, baobab, manuscript) = filled().await;
    flush(&house).await;
    let before = sequential(&house).await;
    let author = house.author(AUTHOR);
    let reviewer = house.reviewer();
    let (mut after, mut waiting) = (Value::Null, Value::Null);
    for _ in 0..3 {
        let query = "query($o: ID!, $m: ID!, $c: String) { manuscripts(organizationId: $o, first: 50, after: $c) { nodes { title latestVersion { number } } pageInfo { endCursor } }
            manuscriptVersions(manuscriptId: $m) { nodes { number } } manuscriptNotes(manuscriptId: $m) { nodes { body } }
            royaltyAccruals(payeeId: $o) { nodes { amount { amount } title } } royaltyAccounts { balances { payable { amount } } } }";
        let variables = json!({ "o": baobab, "m": manuscript["id"], "c": after });
        let answer = author.run_with(query, variables).await;
        let page = &answer.ok()["manuscripts"];
        assert_eq!(page["nodes"].as_array().unwrap().len(), 50);
        after = page["pageInfo"]["endCursor"].clone();
        let query = "query($c: String) { reviewQueue(first: 50, after: $c) { nodes { title } pageInfo { endCursor } } }";
        let answer = reviewer.run_with(query, json!({ "c": waiting })).await;
        waiting = answer.ok()["reviewQueue"]["pageInfo"]["endCursor"].clone();
    }
    let purchase = house.purchase(&manuscript, 1, 2000);
    house.tell(&purchase).await;
    house.tell(&house.refund(&purchase)).await;
    flush(&house).await;
    assert_eq!(sequential(&house).await, before);
}
