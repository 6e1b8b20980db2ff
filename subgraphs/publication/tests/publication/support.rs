//! A publication service of a test's own, and what other domains tell it.

use coko_core::config::{DatabaseConfig, Secret};
use coko_core::consumer::Consumers;
use coko_core::crypto::ColumnCipher;
use coko_core::database::Pool;
use coko_core::events::auth::UserRegistered;
use coko_core::events::file::{FileFinding, FileProcessed};
use coko_core::events::payment::{BookPurchased, OrderRefunded};
use coko_core::events::{Event, Payload};
use coko_core::ids::Entropy;
use coko_core::money::{Currency, Money};
use coko_core::service::Service;
use coko_core::testkit::{GraphqlClient, TestDatabase, TestPlatform, TokenFor};
use coko_publication::Config;
use coko_publication::config::{Terms, Thresholds, Timers};
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const AUTHOR: Uuid = Uuid::from_u128(0xaaaa_0001);
pub(crate) const RIVAL: Uuid = Uuid::from_u128(0xaaaa_0002);
pub(crate) const REVIEWER: Uuid = Uuid::from_u128(0xaaaa_0003);
pub(crate) const OPERATOR: Uuid = Uuid::from_u128(0xaaaa_0004);
pub(crate) const READER: Uuid = Uuid::from_u128(0xaaaa_0005);

const MANUSCRIPT: &str = "id bookId version status allowed title isbn publishAt latestVersion { number file { status hasErrors findings { code } } }";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// A running service over a database of its own. It is noon of Friday 15 January 2027 in UTC.
pub(crate) struct House {
    pub(crate) database: TestDatabase,
    pub(crate) platform: TestPlatform,
    pub(crate) service: Service,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(10).await
    }

    /// With so many connections.
    pub(crate) async fn with(connections: u32) -> Self {
        let database = TestDatabase::new("publication", || coko_publication::MIGRATIONS).await;
        let platform = TestPlatform::new();
        let config = Config {
            database: DatabaseConfig {
                database_pool: connections,
                ..database.config()
            },
            column_keys: ColumnCipher::generate_ring("1", &Entropy::seeded(3)),
            lookup_key: Secret::new("a lookup key of the tests, 32+ characters"),
            payer: "Coko SARL".to_owned(),
            terms: Terms::default(),
            thresholds: Thresholds::default(),
            timers: Timers {
                poll_millis: 20,
                ..Timers::default()
            },
        };
        let service = coko_publication::build(&platform.platform, config)
            .await
            .unwrap();
        let house = Self {
            database,
            platform,
            service,
        };
        for user in [AUTHOR, RIVAL, REVIEWER, READER] {
            house.registered(user, "SN").await;
        }
        house
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.database.pool
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.platform.platform.clock.now()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.platform.platform.clock.advance(by);
    }

    pub(crate) fn event(&self, payload: &impl Payload) -> Event {
        Event::new(&self.platform.context(), payload).unwrap()
    }

    pub(crate) fn consumers(&self) -> Consumers {
        let platform = &self.platform.platform;
        coko_publication::consumers(platform, self.pool().clone(), Terms::default())
    }

    /// Whether the event had an effect.
    pub(crate) async fn deliver(&self, event: &Event) -> bool {
        self.consumers().handle(event).await.unwrap()
    }

    pub(crate) async fn tell(&self, payload: &impl Payload) {
        assert!(self.deliver(&self.event(payload)).await);
    }

    pub(crate) async fn registered(&self, user: Uuid, country: &str) {
        let registered = UserRegistered {
            user_id: user,
            country: Some(country.to_owned()),
            registered_at: self.now(),
            ..UserRegistered::sample()
        };
        self.tell(&registered).await;
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

    pub(crate) fn guest(&self) -> GraphqlClient {
        GraphqlClient::new(self.service.router.clone())
    }

    pub(crate) fn client(&self, id: Uuid, rights: &[&'static str]) -> GraphqlClient {
        let token = self.platform.token(&TokenFor::user(id, rights));
        self.guest().with_token(token)
    }

    pub(crate) fn author(&self, id: Uuid) -> GraphqlClient {
        self.client(id, &["books:read", "books:publish", "royalties:manage"])
    }

    pub(crate) fn reviewer(&self) -> GraphqlClient {
        self.client(REVIEWER, &["books:read", "books:update"])
    }

    pub(crate) fn operator(&self) -> GraphqlClient {
        self.client(OPERATOR, &["royalties:*", "books:*"])
    }

    pub(crate) async fn execute(&self, sql: &str) {
        let mut connection = self.pool().get().await.unwrap();
        connection.batch_execute(sql).await.unwrap();
    }

    /// The lines that `sql` selects as `line`.
    pub(crate) async fn lines(&self, sql: &str) -> Vec<String> {
        let mut connection = self.pool().get().await.unwrap();
        let rows: Vec<Line> = diesel::sql_query(sql).load(&mut connection).await.unwrap();
        rows.into_iter().map(|row| row.line).collect()
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

    /// An organisation of `owner`.
    pub(crate) async fn organization(&self, owner: Uuid, name: &str) -> Value {
        let query = "mutation($i: CreatePublishingOrganizationInput!) { createPublishingOrganization(input: $i) { organization { id version } errors { code } } }";
        let input = json!({ "i": { "kind": "PUBLISHER", "name": name, "country": "SN" } });
        let answer = self.author(owner).run_with(query, input).await;
        let payload = &answer.ok()["createPublishingOrganization"];
        assert_eq!(payload["errors"], json!([]));
        payload["organization"]["id"].clone()
    }

    /// A draft of `owner` with everything that it needs but a text.
    pub(crate) async fn draft(&self, owner: Uuid, organization: &Value, title: &str) -> Value {
        let query = format!(
            "mutation($i: CreateManuscriptInput!) {{ createManuscript(input: $i) {{ manuscript {{ {MANUSCRIPT} }} errors {{ field code message }} }} }}"
        );
        let input = json!({ "i": { "organizationId": organization, "details": details(title) } });
        let answer = self.author(owner).run_with(&query, input).await;
        let payload = &answer.ok()["createManuscript"];
        assert_eq!(payload["errors"], json!([]));
        payload["manuscript"].clone()
    }

    /// The file service found this in an EPUB that `uploader` uploaded for the manuscript.
    pub(crate) async fn uploaded(
        &self,
        manuscript: &Value,
        uploader: Uuid,
        file: u128,
        findings: &[(&str, &str)],
    ) -> Uuid {
        let finding = |(severity, code): &(&str, &str)| FileFinding {
            severity: (*severity).to_owned(),
            code: (*code).to_owned(),
            path: None,
        };
        let processed = FileProcessed {
            file_id: Uuid::from_u128(file),
            kind: "EPUB".to_owned(),
            book_id: id(&manuscript["bookId"]),
            uploaded_by: Some(uploader),
            media_type: "application/epub+zip".to_owned(),
            page_count: Some(120),
            images: Vec::new(),
            findings: findings.iter().map(finding).collect(),
            processed_at: self.now(),
            ..FileProcessed::sample()
        };
        self.tell(&processed).await;
        processed.file_id
    }

    pub(crate) async fn add_version(&self, user: Uuid, manuscript: &Value, file: Uuid) -> Value {
        let query = "mutation($i: AddManuscriptVersionInput!) { addManuscriptVersion(input: $i) { version { number file { hasErrors findings { severity code } } } errors { field code } } }";
        let input = json!({ "i": { "manuscriptId": manuscript["id"], "fileId": file } });
        let answer = self.author(user).run_with(query, input).await;
        answer.ok()["addManuscriptVersion"].clone()
    }

    /// Takes a step; returns the payload.
    pub(crate) async fn step(
        &self,
        client: &GraphqlClient,
        field: &str,
        manuscript: &Value,
    ) -> Value {
        self.step_with(client, field, json!({ "manuscriptId": manuscript["id"] }))
            .await
    }

    pub(crate) async fn step_with(
        &self,
        client: &GraphqlClient,
        field: &str,
        input: Value,
    ) -> Value {
        let kind = match field {
            "schedulePublication" => "SchedulePublicationInput",
            _ => "ManuscriptStepInput",
        };
        let query = format!(
            "mutation($i: {kind}!) {{ {field}(input: $i) {{ manuscript {{ {MANUSCRIPT} }} allowed errors {{ field code message }} }} }}"
        );
        let answer = client.run_with(&query, json!({ "i": input })).await;
        answer.ok()[field].clone()
    }

    /// A manuscript of `owner` that readers can buy.
    pub(crate) async fn published(&self, owner: Uuid, organization: &Value, title: &str) -> Value {
        let manuscript = self.draft(owner, organization, title).await;
        let number = id(&manuscript["id"]).unwrap().as_u128() ^ 1;
        let file = self.uploaded(&manuscript, owner, number, &[]).await;
        self.add_version(owner, &manuscript, file).await;
        let (author, reviewer) = (self.author(owner), self.reviewer());
        for (client, field) in [
            (&author, "submitManuscript"),
            (&reviewer, "startManuscriptReview"),
            (&reviewer, "approveManuscript"),
            (&author, "schedulePublication"),
        ] {
            let taken = self.step(client, field, &manuscript).await;
            assert_eq!(taken["errors"], json!([]), "{field}");
        }
        manuscript
    }

    /// A reader bought the manuscript's book.
    pub(crate) fn purchase(&self, manuscript: &Value, order: u128, francs: i64) -> BookPurchased {
        BookPurchased {
            order_id: Uuid::from_u128(order),
            user_id: READER,
            book_id: id(&manuscript["bookId"]).unwrap(),
            price: Money::new(francs, Currency::Xof),
            purchased_at: self.now(),
        }
    }

    pub(crate) fn refund(&self, purchase: &BookPurchased) -> OrderRefunded {
        OrderRefunded {
            order_id: purchase.order_id,
            user_id: purchase.user_id,
            book_id: Some(purchase.book_id),
            price: purchase.price,
            reason: "REQUESTED".to_owned(),
            refunded_at: self.now(),
        }
    }

    /// What is held and owed: `escrow|payable` of each account.
    pub(crate) async fn balance(&self, payee: &Value) -> String {
        let sql = format!(
            "SELECT escrow || '|' || payable AS line FROM balances WHERE payee_id = '{}' AND currency = 'XOF'",
            payee.as_str().unwrap()
        );
        self.lines(&sql).await.pop().unwrap_or_default()
    }

    /// Every journal balances, and every balance is what the ledger says.
    pub(crate) async fn assert_balanced(&self) {
        let crooked = "SELECT journal_id::text AS line FROM ledger_entries GROUP BY journal_id, currency HAVING sum(amount) <> 0";
        assert_eq!(self.lines(crooked).await, Vec::<String>::new());
        let apart = "SELECT b.payee_id::text AS line FROM balances AS b
            WHERE b.escrow <> -(SELECT COALESCE(sum(amount), 0) FROM ledger_entries AS e WHERE e.account = 'escrow:' || b.payee_id AND e.currency = b.currency)
               OR b.payable <> -(SELECT COALESCE(sum(amount), 0) FROM ledger_entries AS e WHERE e.account = 'payable:' || b.payee_id AND e.currency = b.currency)";
        assert_eq!(self.lines(apart).await, Vec::<String>::new());
    }
}

pub(crate) fn id(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}

pub(crate) fn details(title: &str) -> Value {
    json!({
        "title": title, "description": "Trois générations.", "language": "fr",
        "authors": ["Awa Ndiaye"], "categories": ["fiction"],
        "prices": [{ "amount": 2000, "currency": "XOF" }],
    })
}
