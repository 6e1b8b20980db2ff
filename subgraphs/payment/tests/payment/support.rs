//! A payment service over HTTP with a simulator beside it, and a reading domain that grants what is bought.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coko_core::clock::Clock;
use coko_core::config::{DatabaseConfig, Secret};
use coko_core::consumer::Consumers;
use coko_core::crypto::ColumnCipher;
use coko_core::database::Pool;
use coko_core::events::catalog::{BookPublished, BookState};
use coko_core::events::reading::{EntitlementGranted, EntitlementRefused};
use coko_core::events::{Event, Payload};
use coko_core::ids::Entropy;
use coko_core::money::{Currency, Money};
use coko_core::testkit::{GraphqlClient, TestDatabase, TestPlatform, TokenFor};
use coko_payment::config::{OrangeMoneyConfig, PaypalConfig, StripeConfig, Timers, WaveConfig};
use coko_payment::{Config, Seller};
use coko_provider_simulator::{Config as SimulatorConfig, Scenario, Simulator};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const READER: Uuid = Uuid::from_u128(0xaaaa_0001);
pub(crate) const BOOK: Uuid = Uuid::from_u128(0xbbbb_0001);

pub(crate) const SECRET: &str = "a secret of notices";

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// A running shop.
pub(crate) struct Shop {
    pub(crate) database: TestDatabase,
    pub(crate) platform: TestPlatform,
    pub(crate) router: axum::Router,
    pub(crate) simulator: Simulator,
    pub(crate) base: String,
    stop: CancellationToken,
    /// Events that reading has handled.
    read: Arc<Mutex<HashSet<Uuid>>>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) fn timers() -> Timers {
    Timers {
        first_check_seconds: 1,
        refund_retry_seconds: 1,
        poll_millis: 50,
        provider_timeout_seconds: 2,
        ..Timers::default()
    }
}

/// The configuration of a service whose providers are a simulator at `simulator`.
pub(crate) fn config(database: &str, simulator: &str, own: &str, timers: Timers) -> Config {
    let url = |path: &str| format!("{simulator}{path}").parse().unwrap();
    let secret = || Secret::new(SECRET);
    Config {
        database: DatabaseConfig {
            database_pool: 12,
            ..DatabaseConfig::new(database)
        },
        column_keys: ColumnCipher::generate_ring("1", &Entropy::seeded(3)),
        lookup_key: Secret::new("a lookup key of the tests, 32+ characters"),
        seller: Seller::default(),
        site_url: None,
        webhook_url: Some(own.parse().unwrap()),
        timers,
        wave: Some(WaveConfig {
            base_url: url("/wave"),
            api_key: Secret::new("wave_sn_test"),
            webhook_secret: secret(),
        }),
        orange_money: Some(OrangeMoneyConfig {
            base_url: url("/orange-money"),
            country: "dev".to_owned(),
            client_id: "coko".to_owned(),
            client_secret: secret(),
            merchant_key: secret(),
        }),
        stripe: Some(StripeConfig {
            base_url: url("/stripe"),
            api_key: Secret::new("sk_test"),
            webhook_secret: secret(),
        }),
        paypal: Some(PaypalConfig {
            base_url: url("/paypal"),
            client_id: "coko".to_owned(),
            client_secret: secret(),
            webhook_id: "WH".to_owned(),
        }),
    }
}

pub(crate) async fn serve(listener: TcpListener, router: axum::Router) {
    axum::serve(listener, router).await.unwrap();
}

/// A simulator on a port of its own, whose notices go to `own`.
pub(crate) async fn simulator(own: &str, scenario: Scenario) -> (Simulator, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let config = SimulatorConfig {
        webhook_secret: Secret::new(SECRET),
        webhook_url: own.to_owned(),
        public_url: base.clone(),
        scenario,
        payer_millis: 20,
        slow_millis: 3000,
        smtp: None,
    };
    let simulator = Simulator::new(config, Clock::system(), Entropy::system());
    tokio::spawn(serve(listener, simulator.router()));
    (simulator, base)
}

impl Shop {
    /// A shop with one book, whose payers act as `scenario` says.
    pub(crate) async fn new(scenario: Scenario) -> Self {
        Self::with(scenario, timers()).await
    }

    pub(crate) async fn with(scenario: Scenario, timers: Timers) -> Self {
        Self::selling(scenario, timers, Seller::default()).await
    }

    /// A shop that names its seller like this on invoices.
    pub(crate) async fn selling(scenario: Scenario, timers: Timers, seller: Seller) -> Self {
        let database = TestDatabase::new("payment", || coko_payment::MIGRATIONS).await;
        // Workers wait for real time to pass.
        let platform = TestPlatform::with(Clock::system(), Entropy::system());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (simulator, providers) = simulator(&base, scenario).await;
        let config = Config {
            seller,
            ..config(&database.url, &providers, &base, timers)
        };
        let service = coko_payment::build(&platform.platform, config)
            .await
            .unwrap();
        tokio::spawn(serve(listener, service.router.clone()));
        let stop = CancellationToken::new();
        for task in &service.tasks {
            tokio::spawn(task.run(stop.clone()));
        }
        let shop = Self {
            database,
            platform,
            router: service.router,
            simulator,
            base,
            stop,
            read: Arc::default(),
        };
        shop.offer(BOOK, 1, 1500).await;
        shop
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.database.pool
    }

    pub(crate) fn consumers(&self) -> Consumers {
        coko_payment::consumers(&self.platform.platform, self.pool().clone())
    }

    pub(crate) async fn tell(&self, payload: &impl Payload) -> bool {
        let event = Event::new(&self.platform.context(), payload).unwrap();
        self.consumers().handle(&event).await.unwrap()
    }

    /// Puts a book on sale.
    pub(crate) async fn offer(&self, book: Uuid, version: i64, francs: i64) {
        let book = BookState {
            book_id: book,
            version,
            prices: vec![Money::new(francs, Currency::Xof)],
            ..BookPublished::sample().book
        };
        self.tell(&BookPublished { book }).await;
    }

    pub(crate) fn reader(&self, id: Uuid) -> GraphqlClient {
        let token = self.platform.token(&TokenFor::user(id, &[]));
        GraphqlClient::new(self.router.clone()).with_token(token)
    }

    pub(crate) fn operator(&self) -> GraphqlClient {
        let token = TokenFor::user(Uuid::from_u128(0xadad), &["payments:*"]);
        GraphqlClient::new(self.router.clone()).with_token(self.platform.token(&token))
    }

    pub(crate) async fn execute(&self, sql: &str) {
        let mut connection = self.pool().get().await.unwrap();
        connection.batch_execute(sql).await.unwrap();
    }

    /// The one number that `sql` selects as `number`.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        number(self.pool(), sql).await
    }

    /// The one text that `sql` selects as `line`.
    pub(crate) async fn text(&self, sql: &str) -> String {
        let mut connection = self.pool().get().await.unwrap();
        let row: Line = diesel::sql_query(sql)
            .get_result(&mut connection)
            .await
            .unwrap();
        row.line
    }

    /// The types of events in the outbox, oldest first.
    pub(crate) async fn events(&self) -> Vec<String> {
        let mut connection = self.pool().get().await.unwrap();
        let rows: Vec<Line> =
            diesel::sql_query("SELECT event->>'type' AS line FROM outbox ORDER BY sequence")
                .load(&mut connection)
                .await
                .unwrap();
        rows.into_iter().map(|row| row.line).collect()
    }

    /// Reading grants, or refuses, every purchase that it has not seen; returns how many were new.
    pub(crate) async fn grant(&self, possible: bool) -> usize {
        let mut fresh = 0;
        for event in self.platform.recording.events() {
            if event["type"] != "book.purchased" {
                continue;
            }
            let data = &event["data"];
            let id = |key: &str| -> Uuid { data[key].as_str().unwrap().parse().unwrap() };
            // Reading deduplicates by the order, as a grant may be asked for again.
            if !self.read.lock().unwrap().insert(id("order_id")) {
                continue;
            }
            fresh += 1;
            let now = Clock::system().now();
            if possible {
                let granted = EntitlementGranted {
                    user_id: id("user_id"),
                    book_id: id("book_id"),
                    order_id: Some(id("order_id")),
                    source: "PURCHASED".to_owned(),
                    granted_at: now,
                };
                self.tell(&granted).await;
            } else {
                let refused = EntitlementRefused {
                    user_id: id("user_id"),
                    book_id: id("book_id"),
                    order_id: id("order_id"),
                    reason: "BOOK_GONE".to_owned(),
                    refused_at: now,
                };
                self.tell(&refused).await;
            }
        }
        fresh
    }

    /// The order, once it has this status.
    pub(crate) async fn order_becomes(&self, order: &Value, status: &str) -> Value {
        let client = self.operator();
        let query = format!("query($id: ID!) {{ order(id: $id) {{ {ORDER} }} }}");
        let mut last = Value::Null;
        for _ in 0..600 {
            let answer = client.run_with(&query, json!({ "id": order["id"] })).await;
            last = answer.ok()["order"].clone();
            if last["status"] == status {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the order never became {status}: {last:#}");
    }

    /// Every journal sums to zero in every currency.
    pub(crate) async fn assert_balanced(&self) {
        assert_balanced(self.pool()).await;
    }
}

pub(crate) async fn number(pool: &Pool, sql: &str) -> i64 {
    let mut connection = pool.get().await.unwrap();
    let row: Number = diesel::sql_query(sql)
        .get_result(&mut connection)
        .await
        .unwrap();
    row.number
}

pub(crate) async fn assert_balanced(pool: &Pool) {
    let crooked = "SELECT count(*) AS number FROM (SELECT FROM ledger_entries GROUP BY journal_id, currency HAVING sum(amount) <> 0) AS crooked";
    assert_eq!(number(pool, crooked).await, 0);
}

/// Waits until `probe` holds, at most two minutes: what a killed process had leased is free again after one.
pub(crate) async fn eventually(what: &str, mut probe: impl AsyncFnMut() -> bool) {
    for _ in 0..1200 {
        if probe().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what} did not come about");
}

pub(crate) const ORDER: &str = "id status kind price { amount currency } attempts { provider status charged { amount currency } checkoutUrl failure } refunds { id reason status }";

/// Begins to buy `BOOK`; returns the payload.
pub(crate) async fn buy(client: &GraphqlClient, provider: &str, key: &str) -> Value {
    buy_book(client, BOOK, provider, key).await
}

pub(crate) async fn buy_book(
    client: &GraphqlClient,
    book: Uuid,
    provider: &str,
    key: &str,
) -> Value {
    let query = format!(
        "mutation($i: PurchaseBookInput!) {{ purchaseBook(input: $i) {{ order {{ {ORDER} }} errors {{ field code message }} }} }}"
    );
    let input =
        json!({ "bookId": book, "currency": "XOF", "provider": provider, "idempotencyKey": key });
    for _ in 0..100 {
        let answer = client.run_with(&query, json!({ "i": input })).await;
        // Too many at once: a client tries again under its key.
        if answer.codes() != ["DOWNSTREAM_UNAVAILABLE"] {
            return answer.ok()["purchaseBook"].clone();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    panic!("the service stays unavailable");
}

pub(crate) async fn mutate(
    client: &GraphqlClient,
    field: &str,
    input: &str,
    variables: Value,
) -> Value {
    let query = format!(
        "mutation($i: {input}!) {{ {field}(input: $i) {{ order {{ {ORDER} }} errors {{ field code }} }} }}"
    );
    client
        .run_with(&query, json!({ "i": variables }))
        .await
        .ok()[field]
        .clone()
}
