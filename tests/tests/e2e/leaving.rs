//! A person who has something in every domain takes a copy of it along, and leaves: nothing personal remains in any database, any
//! file, the broker or Redis but what is listed here with its reason. What the law wants kept stays, under an id that names nobody.

mod life;

use coko_core::servers::{Durability, Program, RedisServer, find};
use coko_tests::{Shape, Stack, Trace, words_in};
use diesel_async::RunQueryDsl as _;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use self::life::{Person, WRITTEN, lives};
use super::admin::{copied, mutate};
use super::count;

/// Lists that hold something of the person besides.
const LISTED: [(&str, &str); 11] = [
    ("catalog", "books"),
    ("file", "files"),
    ("gamification", "points"),
    ("notification", "notifications"),
    ("payment", "orders"),
    ("payment", "invoices"),
    ("publication", "manuscripts"),
    ("publication", "royalties"),
    ("reading", "rights"),
    ("reading", "progress"),
    ("recommendation", "feedback"),
];

/// What may remain: the beginning of the place, and why.
const REMAINS: [(&str, &str); 2] = [
    (
        "letters/",
        "the person's own mailbox, which this folder stands for",
    ),
    (
        "texts/",
        "the person's own phone, which this folder stands for",
    ),
];

/// The copy has every domain's part, with the words that were written.
async fn takes_along(stack: &Stack, person: &Person) {
    let (_, copy) = copied(stack, &person.client).await;
    let part = |domain: &str| copy["domains"][domain].to_string().to_lowercase();
    let account = part("auth");
    for word in [&person.name(), &person.account.email, &person.phone] {
        assert!(account.contains(word), "{word}: {account}");
    }
    for (what, domain) in WRITTEN {
        assert!(
            part(domain).contains(&person.word(what)),
            "{what}: {copy:#}"
        );
    }
    for (domain, list) in LISTED {
        let listed = copy["domains"][domain][list].as_array();
        assert!(
            listed.is_some_and(|listed| !listed.is_empty()),
            "{domain}: {copy:#}"
        );
    }
}

/// Asks for the end of the account; thirty days later, which are cut short here, it comes.
async fn leaves(stack: &mut Stack, person: &Person) {
    let input = json!({ "password": person.account.password });
    let delete = ("deleteAccount", "DeleteAccountInput");
    let asked = mutate(&person.client, delete, "deleteAfter", input).await;
    assert!(asked["deleteAfter"].is_string(), "{asked}");
    let pool = stack.pool("auth").unwrap();
    let mut connection = pool.get().await.unwrap();
    let due = format!(
        "UPDATE users SET delete_after = now() - interval '1 minute' WHERE id = '{}' AND status = 'DELETING'",
        person.id
    );
    let changed = diesel::sql_query(due).execute(&mut connection).await;
    assert_eq!(changed.unwrap(), 1);
    drop(connection);
    // A process that starts looks at once for what has fallen due.
    stack.kill("auth").await.unwrap();
    stack.restart("auth").await.unwrap();
}

/// A Redis of this test's own, where it is installed.
async fn redis(directory: &TempDir) -> Option<RedisServer> {
    if find(Program::Redis).is_none() {
        println!("without Redis, which is not installed");
        return None;
    }
    let server = RedisServer::start(directory.path(), Durability::Throwaway).await;
    Some(server.unwrap())
}

/// Everything that Redis holds, keys and values of every type: its dump, uncompressed.
async fn dumped(server: &RedisServer, directory: &TempDir) -> Vec<u8> {
    let url = server.url();
    let (_, rest) = url.split_once("://:").unwrap();
    let (password, _) = rest.rsplit_once('@').unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .unwrap();
    let commands = format!("AUTH {password}\r\nCONFIG SET rdbcompression no\r\nSAVE\r\nQUIT\r\n");
    stream.write_all(commands.as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "+OK\r\n".repeat(4));
    tokio::fs::read(directory.path().join("dump.rdb"))
        .await
        .unwrap()
}

/// Whether a trace may remain.
fn may_remain(trace: &Trace) -> bool {
    let mut places = REMAINS.iter();
    places.any(|(place, _)| trace.place.starts_with(place))
}

/// How many entries of the audit log say from where and with what the person did something.
async fn located(stack: &Stack, person: &Person) -> i64 {
    let sql = format!(
        "SELECT count(*) AS count FROM audit_log WHERE (address IS NOT NULL OR agent IS NOT NULL)
            AND (actor_id = '{0}' OR actor_id IS NULL AND (subject_id = '{0}' OR new_values ->> 'user' = '{0}'))",
        person.id
    );
    count(&stack.pool("auth").unwrap(), &sql).await.unwrap()
}

/// Whether the erasure counts as done.
async fn erased(stack: &Stack, person: &Person) -> bool {
    let sql = format!(
        "SELECT count(*) AS count FROM erasures WHERE done_at IS NOT NULL AND user_id = '{}'",
        person.id
    );
    count(&stack.pool("auth").unwrap(), &sql).await == Some(1)
}

async fn journey(shape: Shape) {
    let directory = tempfile::Builder::new()
        .prefix("coko-leaving-")
        .tempdir()
        .unwrap();
    let redis = redis(&directory).await;
    let url = redis.as_ref().map(RedisServer::url);
    let mut variables = vec![
        ("COKO_AUTH_LIMITS__LOGIN__PERMITS", "1000"),
        ("COKO_AUTH_LIMITS__LOGIN__SECONDS", "60"),
    ];
    variables.extend(url.as_deref().map(|url| ("COKO_REDIS_URL", url)));
    let mut stack = Stack::start_with(shape, &variables).await.unwrap();
    let person = lives(&stack).await;
    takes_along(&stack, &person).await;

    // Who looks finds every word before, so that finding none afterwards says something.
    let words = person.words();
    let before = stack.traces(&words).await.unwrap();
    for word in &words {
        let found = |trace: &&Trace| trace.word == *word && !may_remain(trace);
        assert!(before.iter().any(|trace| found(&trace)), "{word}");
    }
    let named = |place: &str| {
        let is_there =
            |trace: &Trace| trace.place.starts_with(place) && trace.word == person.name();
        before.iter().any(is_there)
    };
    assert!(named("nats/") && named("auth.outbox.event"), "{before:#?}");
    assert!(located(&stack, &person).await > 0);

    leaves(&mut stack, &person).await;
    let gone = person.client.run("{ me { id } }").await.unwrap();
    assert_eq!(gone.codes(), ["UNAUTHENTICATED"]);
    let mut left = Vec::new();
    for _ in 0..90 {
        left = stack.traces(&words).await.unwrap();
        left.retain(|trace| !may_remain(trace));
        if let Some(server) = &redis {
            let held = dumped(server, &directory).await;
            left.extend(words_in(&held, &words).map(|word| Trace {
                place: "redis".to_owned(),
                word: word.clone(),
            }));
        }
        if left.is_empty() && erased(&stack, &person).await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    assert!(left.is_empty(), "{left:#?}");
    assert!(erased(&stack, &person).await);
    assert_eq!(located(&stack, &person).await, 0);
    // Who did what and when is still known.
    let sql = format!(
        "SELECT count(*) AS count FROM audit_log WHERE actor_id = '{}' AND action = 'profile.updated'",
        person.id
    );
    let known = count(&stack.pool("auth").unwrap(), &sql).await;
    assert_eq!(known, Some(1));

    // The law wants books of account kept: they are, and name nobody.
    for (domain, what) in [
        ("payment", "orders WHERE user_id"),
        ("payment", "invoices WHERE user_id"),
        ("publication", "accruals WHERE payee_id"),
        (
            "auth",
            "users WHERE status = 'DELETED' AND display_name = '' AND id",
        ),
        ("auth", "impersonations WHERE reason = '' AND user_id"),
    ] {
        let sql = format!("SELECT count(*) AS count FROM {what} = '{}'", person.id);
        let kept = count(&stack.pool(domain).unwrap(), &sql).await;
        assert_eq!(kept, Some(1), "{domain}: {what}");
    }
    for domain in ["payment", "publication"] {
        let sql = "SELECT coalesce(sum(amount), 0)::bigint AS count FROM ledger_entries";
        let balance = count(&stack.pool(domain).unwrap(), sql).await;
        assert_eq!(balance, Some(0), "{domain}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
