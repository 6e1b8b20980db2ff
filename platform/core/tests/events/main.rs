//! Outbox, relay and consumers on real PostgreSQL and real JetStream.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod forgetting;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use coko_core::clock::Clock;
use coko_core::consumer::{self, Consumers, HandlerError};
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::{self, Event, Payload};
use coko_core::ids::Entropy;
use coko_core::outbox::{self, Relay};
use coko_core::service::{Bus, Nats, Platform, Task};
use coko_core::testkit::{TestDatabase, TestPlatform};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _, SimpleAsyncConnection as _};
use diesel_migrations::EmbeddedMigrations;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// An event of a domain that only this test has.
#[derive(Debug, Serialize, Deserialize)]
struct Counted {
    number: i64,
}

/// Every test has a stream of its own, as the server is shared.
macro_rules! domain {
    ($name:ident, $domain:literal) => {
        #[derive(Debug, Serialize, Deserialize)]
        struct $name(Counted);

        impl Payload for $name {
            const DOMAIN: &'static str = $domain;
            const TYPE: &'static str = "thing.counted";
            const VERSION: u16 = 1;

            fn subject(&self) -> String {
                self.0.number.to_string()
            }

            fn sample() -> Self {
                Self(Counted { number: 1 })
            }
        }
    };
}

domain!(Flowing, "test_flowing");
domain!(Poisoned, "test_poisoned");
domain!(Crashing, "test_crashing");
domain!(Forgotten, "test_forgotten");

fn no_migrations() -> EmbeddedMigrations {
    EmbeddedMigrations::new(&[])
}

struct Fixture {
    database: TestDatabase,
    platform: Platform,
    nats: Nats,
    context: CommandContext,
    stop: CancellationToken,
}

impl Fixture {
    async fn new(domain: &str) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "tests have no configuration but this variable"
        )]
        let url = std::env::var("COKO_TEST_NATS_URL")
            .unwrap_or_else(|_| panic!("COKO_TEST_NATS_URL is not set; run `make test`"));
        let database = TestDatabase::new("core", no_migrations).await;
        let nats = Nats::connect(&url, "test", 1).await.unwrap();
        // What an earlier run left in the stream is not this test's.
        let _ = nats
            .jetstream
            .delete_stream(events::stream_name(domain))
            .await;
        let mut test = TestPlatform::with(Clock::system(), Entropy::system());
        test.platform.bus = Bus::Nats(nats.clone());
        let mut connection = database.pool.get().await.unwrap();
        connection
            .batch_execute("CREATE TABLE seen (number BIGINT NOT NULL)")
            .await
            .unwrap();
        Self {
            context: test.context(),
            platform: test.platform,
            database,
            nats,
            stop: CancellationToken::new(),
        }
    }

    fn run(&self, task: &Task) -> tokio::task::JoinHandle<()> {
        tokio::spawn(task.run(self.stop.clone()))
    }

    fn relay(&self, domain: &'static str) -> Task {
        let pool = self.database.pool.clone();
        Relay::new(
            domain,
            pool,
            self.platform.bus.clone(),
            self.platform.clock.clone(),
        )
        .task()
    }

    fn consumers(&self) -> Consumers {
        Consumers::new("test", self.database.pool.clone(), &self.platform)
    }

    async fn enqueue<P: Payload>(&self, payloads: &[P]) {
        let mut connection = self.database.pool.get().await.unwrap();
        connection
            .transaction(async |connection| {
                outbox::enqueue_all(connection, &self.context, payloads).await
            })
            .await
            .unwrap();
    }

    async fn count(&self, sql: &str) -> i64 {
        let mut connection = self.database.pool.get().await.unwrap();
        diesel::sql_query(sql)
            .get_result::<Count>(&mut connection)
            .await
            .unwrap()
            .count
    }

    /// Waits until `sql` counts `expected`, at most half a minute.
    async fn reaches(&self, sql: &str, expected: i64) {
        for _ in 0..300 {
            if self.count(sql).await == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(self.count(sql).await, expected, "{sql}");
    }
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

async fn remember(connection: &mut Connection, number: i64) -> Result<(), HandlerError> {
    diesel::sql_query("INSERT INTO seen VALUES ($1)")
        .bind::<diesel::sql_types::BigInt, _>(number)
        .execute(connection)
        .await?;
    Ok(())
}

const SEEN: &str = "SELECT count(*) AS count FROM seen";
const DISTINCT: &str = "SELECT count(DISTINCT number) AS count FROM seen";
const UNSENT: &str = "SELECT count(*) AS count FROM outbox WHERE sent_at IS NULL";
const DEAD: &str = "SELECT count(*) AS count FROM dead_letter";

#[tokio::test(flavor = "multi_thread")]
async fn every_event_has_its_effect_once_even_when_published_twice() {
    let fixture = Fixture::new(Flowing::DOMAIN).await;
    let payloads: Vec<_> = (0..500).map(|number| Flowing(Counted { number })).collect();
    fixture.enqueue(&payloads).await;
    let consumers = fixture
        .consumers()
        .on::<Flowing>(|connection, _, _, payload| {
            Box::pin(remember(connection, payload.0.number))
        });
    for task in [fixture.relay(Flowing::DOMAIN)]
        .iter()
        .chain(&consumers.tasks())
    {
        fixture.run(task);
    }
    fixture.reaches(SEEN, 500).await;
    fixture.reaches(UNSENT, 0).await;
    // A crash after publishing forgets that the rows were sent. Past the broker's window, ids no longer help it: other ids stand for that.
    let mut connection = fixture.database.pool.get().await.unwrap();
    let rows: Vec<Envelope> =
        diesel::sql_query("SELECT event FROM outbox ORDER BY sequence LIMIT 50")
            .load(&mut connection)
            .await
            .unwrap();
    for row in rows {
        let event: Event = serde_json::from_value(row.event).unwrap();
        let subject = events::subject(Flowing::DOMAIN, Flowing::TYPE);
        let bytes = serde_json::to_vec(&event).unwrap();
        fixture
            .nats
            .jetstream
            .publish(subject, bytes.into())
            .await
            .unwrap()
            .await
            .unwrap();
    }
    connection
        .batch_execute("UPDATE outbox SET sent_at = NULL")
        .await
        .unwrap();
    fixture.enqueue(&[Flowing(Counted { number: 500 })]).await;
    fixture.reaches(UNSENT, 0).await;
    fixture.reaches(DISTINCT, 501).await;
    assert_eq!(fixture.count(SEEN).await, 501);
    assert_eq!(fixture.count(DEAD).await, 0);
    fixture.stop.cancel();
}

#[derive(diesel::QueryableByName)]
struct Envelope {
    #[diesel(sql_type = diesel::sql_types::Jsonb)]
    event: serde_json::Value,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolled_back_transaction_says_nothing() {
    let fixture = Fixture::new("test_silent").await;
    let mut connection = fixture.database.pool.get().await.unwrap();
    let outcome: Result<(), diesel::result::Error> = connection
        .transaction(async |connection| {
            outbox::enqueue(
                connection,
                &fixture.context,
                &Flowing(Counted { number: 1 }),
            )
            .await?;
            Err(diesel::result::Error::RollbackTransaction)
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(
        fixture.count("SELECT count(*) AS count FROM outbox").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_put_aside_can_be_replayed_and_does_not_hold_up_the_rest() {
    let fixture = Fixture::new(Poisoned::DOMAIN).await;
    let healed = Arc::new(AtomicUsize::new(0));
    let healing = healed.clone();
    let consumers = fixture
        .consumers()
        .on::<Poisoned>(move |connection, _, _, payload| {
            let healing = healing.clone();
            Box::pin(async move {
                if payload.0.number == 3 && AtomicUsize::load(&healing, Ordering::SeqCst) == 0 {
                    return Err(HandlerError::Poison("three is unlucky".to_owned()));
                }
                remember(connection, payload.0.number).await
            })
        });
    for task in [fixture.relay(Poisoned::DOMAIN)]
        .iter()
        .chain(&consumers.tasks())
    {
        fixture.run(task);
    }
    let payloads: Vec<_> = (0..6).map(|number| Poisoned(Counted { number })).collect();
    fixture.enqueue(&payloads).await;
    fixture.reaches(SEEN, 5).await;
    fixture.reaches(DEAD, 1).await;
    // Bytes that are no event at all are put aside as well.
    let subject = events::subject(Poisoned::DOMAIN, Poisoned::TYPE);
    fixture
        .nats
        .jetstream
        .publish(subject, "nonsense".into())
        .await
        .unwrap()
        .await
        .unwrap();
    fixture.reaches(DEAD, 2).await;
    let mut connection = fixture.database.pool.get().await.unwrap();
    let letters = consumer::dead_letters(&mut connection, 10).await.unwrap();
    let letter = letters
        .iter()
        .find(|letter| letter.error.contains("unlucky"))
        .unwrap();
    healed.store(1, Ordering::SeqCst);
    let now = fixture.platform.clock.now();
    assert!(
        consumer::request_replay(&mut connection, letter.event_id, now)
            .await
            .unwrap()
    );
    fixture.reaches(SEEN, 6).await;
    fixture.reaches(DEAD, 1).await;
    let other = letters
        .iter()
        .find(|other| other.event_id != letter.event_id)
        .unwrap();
    assert!(
        consumer::discard(&mut connection, other.event_id)
            .await
            .unwrap()
    );
    fixture.reaches(DEAD, 0).await;
    fixture.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_and_a_consumer_that_stop_anywhere_are_resumed_by_the_next() {
    let fixture = Fixture::new(Crashing::DOMAIN).await;
    let total = 400;
    let writing = async {
        for start in (0..total).step_by(10) {
            let payloads: Vec<_> = (start..start + 10)
                .map(|number| Crashing(Counted { number }))
                .collect();
            fixture.enqueue(&payloads).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let crashing = async {
        for round in 0..8_u64 {
            let consumers = fixture
                .consumers()
                .on::<Crashing>(|connection, _, _, payload| {
                    Box::pin(remember(connection, payload.0.number))
                });
            let mut running: Vec<_> = consumers
                .tasks()
                .iter()
                .map(|task| fixture.run(task))
                .collect();
            running.push(fixture.run(&fixture.relay(Crashing::DOMAIN)));
            tokio::time::sleep(Duration::from_millis(60 + round * 17)).await;
            if round < 7 {
                // Aborting drops the work between any two awaits, as a crash would.
                running.iter().for_each(tokio::task::JoinHandle::abort);
            }
        }
    };
    tokio::join!(writing, crashing);
    fixture.reaches(DISTINCT, total).await;
    assert_eq!(fixture.count(SEEN).await, total);
    fixture.reaches(UNSENT, 0).await;
    fixture.stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_is_known_elsewhere_within_a_second() {
    let fixture = Fixture::new("test_revocation").await;
    let here = coko_core::identity::Revocations::new(
        &fixture.platform.bus,
        fixture.platform.clock.clone(),
    );
    let elsewhere = coko_core::identity::Revocations::new(
        &fixture.platform.bus,
        fixture.platform.clock.clone(),
    );
    fixture.run(&elsewhere.task());
    let until = fixture.platform.clock.now() + time::Duration::hours(1);
    let early = fixture.context.entropy.token();
    here.revoke(std::slice::from_ref(&early), until)
        .await
        .unwrap();
    let late = fixture.context.entropy.token();
    tokio::time::sleep(Duration::from_millis(300)).await;
    here.revoke(std::slice::from_ref(&late), until)
        .await
        .unwrap();
    for key in [early, late] {
        let mut known = false;
        for _ in 0..50 {
            known = known || elsewhere.contains(&key);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(known, "a revocation was not known after a second");
    }
    fixture.stop.cancel();
}
