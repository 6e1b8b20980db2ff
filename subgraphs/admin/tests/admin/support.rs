//! An admin of a test's own, and clients for everyone who may use it.

use coko_admin::Config;
use coko_admin::config::Keep;
use coko_core::config::DatabaseConfig;
use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::{Event, Payload};
use coko_core::testkit::{GraphqlClient, TestDatabase, TestPlatform, TokenFor};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) const READER: Uuid = Uuid::from_u128(0xaaaa_0001);
pub(crate) const OTHER: Uuid = Uuid::from_u128(0xaaaa_0002);
pub(crate) const OPERATOR: Uuid = Uuid::from_u128(0xadad_0001);
pub(crate) const BOOK: Uuid = Uuid::from_u128(0xbbbb_0001);

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

/// A running admin over a database of its own.
pub(crate) struct Desk {
    pub(crate) database: TestDatabase,
    pub(crate) platform: TestPlatform,
    guest: GraphqlClient,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::new("admin", || coko_admin::MIGRATIONS).await;
        let platform = TestPlatform::new();
        let config = Config {
            database: DatabaseConfig {
                database_pool: 6,
                ..database.config()
            },
            keep: Keep::default(),
        };
        let service = coko_admin::build(&platform.platform, config).await.unwrap();
        Self {
            database,
            platform,
            guest: GraphqlClient::new(service.router),
        }
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.database.pool
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.platform.platform.clock.now()
    }

    pub(crate) fn consumers(&self) -> Consumers {
        coko_admin::consumers(&self.platform.platform, self.pool().clone())
    }

    /// Tells admin something, once.
    pub(crate) async fn tell(&self, payload: &impl Payload) -> Event {
        let event = Event::new(&self.platform.context(), payload).unwrap();
        assert!(self.consumers().handle(&event).await.unwrap());
        event
    }

    pub(crate) fn guest(&self) -> GraphqlClient {
        self.guest.clone()
    }

    pub(crate) fn client(&self, id: Uuid, rights: &[&'static str]) -> GraphqlClient {
        let token = self.platform.token(&TokenFor::user(id, rights));
        self.guest().with_token(token)
    }

    pub(crate) fn operator(&self) -> GraphqlClient {
        self.client(OPERATOR, &["system:*"])
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

    /// What `sql` selects as `line`.
    pub(crate) async fn lines(&self, sql: &str) -> Vec<String> {
        let mut connection = self.pool().get().await.unwrap();
        let rows: Vec<Line> = diesel::sql_query(sql).load(&mut connection).await.unwrap();
        rows.into_iter().map(|row| row.line).collect()
    }

    /// The sums of a kind: day, country, currency and value.
    pub(crate) async fn sums(&self, metric: &str) -> Vec<String> {
        let sql = format!(
            "SELECT concat_ws(' ', day, country, nullif(currency, ''), value) AS line FROM metrics WHERE metric = '{metric}' ORDER BY 1"
        );
        self.lines(&sql).await
    }

    /// What was told of operators, oldest first: who and what.
    pub(crate) async fn deeds(&self) -> Vec<String> {
        self.lines(
            "SELECT concat_ws(' ', event->'data'->>'action', event->'data'->>'subject_type') AS line
             FROM outbox WHERE event->>'type' = 'operator.acted' ORDER BY sequence",
        )
        .await
    }
}

/// Runs a mutation that takes `input` and answers with `fields` and errors; returns the payload.
pub(crate) async fn mutate(
    client: &GraphqlClient,
    (field, input): (&str, &str),
    fields: &str,
    value: Value,
) -> Value {
    let query = format!(
        "mutation($i: {input}!) {{ {field}(input: $i) {{ {fields} errors {{ field code message }} }} }}"
    );
    client.run_with(&query, json!({ "i": value })).await.ok()[field].clone()
}

/// The codes of a payload's errors.
pub(crate) fn codes(payload: &Value) -> Vec<&str> {
    let errors = payload["errors"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    errors
        .iter()
        .filter_map(|error| error["code"].as_str())
        .collect()
}

/// What the router would ask of a person.
pub(crate) async fn person(client: &GraphqlClient, user: Uuid, fields: &str) -> Value {
    let query = format!(
        "query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on User {{ {fields} }} }} }}"
    );
    let representation = json!([{ "__typename": "User", "id": user }]);
    let answer = client
        .run_with(&query, json!({ "r": representation }))
        .await;
    answer.ok()["_entities"][0].clone()
}
