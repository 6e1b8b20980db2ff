//! What roles ask each other, settings and heartbeats, over a real broker.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use coko_core::clock::Clock;
use coko_core::dead_letters::{self, Question};
use coko_core::heartbeat::{self, Health};
use coko_core::ids::Entropy;
use coko_core::service::{Bus, Nats, Platform, Task};
use coko_core::settings::{Setting, Settings};
use coko_core::testkit::{TestDatabase, TestPlatform};
use coko_core::{Code, Error, ask, export};
use diesel_async::SimpleAsyncConnection as _;
use diesel_migrations::EmbeddedMigrations;
use futures::FutureExt as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

async fn platform() -> Platform {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration but this variable"
    )]
    let url = std::env::var("COKO_TEST_NATS_URL")
        .unwrap_or_else(|_| panic!("COKO_TEST_NATS_URL is not set; run `make test`"));
    let mut test = TestPlatform::with(Clock::system(), Entropy::system());
    let nats = Nats::connect(&url, "test", 1).await.unwrap();
    test.platform.bus = Bus::Nats(nats);
    test.platform
}

/// A task that runs until it goes out of scope.
struct Running(CancellationToken);

impl Running {
    fn new(task: &Task) -> Self {
        let stop = CancellationToken::new();
        tokio::spawn(task.run(stop.clone()));
        Self(stop)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Waits until `probe` gives something, at most ten seconds.
async fn eventually<T>(mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..100 {
        if let Some(found) = probe().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it did not come about within ten seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_whole_however_long_it_is() {
    let platform = platform().await;
    let unheard: Result<Value, Error> = ask::ask(&platform, "test-long", "text", &1_usize).await;
    assert_eq!(unheard.unwrap_err().code(), Code::DownstreamUnavailable);
    let task = ask::answer(&platform, "test-long", "text", |length: usize| {
        async move {
            match length {
                0 => Err(Error::not_found()),
                1 => Err(Error::internal("not now")),
                length => Ok("é".repeat(length)),
            }
        }
        .boxed()
    });
    let _running = Running::new(&task);
    let ask = async |length: usize| -> Result<String, Error> {
        ask::ask(&platform, "test-long", "text", &length).await
    };
    eventually(async || ask(2).await.ok()).await;
    // Three mebibytes, and two that ask at once.
    let (long, short) = tokio::join!(ask(1_500_000), ask(3));
    assert_eq!(long.unwrap().chars().count(), 1_500_000);
    assert_eq!(short.unwrap(), "ééé");
    assert_eq!(ask(0).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(
        ask(1).await.unwrap_err().code(),
        Code::DownstreamUnavailable
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_key_gets_no_answer() {
    let platform = platform().await;
    let task = ask::answer(&platform, "test-closed", "text", |_: Value| {
        async move { Ok(json!("secret")) }.boxed()
    });
    let _running = Running::new(&task);
    let answered = async || {
        let answer: Result<Value, Error> = ask::ask(&platform, "test-closed", "text", &1).await;
        answer.ok()
    };
    eventually(answered).await;
    let Bus::Nats(nats) = &platform.bus else {
        panic!("there is a broker")
    };
    let forged = serde_json::to_vec(
        &json!({ "asked_at": platform.clock.now().unix_timestamp(), "question": 1 }),
    );
    let asking = nats
        .client
        .request("coko-ask.test-closed.text", forged.unwrap().into());
    let waited = tokio::time::timeout(Duration::from_secs(1), asking).await;
    assert!(waited.is_err(), "{waited:?}");
}

fn no_migrations() -> EmbeddedMigrations {
    EmbeddedMigrations::new(&[])
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_shown_replayed_and_discarded_from_afar() {
    let platform = platform().await;
    let database = TestDatabase::new("core", no_migrations).await;
    let mut connection = database.pool.get().await.unwrap();
    connection
        .batch_execute(
            "INSERT INTO dead_letter (consumer, event_id, subject, payload, error, attempts, failed_at)
             SELECT 'test', lpad(n::text, 32, '0')::uuid, 'coko.x.y', 'payload', 'why', 1, timestamptz '2026-01-01 00:00Z' + (n / 2) * interval '1 hour'
             FROM generate_series(1, 9) n",
        )
        .await
        .unwrap();
    let _running = Running::new(&dead_letters::task(
        &platform,
        "test-dead",
        database.pool.clone(),
    ));
    let id = |number: u32| -> Uuid { format!("{number:032}").parse().unwrap() };
    let ask = async |question: Question| dead_letters::ask(&platform, "test-dead", &question).await;
    let list = |after| Question::List { after, limit: 4 };
    let first = eventually(async || ask(list(None)).await.ok()).await;
    let mut found: Vec<Uuid> = first.letters.iter().map(|letter| letter.event_id).collect();
    let mut last = first.letters.last().cloned();
    while let Some(letter) = last {
        let micros = i64::try_from(letter.failed_at.unix_timestamp_nanos() / 1000).unwrap();
        let next = ask(list(Some((micros, letter.event_id)))).await.unwrap();
        found.extend(next.letters.iter().map(|letter| letter.event_id));
        last = next.letters.last().cloned();
    }
    let expected: Vec<Uuid> = (1..=9).rev().map(id).collect();
    assert_eq!(found, expected);
    let shown = ask(Question::Show(id(5))).await.unwrap();
    assert_eq!(shown.payload.as_deref(), Some("payload"));
    ask(Question::Replay(id(5))).await.unwrap();
    ask(Question::Discard(id(6))).await.unwrap();
    for question in [
        Question::Discard(id(6)),
        Question::Show(id(6)),
        Question::Replay(id(66)),
    ] {
        assert_eq!(ask(question).await.unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(dead_letters::count(&mut connection).await.unwrap(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_says_what_it_holds() {
    let platform = platform().await;
    let database = TestDatabase::new("core", no_migrations).await;
    let task = export::task(
        &platform,
        "test-holder",
        database.pool.clone(),
        |connection, user| {
            async move {
                let sql = "SELECT jsonb_build_object('you', $1) AS part";
                Ok(export::select(connection, sql, user).await?)
            }
            .boxed()
        },
    );
    let _running = Running::new(&task);
    let part = async || {
        let part = export::part(&platform, "test-holder", Uuid::from_u128(7)).await;
        part.ok()
    };
    assert_eq!(eventually(part).await, json!({ "you": Uuid::from_u128(7) }));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_known_elsewhere_and_old_ones_do_not_come_back() {
    let platform = platform().await;
    let key = format!("test.{}", platform.entropy.uuid(platform.clock.now()));
    let here = Settings::new(&platform.bus);
    let elsewhere = Settings::new(&platform.bus);
    let _running = Running::new(&elsewhere.task());
    let setting = |version: i64, value: Value| Setting {
        version,
        value,
        share: 100,
        for_clients: false,
    };
    here.tell(&key, &setting(2, json!(true))).await.unwrap();
    eventually(async || elsewhere.is_on(&key, None).then_some(())).await;
    // One that another process was slow to tell.
    Settings::new(&platform.bus)
        .tell(&key, &setting(1, json!(false)))
        .await
        .unwrap();
    let late = Settings::new(&platform.bus);
    let _following = Running::new(&late.task());
    eventually(async || late.is_on(&key, None).then_some(())).await;
    here.tell(&key, &setting(3, json!(12))).await.unwrap();
    eventually(async || (elsewhere.get::<u8>(&key) == Some(12)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heart_beats_and_is_taken_back() {
    let platform = platform().await;
    let Bus::Nats(nats) = &platform.bus else {
        panic!("there is a broker")
    };
    let instance = platform.entropy.uuid(platform.clock.now());
    let healthy = || {
        async move {
            Health {
                ready: true,
                ..Health::default()
            }
        }
        .boxed()
    };
    let task = heartbeat::task(
        nats.clone(),
        platform.clock.clone(),
        "test-heart",
        instance,
        healthy,
    );
    let running = Running::new(&task);
    let beat = async || {
        let beats = heartbeat::all(nats).await.ok()?;
        beats.into_iter().find(|beat| beat.instance == instance)
    };
    let found = eventually(async || beat().await).await;
    assert!(found.health.ready && !found.is_late(platform.clock.now()));
    assert_eq!(found.role, "test-heart");
    drop(running);
    eventually(async || beat().await.is_none().then_some(())).await;
}
