//! The process is killed between every two steps of a purchase, and started again: it ends granted or paid back, never neither,
//! never both. Events go over a real JetStream to a reading domain that outlives the process.

use std::path::Path;
use std::process::Stdio;

use coko_core::clock::Clock;
use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::catalog::{BookPublished, BookState};
use coko_core::events::payment::BookPurchased;
use coko_core::events::reading::{EntitlementGranted, EntitlementRefused};
use coko_core::events::{Event, Payload as _};
use coko_core::ids::Entropy;
use coko_core::money::{Currency, Money};
use coko_core::outbox::{self, Relay};
use coko_core::servers::NatsServer;
use coko_core::service::{Bus, Nats, Task};
use coko_core::testkit::{GraphqlClient, TestDatabase, TestPlatform, TokenFor};
use coko_provider_simulator::Scenario;
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::support::{self, BOOK, READER, buy, config, eventually, number, timers};

/// The variables by which the parent tells the process what to do.
const DATABASE: &str = "COKO_CRASH_DATABASE";
const BROKER: &str = "COKO_CRASH_BROKER";
const PROVIDERS: &str = "COKO_CRASH_PROVIDERS";
const POINT: &str = "COKO_CRASH_POINT";

fn variable(name: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's process hears of its parent so"
    )]
    std::env::var(name).unwrap()
}

/// A platform whose events go over the broker at `url`.
async fn platform(url: &str, name: &str) -> TestPlatform {
    let mut platform = TestPlatform::with(Clock::system(), Entropy::system());
    platform.platform.bus = Bus::Nats(Nats::connect(url, name, 1).await.unwrap());
    platform
}

/// The process that is killed: it buys a book under one key, and serves until it is.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the tests of this file as a process of its own"]
async fn child() {
    let test = platform(&variable(BROKER), "payment").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = format!("http://{}", listener.local_addr().unwrap());
    let config = config(&variable(DATABASE), &variable(PROVIDERS), &own, timers());
    let service = coko_payment::build(&test.platform, config).await.unwrap();
    tokio::spawn(support::serve(listener, service.router.clone()));
    let told = reqwest::Client::new()
        .post(format!("{}/simulator/webhook-url", variable(PROVIDERS)))
        .json(&serde_json::json!({ "url": own }))
        .send()
        .await;
    assert!(told.unwrap().status().is_success());
    let stop = CancellationToken::new();
    let work: Vec<_> = service
        .tasks
        .iter()
        .map(|task| tokio::spawn(task.run(stop.clone())))
        .collect();
    coko_payment::fault::arm(&variable(POINT));
    let token = test.token(&TokenFor::user(READER, &[]));
    let client = GraphqlClient::new(service.router.clone()).with_token(token);
    buy(&client, "WAVE", "k1").await;
    for work in work {
        work.await.unwrap();
    }
}

fn start(point: &str, database: &str, broker: &str, providers: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "crashes::child"])
        .env(DATABASE, database)
        .env(BROKER, broker)
        .env(PROVIDERS, providers)
        .env(POINT, point)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// A reading domain over a database of its own: it grants each order once, or refuses it.
async fn reading(broker: &str, possible: bool, stop: &CancellationToken) -> TestDatabase {
    let database = TestDatabase::new(
        "reading",
        || diesel_migrations::EmbeddedMigrations::new(&[]),
    )
    .await;
    let mut connection = database.pool.get().await.unwrap();
    connection
        .batch_execute("CREATE TABLE decided (order_id UUID PRIMARY KEY)")
        .await
        .unwrap();
    let test = platform(broker, "reading").await;
    let consumers = Consumers::new("reading", database.pool.clone(), &test.platform)
        .on::<BookPurchased>(move |connection, context, _, bought| {
            Box::pin(async move {
                let sql = "INSERT INTO decided VALUES ($1) ON CONFLICT DO NOTHING";
                let fresh = diesel::sql_query(sql)
                    .bind::<diesel::sql_types::Uuid, _>(bought.order_id)
                    .execute(connection)
                    .await?;
                if fresh == 0 {
                    return Ok(());
                }
                if possible {
                    let granted = EntitlementGranted {
                        user_id: bought.user_id,
                        book_id: bought.book_id,
                        order_id: Some(bought.order_id),
                        source: "PURCHASED".to_owned(),
                        granted_at: context.now,
                    };
                    outbox::enqueue(connection, context, &granted).await?;
                } else {
                    let refused = EntitlementRefused {
                        user_id: bought.user_id,
                        book_id: bought.book_id,
                        order_id: bought.order_id,
                        reason: "BOOK_GONE".to_owned(),
                        refused_at: context.now,
                    };
                    outbox::enqueue(connection, context, &refused).await?;
                }
                Ok(())
            })
        });
    let platform = &test.platform;
    let relay = Relay::new(
        "reading",
        database.pool.clone(),
        platform.bus.clone(),
        platform.clock.clone(),
    );
    let tasks: Vec<Task> = consumers
        .tasks()
        .into_iter()
        .chain([relay.task()])
        .collect();
    for task in tasks {
        tokio::spawn(task.run(stop.clone()));
    }
    database
}

async fn on_sale(pool: &Pool) {
    let test = TestPlatform::new();
    let book = BookState {
        book_id: BOOK,
        prices: vec![Money::new(1500, Currency::Xof)],
        ..BookPublished::sample().book
    };
    let event = Event::new(&test.context(), &BookPublished { book }).unwrap();
    let consumers = coko_payment::consumers(&test.platform, pool.clone());
    consumers.handle(&event).await.unwrap();
}

/// Kills the process at `point` and starts it again, which ends in `status`.
async fn check(point: &str, possible: bool, status: &str) {
    let folder = tempfile::tempdir().unwrap();
    let nats = NatsServer::start(Path::new(folder.path())).await.unwrap();
    let stop = CancellationToken::new();
    let database = TestDatabase::new("payment", || coko_payment::MIGRATIONS).await;
    on_sale(&database.pool).await;
    let reading = reading(&nats.url(), possible, &stop).await;
    // Each process tells the simulator where it listens; until then notices reach nobody.
    // A signed notice settles by itself; only without one is the status asked for.
    let scenario = match point {
        "status-known" => Scenario::NeverNotified,
        _ => Scenario::Success,
    };
    let (simulator, providers) = support::simulator("http://127.0.0.1:1", scenario).await;
    let mut first = start(point, &database.url, &nats.url(), &providers);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(60), first.wait()).await;
    let ended = ended.unwrap_or_else(|_| panic!("the process never came to {point}"));
    assert!(!ended.unwrap().success());

    let mut second = start("", &database.url, &nats.url(), &providers);
    let sql = format!("SELECT count(*) AS number FROM orders WHERE status = '{status}'");
    eventually(&format!("{status} after a kill at {point}"), async || {
        number(&database.pool, &sql).await == 1
    })
    .await;
    second.kill().await.unwrap();
    stop.cancel();
    assert_eq!(
        number(&database.pool, "SELECT count(*) AS number FROM orders").await,
        1
    );
    assert_eq!(
        number(&reading.pool, "SELECT count(*) AS number FROM decided").await,
        1
    );
    let (paid, refunded) = simulator.totals();
    assert_eq!((paid, refunded), (1, usize::from(!possible)), "{point}");
    assert!(!simulator.any_refunded_twice(), "{point}");
    support::assert_balanced(&database.pool).await;
}

macro_rules! kills {
    ($($name:ident: $point:literal $possible:literal $status:literal;)+) => {
        $(#[tokio::test(flavor = "multi_thread")] async fn $name() { check($point, $possible, $status).await; })+
    };
}

kills! {
    after_the_order: "order-kept" true "FULFILLED";
    after_the_call: "provider-called" true "FULFILLED";
    after_the_checkout: "checkout-kept" true "FULFILLED";
    after_the_notice: "notice-kept" true "FULFILLED";
    after_the_status: "status-known" true "FULFILLED";
    after_the_pivot: "paid" true "FULFILLED";
    after_the_pivot_of_what_is_impossible: "paid" false "REFUNDED";
    after_the_refund_call: "refund-called" false "REFUNDED";
    after_the_refund: "refunded" false "REFUNDED";
}
