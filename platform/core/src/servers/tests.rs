//! Real servers: started, stopped, killed, adopted. A program that is not installed is said so and left out.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;

/// A directory that the servers' user can reach.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    directory
}

fn installed(program: Program) -> bool {
    let found = find(program).is_some();
    if !found {
        println!("skipped: {} is not installed", program.name());
    }
    found
}

async fn query(url: &str, sql: &str) -> Option<String> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .ok()?;
    let connection = tokio::spawn(connection);
    let rows = client.simple_query(sql).await.ok()?;
    connection.abort();
    let answer = rows.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    Some(answer.unwrap_or_default())
}

#[tokio::test]
async fn postgres_keeps_what_was_committed_through_stop_kill_and_restart() {
    if !installed(Program::Postgres) {
        return;
    }
    let place = directory();
    let mut server = PostgresServer::start(&place.path().join("pg"), Durability::Durable)
        .await
        .unwrap();
    let url = server.url("postgres");
    query(&url, "CREATE TABLE kept (n int)").await.unwrap();
    query(&url, "INSERT INTO kept VALUES (1)").await.unwrap();

    server.stop().await;
    assert!(query(&url, "SELECT 1").await.is_none());
    let begun = std::time::Instant::now();
    server.restart().await.unwrap();
    assert!(
        begun.elapsed() < std::time::Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(server.url("postgres"), url, "the port is kept");

    query(&url, "INSERT INTO kept VALUES (2)").await.unwrap();
    server.kill().await;
    server.restart().await.unwrap();
    assert_eq!(
        query(&server.url("postgres"), "SELECT sum(n) FROM kept")
            .await
            .as_deref(),
        Some("3")
    );
    assert_eq!(query(&url, "SELECT lower('É')").await.as_deref(), Some("é"));
    let wrong = url.replacen("coko:", "coko:not-", 1);
    assert!(
        query(&wrong, "SELECT 1").await.is_none(),
        "a wrong password is refused"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_server_left_behind_is_adopted_never_doubled() {
    if !installed(Program::Postgres) || !installed(Program::Nats) {
        return;
    }
    let place = directory();
    let mut first = Servers::start(place.path(), Durability::Throwaway, Wanted::ALL)
        .await
        .unwrap();
    let pids = |servers: &Servers| {
        let redis = servers.redis.as_ref().map(RedisServer::pid);
        (
            servers.postgres.as_ref().unwrap().pid(),
            servers.nats.as_ref().unwrap().pid(),
            redis,
        )
    };
    let known = pids(&first);
    let addresses = Servers::running(place.path());
    assert_eq!(addresses.database("x"), first.addresses().database("x"));
    assert_eq!(addresses.nats, first.addresses().nats);
    let created = first
        .postgres
        .as_ref()
        .unwrap()
        .ensure_database("x")
        .await
        .unwrap();
    let again = first
        .postgres
        .as_ref()
        .unwrap()
        .ensure_database("x")
        .await
        .unwrap();
    assert!(created && !again);
    first.detach();
    drop(first);

    let mut second = Servers::start(place.path(), Durability::Throwaway, Wanted::ALL)
        .await
        .unwrap();
    assert_eq!(pids(&second), known);
    second.detach();
    drop(second);

    let stopped = Servers::stop_orphans(place.path()).await;
    assert!(
        stopped.contains(&Program::Postgres) && stopped.contains(&Program::Nats),
        "{stopped:?}"
    );
    assert!(Servers::stop_orphans(place.path()).await.is_empty());

    let mut third = Servers::start(place.path(), Durability::Throwaway, Wanted::ALL)
        .await
        .unwrap();
    assert_ne!(pids(&third), known);
    third.stop().await;
}

#[tokio::test]
async fn a_stale_pid_file_does_not_keep_postgres_from_starting() {
    if !installed(Program::Postgres) {
        return;
    }
    let place = directory();
    let folder = place.path().join("pg");
    let mut server = PostgresServer::start(&folder, Durability::Throwaway)
        .await
        .unwrap();
    let lock = folder.join("data").join("postmaster.pid");
    let text = std::fs::read_to_string(&lock).unwrap();
    server.kill().await;
    // As if the number now belonged to another program.
    let rest = text.split_once('\n').unwrap().1;
    std::fs::write(&lock, format!("{}\n{rest}", std::process::id())).unwrap();
    server.restart().await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_broken_cluster_is_reported_with_what_the_server_said() {
    if !installed(Program::Postgres) {
        return;
    }
    let place = directory();
    let folder = place.path().join("pg");
    let mut server = PostgresServer::start(&folder, Durability::Throwaway)
        .await
        .unwrap();
    server.stop().await;
    std::fs::write(
        folder.join("data").join("postgresql.conf"),
        "no_such_setting = 1\n",
    )
    .unwrap();
    let error = server.restart().await.unwrap_err().to_string();
    assert!(
        error.contains("PostgreSQL did not start") && error.contains("no_such_setting"),
        "{error}"
    );

    std::fs::write(folder.join("data").join("PG_VERSION"), "7\n").unwrap();
    let error = PostgresServer::start(&folder, Durability::Throwaway)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("written by PostgreSQL 7") && error.contains("--purge"),
        "{error}"
    );
}

#[tokio::test]
async fn dropping_a_server_stops_it() {
    if !installed(Program::Nats) {
        return;
    }
    let place = directory();
    let server = NatsServer::start(&place.path().join("nats")).await.unwrap();
    let port = server.port();
    drop(server);
    assert!(
        std::net::TcpListener::bind(("127.0.0.1", port)).is_ok(),
        "port {port} is free again"
    );
}

#[tokio::test]
async fn streams_survive_a_killed_nats_server() {
    if !installed(Program::Nats) {
        return;
    }
    let place = directory();
    let mut server = NatsServer::start(&place.path().join("nats")).await.unwrap();
    let nats = crate::service::Nats::connect(&server.url(), "test", 1)
        .await
        .unwrap();
    nats.ensure_stream("servers").await.unwrap();
    let subject = crate::events::subject("servers", "kept");
    nats.jetstream
        .publish(subject, "1".into())
        .await
        .unwrap()
        .await
        .unwrap();
    server.kill().await;
    server.restart().await.unwrap();
    let again = crate::service::Nats::connect(&server.url(), "test", 1)
        .await
        .unwrap();
    let stream = again.ensure_stream("servers").await.unwrap();
    assert_eq!(stream.get_info().await.unwrap().state.messages, 1);
    server.stop().await;
}

#[tokio::test]
async fn redis_asks_for_its_password() {
    if !installed(Program::Redis) {
        return;
    }
    let place = directory();
    let mut server = RedisServer::start(&place.path().join("redis"), Durability::Throwaway)
        .await
        .unwrap();
    assert!(server.url().starts_with("redis://:"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.path().join("redis").join("password")), 0o600);
    assert_eq!(mode(&place.path().join("redis").join("redis.conf")), 0o600);
    server.kill().await;
    server.restart().await.unwrap();
    server.stop().await;
}
