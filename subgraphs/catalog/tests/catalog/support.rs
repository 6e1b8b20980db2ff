//! A catalogue of a test's own, and clients for everyone who may use it.

use coko_catalog::Config;
use coko_core::config::DatabaseConfig;
use coko_core::consumer::Consumers;
use coko_core::context::CommandContext;
use coko_core::database::Pool;
use coko_core::testkit::{GraphqlClient, TestDatabase, TestPlatform, TokenFor};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::{Value, json};
use uuid::Uuid;

/// A publisher's account.
pub(crate) const PUBLISHER: Uuid = Uuid::from_u128(0xaaaa_0001);
/// Another publisher's account.
pub(crate) const RIVAL: Uuid = Uuid::from_u128(0xaaaa_0002);

/// A running catalogue over a database of its own.
pub(crate) struct Catalogue {
    pub(crate) database: TestDatabase,
    pub(crate) platform: TestPlatform,
    pub(crate) router: axum::Router,
}

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

impl Catalogue {
    pub(crate) async fn new() -> Self {
        Self::with(|database| Config {
            database: DatabaseConfig {
                database_pool: 4,
                ..DatabaseConfig::new(database)
            },
            meilisearch: None,
        })
        .await
    }

    pub(crate) async fn with(config: impl FnOnce(&str) -> Config) -> Self {
        let database = TestDatabase::new("catalog", || coko_catalog::MIGRATIONS).await;
        let platform = TestPlatform::new();
        let service = coko_catalog::build(&platform.platform, config(&database.url))
            .await
            .unwrap();
        Self {
            database,
            platform,
            router: service.router,
        }
    }

    /// A catalogue with the sample books in it.
    pub(crate) async fn sampled() -> Self {
        let catalogue = Self::new().await;
        let report = coko_catalog::seed_sample(catalogue.pool(), &catalogue.context())
            .await
            .unwrap();
        assert!(
            report.created >= 60 && report.rejected.is_empty(),
            "{report:?}"
        );
        catalogue
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.database.pool
    }

    pub(crate) fn context(&self) -> CommandContext {
        self.platform.context()
    }

    pub(crate) fn guest(&self) -> GraphqlClient {
        GraphqlClient::new(self.router.clone())
    }

    pub(crate) fn user(&self, id: Uuid, rights: &[&'static str]) -> GraphqlClient {
        let token = self.platform.token(&TokenFor::user(id, rights));
        self.guest().with_token(token)
    }

    pub(crate) fn admin(&self) -> GraphqlClient {
        self.user(Uuid::from_u128(0xadad), &["books:*", "catalog:*"])
    }

    pub(crate) fn publisher(&self) -> GraphqlClient {
        self.user(PUBLISHER, &["books:read", "books:publish"])
    }

    pub(crate) fn rival(&self) -> GraphqlClient {
        self.user(RIVAL, &["books:read", "books:publish"])
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

    /// The types of events that wait in the outbox, oldest first.
    pub(crate) async fn events(&self) -> Vec<String> {
        self.lines("SELECT event->>'type' AS line FROM outbox ORDER BY sequence")
            .await
    }

    /// The consumers of the service, to be handed events directly.
    pub(crate) fn consumers(&self) -> Consumers {
        coko_catalog::consumers(
            &self.platform.platform,
            &Config {
                database: self.database.config(),
                meilisearch: None,
            },
        )
        .unwrap()
    }

    /// An author and a draft by them, made by `client`; returns the draft.
    pub(crate) async fn draft(&self, client: &GraphqlClient, title: &str) -> Value {
        let author = author(client, "Test Author").await;
        create(
            client,
            json!({ "title": title, "language": "fr", "contributors": [{ "authorId": author }] }),
        )
        .await
    }

    /// A book on the shelf, made by an administrator.
    pub(crate) async fn published(&self, title: &str) -> Value {
        let admin = self.admin();
        let draft = self.draft(&admin, title).await;
        publish(&admin, &draft).await
    }
}

pub(crate) async fn author(client: &GraphqlClient, name: &str) -> Value {
    let answer = client
        .run_with(
            "mutation($n: String!) { createAuthor(input: { name: $n }) { author { id } errors { code } } }",
            json!({ "n": name }),
        )
        .await;
    answer.ok()["createAuthor"]["author"]["id"].clone()
}

const BOOK: &str = "id version slug status title isbn";

pub(crate) async fn try_create(client: &GraphqlClient, input: Value) -> Value {
    let query = format!(
        "mutation($i: CreateBookInput!) {{ createBook(input: $i) {{ book {{ {BOOK} }} errors {{ field code message }} }} }}"
    );
    client.run_with(&query, json!({ "i": input })).await.ok()["createBook"].clone()
}

pub(crate) async fn create(client: &GraphqlClient, input: Value) -> Value {
    let payload = try_create(client, input).await;
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["book"].clone()
}

pub(crate) async fn publish(client: &GraphqlClient, book: &Value) -> Value {
    let query = format!(
        "mutation($i: PublishBookInput!) {{ publishBook(input: $i) {{ book {{ {BOOK} }} errors {{ code }} }} }}"
    );
    let answer = client
        .run_with(
            &query,
            json!({ "i": { "id": book["id"], "version": book["version"] } }),
        )
        .await;
    let payload = &answer.ok()["publishBook"];
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["book"].clone()
}

/// The values of `field` of the nodes of a connection.
pub(crate) fn nodes(connection: &Value, field: &str) -> Vec<String> {
    let nodes = connection["nodes"].as_array().cloned().unwrap_or_default();
    nodes
        .iter()
        .map(|node| node[field].as_str().unwrap_or_default().to_owned())
        .collect()
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
