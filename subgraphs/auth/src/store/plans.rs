//! How PostgreSQL runs the hottest queries on filled tables: never by reading a whole one.
//!
//! The queries run as they are in production; the server itself counts the sequential scans of the transaction
//! (`pg_stat_xact_user_tables`), so nothing here repeats their SQL. What a failure shows is `EXPLAIN`'s job.

#![cfg(test)]

use std::collections::BTreeMap;

use coko_core::database::Connection;
use coko_core::paging::Page;
use coko_core::testkit::TestDatabase;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _, SimpleAsyncConnection as _};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    TimeKey, accounts, audit, followers, micros, phones, privacy, roles, sessions, social, tokens,
};
use crate::model::{AuditFilter, Method, Purpose, Status, UserFilter};

const ROWS: u32 = 20_000;

/// Twenty thousand accounts with what belongs to them; ids are derived from numbers so that the test can name one.
const FILL: &str = "
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS 'SELECT md5(kind || n)::uuid';
INSERT INTO users (id, email, phone_sealed, phone_index, display_name, language, time_zone, preferences, status, delete_after, created_at, updated_at)
SELECT pg_temp.id('user', n), 'user' || n || '@example.org', '\\x00', decode(md5('phone' || n), 'hex'), 'User ' || n, 'fr', 'UTC', '{}',
       CASE WHEN n % 100 = 0 THEN 'DELETING' WHEN n % 50 = 0 THEN 'SUSPENDED' ELSE 'ACTIVE' END,
       CASE WHEN n % 100 = 0 THEN timestamptz '2027-03-01' END, timestamptz '2026-01-01' + n * interval '1 minute', now()
FROM generate_series(1, {rows}) n;
INSERT INTO user_roles SELECT pg_temp.id('user', n), 'user', now() FROM generate_series(1, {rows}) n;
INSERT INTO user_roles SELECT pg_temp.id('user', n), 'author', now() FROM generate_series(1, {rows}, 40) n;
INSERT INTO sessions (id, user_id, method, created_at, last_used_at, expires_at)
SELECT pg_temp.id('session', n), pg_temp.id('user', n / 2 + 1), 'password', now(), now(), timestamptz '2027-01-01' + n * interval '1 minute'
FROM generate_series(1, {rows} * 2 - 2) n;
INSERT INTO refresh_tokens SELECT sha256(('token' || n)::bytea), pg_temp.id('session', n), now(), timestamptz '2027-01-01' + n * interval '1 minute'
FROM generate_series(1, {rows} * 2 - 2) n;
INSERT INTO one_time_tokens SELECT sha256(('link' || n)::bytea), pg_temp.id('user', n), 'VERIFY_EMAIL', now(), timestamptz '2027-01-01' + n * interval '1 minute'
FROM generate_series(1, {rows}) n;
INSERT INTO personal_access_tokens SELECT pg_temp.id('pat', n), pg_temp.id('user', n), 'script', '{books:read}', now(), timestamptz '2028-01-01'
FROM generate_series(1, {rows}) n;
INSERT INTO social_identities SELECT 'google', 'subject' || n, pg_temp.id('user', n), NULL, now(), now() FROM generate_series(1, {rows}) n;
INSERT INTO consents SELECT pg_temp.id('consent', n), pg_temp.id('user', n / 2 + 1), CASE n % 2 WHEN 0 THEN 'TRACKING' ELSE 'MARKETING' END, true, now()
FROM generate_series(1, {rows} * 2 - 2) n;
INSERT INTO followers SELECT pg_temp.id('user', n), pg_temp.id('user', n % 1000 + 1), true, now() FROM generate_series(1, {rows}) n;
INSERT INTO phone_codes SELECT decode(md5('phone' || n), 'hex'), '\\x00', 0, now(), timestamptz '2027-01-01' + n * interval '1 minute' FROM generate_series(1, {rows}) n;
INSERT INTO audit_log SELECT pg_temp.id('audit', n), now() - n * interval '1 minute', pg_temp.id('user', n % 500 + 1)::text,
       CASE WHEN n % 200 = 0 THEN 'role.granted' ELSE 'session.started' END, 'user', pg_temp.id('user', n % 500 + 1)::text, NULL, NULL, NULL, NULL, 'r'
FROM generate_series(1, {rows}) n;
ANALYZE;";

#[derive(QueryableByName)]
struct Scans {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = BigInt)]
    scans: i64,
}

/// Sequential scans so far in this transaction, by table; tables of a few pages are read whole, rightly.
async fn scans(connection: &mut Connection) -> BTreeMap<String, i64> {
    let sql =
        "SELECT s.relname::text AS \"table\", s.seq_scan AS scans FROM pg_stat_xact_user_tables s
        JOIN pg_class c ON c.oid = s.relid WHERE s.seq_scan > 0 AND c.reltuples >= 1000";
    let rows: Vec<Scans> = diesel::sql_query(sql).load(connection).await.unwrap();
    rows.into_iter().map(|row| (row.table, row.scans)).collect()
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: Uuid,
}

/// Runs a query and complains when the server read a whole table for it.
macro_rules! check {
    ($connection:ident, $faults:ident, $query:expr) => {{
        let before = scans($connection).await;
        let _ = $query.await?;
        for (table, count) in scans($connection).await {
            if before.get(&table).copied().unwrap_or(0) < count {
                $faults.push(format!("{} reads all of {table}", stringify!($query)));
            }
        }
    }};
}

fn page(from: Option<TimeKey>, backward: bool) -> Page<TimeKey> {
    let cursor = from.map(|key| coko_core::paging::encode("list", &key));
    let size = Some(50);
    if backward {
        Page::parse("list", None, None, size, cursor.as_deref()).unwrap()
    } else {
        Page::parse("list", size, cursor.as_deref(), None, None).unwrap()
    }
}

#[tokio::test]
async fn hot_queries_never_read_a_whole_table() {
    let database = TestDatabase::new("auth", || crate::MIGRATIONS).await;
    let mut filling = database.pool.get().await.unwrap();
    filling
        .batch_execute(&FILL.replace("{rows}", &ROWS.to_string()))
        .await
        .unwrap();
    // Another connection, whose counts begin at nothing.
    let mut connection = database.pool.get().await.unwrap();
    let user: Vec<Id> = diesel::sql_query("SELECT md5('user4000')::uuid AS id")
        .load(&mut filling)
        .await
        .unwrap();
    let user = user[0].id;
    let faults = connection
        .transaction(async |connection| {
            let mut faults: Vec<String> = Vec::new();
            let now = OffsetDateTime::from_unix_timestamp(1_798_761_600).unwrap();
            let middle = (micros(now - Duration::days(360)), user);
            let users: Vec<Uuid> = vec![user; 50];
            // A query that no index helps is noticed, or the rest would prove nothing.
            let unindexed = diesel::sql_query("SELECT id FROM users WHERE display_name = 'User 7'");
            let before = scans(connection).await;
            let _: Vec<Id> = unindexed.load(connection).await?;
            assert_ne!(scans(connection).await, before);
            check!(connection, faults, accounts::by_id(connection, user));
            check!(
                connection,
                faults,
                accounts::by_email(connection, "user4000@example.org")
            );
            check!(
                connection,
                faults,
                accounts::lock_by_email(connection, "user4000@example.org")
            );
            check!(
                connection,
                faults,
                accounts::lock_by_phone(connection, &[7; 16])
            );
            check!(connection, faults, accounts::by_ids(connection, &users));
            check!(connection, faults, roles::of(connection, &users));
            check!(
                connection,
                faults,
                roles::someone_else_has(connection, "admin", user)
            );
            check!(
                connection,
                faults,
                accounts::due_for_deletion(connection, now, 20)
            );
            check!(
                connection,
                faults,
                accounts::remove_unproven(connection, now - Duration::days(400))
            );
            for backward in [false, true] {
                for from in [None, Some(middle)] {
                    let page = page(from, backward);
                    let filters = [
                        UserFilter::default(),
                        UserFilter {
                            status: Some(Status::Suspended),
                            ..UserFilter::default()
                        },
                        UserFilter {
                            email_prefix: Some("user77".to_owned()),
                            ..UserFilter::default()
                        },
                        UserFilter {
                            role: Some("admin".to_owned()),
                            ..UserFilter::default()
                        },
                    ];
                    for filter in filters {
                        check!(
                            connection,
                            faults,
                            accounts::page(connection, &filter, &page)
                        );
                    }
                    check!(
                        connection,
                        faults,
                        sessions::page(connection, user, &page, now)
                    );
                    check!(
                        connection,
                        faults,
                        privacy::consent_page(connection, user, &page)
                    );
                    for filter in [
                        AuditFilter {
                            actor_id: Some(user.to_string()),
                            ..AuditFilter::default()
                        },
                        AuditFilter {
                            subject_id: Some(user.to_string()),
                            ..AuditFilter::default()
                        },
                    ] {
                        check!(connection, faults, audit::page(connection, &filter, &page));
                    }
                }
            }
            check!(
                connection,
                faults,
                sessions::lock_refresh(connection, &[7; 32])
            );
            check!(
                connection,
                faults,
                sessions::spend_refresh(connection, &[7; 32], now)
            );
            check!(
                connection,
                faults,
                sessions::live_of(connection, &users, now)
            );
            check!(
                connection,
                faults,
                sessions::find_one_time(connection, &[7; 32], Purpose::VerifyEmail, now)
            );
            check!(
                connection,
                faults,
                sessions::remove_expired(connection, now - Duration::days(1))
            );
            check!(connection, faults, tokens::live_of(connection, user, now));
            check!(
                connection,
                faults,
                social::user_of(connection, Method::Google, "subject77")
            );
            check!(
                connection,
                faults,
                privacy::current_consents(connection, user)
            );
            check!(
                connection,
                faults,
                followers::followed_by(connection, user, &users)
            );
            check!(connection, faults, phones::lock_code(connection, &[7; 16]));
            check!(
                connection,
                faults,
                phones::remove_expired(connection, now - Duration::days(1))
            );
            QueryResult::Ok(faults)
        })
        .await
        .unwrap();
    assert!(faults.is_empty(), "{faults:#?}");
}
