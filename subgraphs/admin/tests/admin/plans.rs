//! What much of everything costs, told by PostgreSQL's own counters rather than by a clock; and that migrations can be undone.

use coko_core::database::{Direction, migrate, migration_status};
use coko_core::testkit::TestDatabase;

use crate::support::Desk;

#[tokio::test]
async fn lists_are_read_from_indexes_however_long_they_are() {
    let desk = Desk::new().await;
    desk.execute(
        "INSERT INTO reported_contents (case_id, kind, content_id, author_id, status, reports, reasons, hidden, reported_at, status_at)
            SELECT md5('case' || n)::uuid, 'POST', md5('post' || n)::uuid, md5('user' || n % 500)::uuid,
                   CASE WHEN n % 100 = 0 THEN 'OPEN' ELSE 'DECIDED' END, 1, '{\"SPAM\": 1}', false, now() - n * interval '1 minute', now()
            FROM generate_series(1, 20000) n;
         INSERT INTO metrics (metric, day, country, value)
            SELECT m, date '2025-01-01' + d, c, 1 FROM unnest(ARRAY['POSTS', 'REVIEWS', 'SIGN_INS', 'DOWNLOADS']) m,
                   generate_series(0, 400) d, unnest(ARRAY['SN', 'CI', 'ML', 'BF', 'TG', 'BJ', 'NE', 'GN', 'CM', 'ZZ']) c;
         INSERT INTO people (user_id) SELECT md5('user' || n)::uuid FROM generate_series(1, 20000) n;
         INSERT INTO notes (id, user_id, operator_id, text, created_at)
            SELECT md5('note' || n)::uuid, md5('user' || n)::uuid, md5('x')::uuid, 'x', now() FROM generate_series(1, 20000) n;
         INSERT INTO discrepancies (attempt_id, order_id, provider, outcome, amount, currency, found_at, closed_at)
            SELECT md5('attempt' || n)::uuid, md5('order' || n)::uuid, 'WAVE', 'MISSED_HERE', 1, 'XOF', now() - n * interval '1 minute',
                   CASE WHEN n % 50 = 0 THEN NULL ELSE now() END FROM generate_series(1, 20000) n",
    )
    .await;
    desk.execute("VACUUM ANALYZE").await;
    for (sql, index) in [
        (
            "SELECT * FROM reported_contents WHERE status = 'OPEN' ORDER BY reported_at, case_id LIMIT 21",
            "reported_contents_queue",
        ),
        (
            "SELECT * FROM discrepancies WHERE closed_at IS NULL ORDER BY found_at DESC, attempt_id DESC LIMIT 21",
            "discrepancies_open",
        ),
        (
            "SELECT * FROM discrepancies ORDER BY found_at DESC, attempt_id DESC LIMIT 21",
            "discrepancies_newest",
        ),
        (
            "SELECT * FROM notes WHERE user_id = md5('user7')::uuid ORDER BY id DESC LIMIT 50",
            "notes_of_user",
        ),
        (
            "SELECT sum(value) FROM metrics WHERE metric = 'POSTS' AND day BETWEEN '2025-03-01' AND '2025-03-31'",
            "metrics_pkey",
        ),
        (
            "SELECT * FROM orders WHERE seen_at < now() ORDER BY seen_at LIMIT 100",
            "orders_seen",
        ),
    ] {
        let explain = format!("SELECT plan AS line FROM explained($$ {sql} $$) plan");
        desk.execute(
            "CREATE OR REPLACE FUNCTION explained(query text) RETURNS SETOF text LANGUAGE plpgsql AS $f$
             BEGIN SET LOCAL enable_seqscan = off; RETURN QUERY EXECUTE 'EXPLAIN ' || query; END $f$",
        )
        .await;
        let plan = desk.lines(&explain).await.join("\n");
        assert!(plan.contains(index), "{sql}\n{plan}");
        assert!(!plan.contains("Sort Key"), "{sql}\n{plan}");
    }
}

#[tokio::test]
async fn who_was_active_long_ago_is_dropped_by_the_month() {
    let desk = Desk::new().await;
    desk.execute(
        "SELECT admin_make_partition('actives', '2026-03-15'); SELECT admin_make_partition('actives', '2026-03-20');
         INSERT INTO actives (starts, period, user_id) SELECT '2026-03-01'::date + n % 28, 'DAY', md5(n::text)::uuid FROM generate_series(1, 100) n;
         INSERT INTO actives (starts, period, user_id) VALUES ('2019-01-01', 'DAY', md5('x')::uuid), ('2027-01-15', 'DAY', md5('x')::uuid);
         SELECT admin_drop_actives('2026-04-01')",
    )
    .await;
    assert_eq!(
        desk.number("SELECT count(*) AS number FROM actives").await,
        1
    );
    let gone = "SELECT (to_regclass('actives_2026_03') IS NULL)::int::bigint AS number";
    assert_eq!(desk.number(gone).await, 1);
}

#[tokio::test]
async fn every_migration_can_be_reverted_and_run_again() {
    let database = TestDatabase::new("admin", || coko_admin::MIGRATIONS).await;
    let url = &database.url;
    let reverted = migrate(url, coko_admin::MIGRATIONS, Direction::Down)
        .await
        .unwrap();
    assert_eq!(reverted.len(), 1);
    let status = migration_status(url, coko_admin::MIGRATIONS).await.unwrap();
    assert_eq!(status.pending.len(), 1, "{status:?}");
    let run = migrate(url, coko_admin::MIGRATIONS, Direction::Up)
        .await
        .unwrap();
    assert_eq!(run.len(), 1);
}
