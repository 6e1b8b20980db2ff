//! A reading service of a test's own, and clients for everyone who may use it.

use coko_core::config::{DatabaseConfig, Secret};
use coko_core::consumer::Consumers;
use coko_core::context::CommandContext;
use coko_core::database::Pool;
use coko_core::events::catalog::{BookPublished, BookState};
use coko_core::events::payment::{BookPurchased, OrderRefunded, SubscriptionState};
use coko_core::events::{Event, Payload};
use coko_core::service::Service;
use coko_core::testkit::{GraphqlClient, TestDatabase, TestPlatform, TokenFor};
use coko_reading::Config;
use coko_reading::config::Timers;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const READER: Uuid = Uuid::from_u128(0xaaaa_0001);
pub(crate) const OTHER: Uuid = Uuid::from_u128(0xaaaa_0002);
pub(crate) const BOOK: Uuid = Uuid::from_u128(0xbbbb_0001);
pub(crate) const FREE: Uuid = Uuid::from_u128(0xbbbb_0002);
pub(crate) const PHONE: Uuid = Uuid::from_u128(0xcccc_0001);
pub(crate) const TABLET: Uuid = Uuid::from_u128(0xcccc_0002);
pub(crate) const ORDER: Uuid = Uuid::from_u128(0xdddd_0001);

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

/// A running service over a database of its own, with a book that is sold and one that is free.
pub(crate) struct Library {
    pub(crate) database: TestDatabase,
    pub(crate) platform: TestPlatform,
    pub(crate) router: axum::Router,
    service: Service,
}

pub(crate) fn config(database: DatabaseConfig) -> Config {
    Config {
        database,
        license_keys: Secret::new(format!("7:{}", hex::encode([7_u8; 32]))),
        timers: Timers {
            poll_millis: 20,
            ..Timers::default()
        },
    }
}

impl Library {
    pub(crate) async fn new() -> Self {
        Self::with(6).await
    }

    /// With so many connections.
    pub(crate) async fn with(connections: u32) -> Self {
        let database = TestDatabase::new("reading", || coko_reading::MIGRATIONS).await;
        let platform = TestPlatform::new();
        let config = config(DatabaseConfig {
            database_pool: connections,
            ..database.config()
        });
        let service = coko_reading::build(&platform.platform, config)
            .await
            .unwrap();
        let library = Self {
            database,
            platform,
            router: service.router.clone(),
            service,
        };
        library.publish(BOOK, 1, false, Some(200)).await;
        library.publish(FREE, 1, true, None).await;
        library
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.database.pool
    }

    pub(crate) fn context(&self) -> CommandContext {
        self.platform.context()
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.platform.platform.clock.now()
    }

    pub(crate) fn advance(&self, by: time::Duration) {
        self.platform.platform.clock.advance(by);
    }

    pub(crate) fn consumers(&self) -> Consumers {
        coko_reading::consumers(&self.platform.platform, self.pool().clone())
    }

    /// Runs what the service does beside requests until `probe` holds, at most a minute.
    pub(crate) async fn working(&self, what: &str, mut probe: impl AsyncFnMut() -> bool) {
        let stop = CancellationToken::new();
        let _guard = stop.clone().drop_guard();
        for task in &self.service.tasks {
            if task.name() != "outbox-relay" {
                tokio::spawn(task.run(stop.clone()));
            }
        }
        for _ in 0..600 {
            if probe().await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{what} did not come about");
    }

    pub(crate) async fn tell(&self, payload: &impl Payload) -> bool {
        let event = Event::new(&self.context(), payload).unwrap();
        self.consumers().handle(&event).await.unwrap()
    }

    pub(crate) async fn publish(&self, book: Uuid, version: i64, free: bool, pages: Option<i32>) {
        let book = BookState {
            book_id: book,
            version,
            title: "Une si longue lettre".to_owned(),
            authors: vec!["Mariama Bâ".to_owned()],
            is_free: free,
            page_count: pages,
            ..BookPublished::sample().book
        };
        self.tell(&BookPublished { book }).await;
    }

    pub(crate) async fn purchase(&self, user: Uuid, book: Uuid, order: Uuid) {
        let purchased = BookPurchased {
            order_id: order,
            user_id: user,
            book_id: book,
            purchased_at: self.now(),
            ..BookPurchased::sample()
        };
        self.tell(&purchased).await;
    }

    pub(crate) async fn refund(&self, user: Uuid, book: Uuid, order: Uuid) {
        let refunded = OrderRefunded {
            order_id: order,
            user_id: user,
            book_id: Some(book),
            refunded_at: self.now(),
            ..OrderRefunded::sample()
        };
        self.tell(&refunded).await;
    }

    pub(crate) fn subscription(&self, user: Uuid, number: u128, days: i64) -> SubscriptionState {
        SubscriptionState {
            subscription_id: Uuid::from_u128(number),
            user_id: user,
            plan: "premium".to_owned(),
            period_start: self.now(),
            period_end: self.now() + time::Duration::days(days),
        }
    }

    pub(crate) fn guest(&self) -> GraphqlClient {
        GraphqlClient::new(self.router.clone())
    }

    pub(crate) fn client(&self, id: Uuid, rights: &[&'static str]) -> GraphqlClient {
        let token = self.platform.token(&TokenFor::user(id, rights));
        self.guest().with_token(token)
    }

    pub(crate) fn reader(&self, id: Uuid) -> GraphqlClient {
        self.client(id, &["reading:*"])
    }

    pub(crate) async fn execute(&self, sql: &str) {
        let mut connection = self.pool().get().await.unwrap();
        connection.batch_execute(sql).await.unwrap();
    }

    /// The one number that `sql` selects as `number`.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut connection = self.pool().get().await.unwrap();
        let row: Number = diesel::sql_query(sql)
            .get_result(&mut connection)
            .await
            .unwrap();
        row.number
    }

    /// The lines that `sql` selects as `line`.
    pub(crate) async fn lines(&self, sql: &str) -> Vec<String> {
        let mut connection = self.pool().get().await.unwrap();
        let rows: Vec<Line> = diesel::sql_query(sql).load(&mut connection).await.unwrap();
        rows.into_iter().map(|row| row.line).collect()
    }

    /// The types of events in the outbox, oldest first.
    pub(crate) async fn events(&self) -> Vec<String> {
        self.lines("SELECT event->>'type' AS line FROM outbox ORDER BY sequence")
            .await
    }

    /// The payloads of the events of one type, oldest first.
    pub(crate) async fn said(&self, kind: &str) -> Vec<Value> {
        let sql = format!(
            "SELECT (event->'data')::text AS line FROM outbox WHERE event->>'type' = '{kind}' ORDER BY sequence"
        );
        let lines = self.lines(&sql).await;
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Pushes changes from a device; the outcomes, with the code of a refusal in its place.
    pub(crate) async fn push(&self, user: Uuid, device: Uuid, changes: Vec<Value>) -> Vec<String> {
        push(&self.reader(user), device, changes).await
    }

    /// Whether the reader may read the book, as the reader sees it.
    pub(crate) async fn readable(&self, user: Uuid, book: Uuid) -> bool {
        let item = self.item(user, book, "isReadable").await;
        item["isReadable"] == true
    }

    /// Fields of the reader's library item.
    pub(crate) async fn item(&self, user: Uuid, book: Uuid, fields: &str) -> Value {
        let fields = format!("myLibraryItem {{ {fields} }}");
        entity(&self.reader(user), "Book", book, &fields).await["myLibraryItem"].clone()
    }

    /// Puts a book into the library; the payload.
    pub(crate) async fn add(&self, user: Uuid, book: Uuid) -> Value {
        let query = "mutation($i: AddToLibraryInput!) { addToLibrary(input: $i) {
            item { status isReadable entitlements { source } } errors { code } } }";
        let input = json!({ "i": { "bookId": book } });
        let answer = self.reader(user).run_with(query, input).await;
        answer.ok()["addToLibrary"].clone()
    }
}

const PUSH: &str = "mutation($i: PushChangesInput!) { pushChanges(input: $i) {
    results { index outcome error { code field message } } serverTime errors { code } } }";

pub(crate) async fn push(client: &GraphqlClient, device: Uuid, changes: Vec<Value>) -> Vec<String> {
    let input = json!({ "deviceId": device, "changes": changes });
    let answer = client.run_with(PUSH, json!({ "i": input })).await;
    let payload = &answer.ok()["pushChanges"];
    assert_eq!(payload["errors"], json!([]), "{payload:#}");
    let results = payload["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| {
            let refused = result["error"]["code"].as_str();
            refused.or(result["outcome"].as_str()).unwrap().to_owned()
        })
        .collect()
}

/// Fields of an entity, asked for as the router does.
pub(crate) async fn entity(client: &GraphqlClient, kind: &str, id: Uuid, fields: &str) -> Value {
    let representation = json!({ "__typename": kind, "id": id });
    entity_of(client, kind, representation, fields).await
}

pub(crate) async fn entity_of(
    client: &GraphqlClient,
    kind: &str,
    representation: Value,
    fields: &str,
) -> Value {
    let query = format!(
        "query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on {kind} {{ {fields} }} }} }}"
    );
    let answer = client
        .run_with(&query, json!({ "r": [representation] }))
        .await;
    answer.ok()["_entities"][0].clone()
}

/// A moment as GraphQL has it.
pub(crate) fn text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap()
}

pub(crate) fn place(share: f64) -> Value {
    json!({
        "href": "text/ch1.xhtml", "type": "application/xhtml+xml", "title": "Chapitre 1",
        "locations": { "totalProgression": share, "progression": share },
    })
}

/// A device was at `share` of `book` at `at`.
pub(crate) fn was_at(book: Uuid, share: f64, at: OffsetDateTime) -> Value {
    json!({ "at": text(at), "progress": { "bookId": book, "locator": place(share) } })
}

/// A UUIDv7 of `number`.
pub(crate) fn v7(number: u64) -> Uuid {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(1_800_000_000_000, &random).into_uuid()
}

/// A highlight with a note.
pub(crate) fn highlight(id: Uuid, book: Uuid, note: &str, at: OffsetDateTime) -> Value {
    json!({ "at": text(at), "annotation": {
        "id": id, "bookId": book, "kind": "HIGHLIGHT", "locator": place(0.25),
        "quote": "Aïssatou, j'ai reçu ton mot.", "note": note, "colour": "YELLOW",
    } })
}

/// Everything that changed after a cursor, page by page; the changes and the last cursor.
pub(crate) async fn changes(
    client: &GraphqlClient,
    since: Option<&str>,
    size: i32,
) -> (Vec<Value>, Option<String>) {
    let query = "query($s: String, $n: Int) { changes(since: $s, first: $n) {
        nodes { __typename
            ... on Annotation { id note quote colour privacy deleted locator { href locations { totalProgression } } }
            ... on ReadingProgress { id deviceId progression book { id } }
            ... on LibraryItem { book { id } status removed } }
        pageInfo { hasNextPage endCursor } } }";
    let (mut found, mut cursor) = (Vec::new(), since.map(str::to_owned));
    loop {
        let variables = json!({ "s": cursor, "n": size });
        let answer = client.run_with(query, variables).await;
        let page = &answer.ok()["changes"];
        found.extend(page["nodes"].as_array().unwrap().iter().cloned());
        if let Some(end) = page["pageInfo"]["endCursor"].as_str() {
            cursor = Some(end.to_owned());
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return (found, cursor);
        }
    }
}
