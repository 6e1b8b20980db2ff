//! A file service of a test's own, and clients for everyone who may use it.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use coko_core::config::DatabaseConfig;
use coko_core::context::CommandContext;
use coko_core::events::Event;
use coko_core::events::reading::EntitlementGranted;
use coko_core::testkit::{GraphqlClient, TestDatabase, TestPlatform, TokenFor};
use coko_file::Config;
use coko_file::config::StorageConfig;
use coko_file::sample::{Book, Language};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::bucket::Bucket;
pub(crate) use crate::hostile::{EPUB, archive};

/// Someone who publishes.
pub(crate) const PUBLISHER: Uuid = Uuid::from_u128(0xaaaa_0001);
/// Someone who reads.
pub(crate) const READER: Uuid = Uuid::from_u128(0xaaaa_0002);
/// A book.
pub(crate) const BOOK: Uuid = Uuid::from_u128(0xbbbb_0001);

/// A running service over a database and a storage of its own.
pub(crate) struct Service {
    pub(crate) database: TestDatabase,
    pub(crate) platform: TestPlatform,
    pub(crate) router: axum::Router,
    pub(crate) config: Config,
    _folder: TempDir,
    _bucket: Option<Bucket>,
}

/// An answer outside GraphQL.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
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

impl Service {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}, None).await
    }

    pub(crate) async fn on_bucket() -> Self {
        Self::with(|_| {}, Some(Bucket::start().await)).await
    }

    pub(crate) async fn changed(change: impl FnOnce(&mut Config)) -> Self {
        Self::with(change, None).await
    }

    async fn with(change: impl FnOnce(&mut Config), bucket: Option<Bucket>) -> Self {
        let folder = TempDir::new().unwrap();
        let database = TestDatabase::new("file", || coko_file::MIGRATIONS).await;
        let mut config = Config {
            database: DatabaseConfig {
                database_pool: 6,
                ..DatabaseConfig::new(&database.url)
            },
            storage: match &bucket {
                Some(bucket) => StorageConfig::S3(bucket.config.clone()),
                None => StorageConfig::Folder(folder.path().join("files")),
            },
            scratch: Some(folder.path().to_owned()),
            limits: coko_file::config::Limits::default(),
            lifetimes: coko_file::config::Lifetimes::default(),
            content: coko_file::config::ContentLimits::default(),
            inspector: None,
            workers: 1,
        };
        change(&mut config);
        let platform = TestPlatform::new();
        let service = coko_file::build(&platform.platform, config.clone())
            .await
            .unwrap();
        Self {
            database,
            platform,
            router: service.router,
            config,
            _folder: folder,
            _bucket: bucket,
        }
    }

    pub(crate) fn context(&self) -> CommandContext {
        self.platform.context()
    }

    pub(crate) fn guest(&self) -> GraphqlClient {
        GraphqlClient::new(self.router.clone())
    }

    pub(crate) fn token(&self, id: Uuid, rights: &[&'static str]) -> String {
        self.platform.token(&TokenFor::user(id, rights))
    }

    pub(crate) fn user(&self, id: Uuid, rights: &[&'static str]) -> GraphqlClient {
        self.guest().with_token(self.token(id, rights))
    }

    pub(crate) fn publisher(&self) -> GraphqlClient {
        self.user(PUBLISHER, &["books:read", "books:publish"])
    }

    pub(crate) fn reader(&self) -> GraphqlClient {
        self.user(READER, &["books:read"])
    }

    pub(crate) fn staff(&self) -> GraphqlClient {
        self.user(Uuid::from_u128(0xadad), &["books:*"])
    }

    /// Does everything that is queued.
    pub(crate) async fn work(&self) {
        coko_file::work_off(&self.platform.platform, &self.config)
            .await
            .unwrap();
    }

    pub(crate) async fn entitle(&self, user: Uuid) {
        let context = self.context();
        let granted = EntitlementGranted {
            user_id: user,
            book_id: BOOK,
            order_id: None,
            source: "GIFTED".to_owned(),
            granted_at: context.now,
        };
        let event = Event::new(&context, &granted).unwrap();
        coko_file::consumers(&self.platform.platform, self.database.pool.clone())
            .handle(&event)
            .await
            .unwrap();
    }

    pub(crate) async fn execute(&self, sql: &str) {
        let mut connection = self.database.pool.get().await.unwrap();
        connection.batch_execute(sql).await.unwrap();
    }

    /// The one number that `sql` selects as `number`.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut connection = self.database.pool.get().await.unwrap();
        let row: Number = diesel::sql_query(sql)
            .get_result(&mut connection)
            .await
            .unwrap();
        row.number
    }

    /// The types of events that wait in the outbox, oldest first.
    pub(crate) async fn events(&self) -> Vec<String> {
        let mut connection = self.database.pool.get().await.unwrap();
        let sql = "SELECT event->>'type' AS line FROM outbox ORDER BY sequence";
        let rows: Vec<Line> = diesel::sql_query(sql).load(&mut connection).await.unwrap();
        rows.into_iter().map(|row| row.line).collect()
    }

    /// The data of the newest event.
    pub(crate) async fn newest_event(&self) -> Value {
        let mut connection = self.database.pool.get().await.unwrap();
        let sql = "SELECT (event->'data')::text AS line FROM outbox ORDER BY sequence DESC LIMIT 1";
        let row: Line = diesel::sql_query(sql)
            .get_result(&mut connection)
            .await
            .unwrap();
        serde_json::from_str(&row.line).unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    pub(crate) async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", url, headers, Body::empty()).await
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let path = url.strip_prefix("http://coko.test").unwrap_or(url);
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body).unwrap()).await
    }

    /// A tus request; `offset` with PATCH.
    pub(crate) async fn tus(&self, method: &str, url: &str, offset: u64, body: Body) -> Answer {
        let offset = offset.to_string();
        let headers = [
            ("tus-resumable", "1.0.0"),
            ("upload-offset", &offset),
            ("content-type", "application/offset+octet-stream"),
        ];
        self.request(method, url, &headers, body).await
    }

    /// Announces, sends and completes a file; returns what `completeUpload` answered.
    pub(crate) async fn upload(
        &self,
        client: &GraphqlClient,
        kind: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Value {
        let (id, url) = announce(client, kind, media_type, bytes).await;
        let sent = self.tus("PATCH", &url, 0, Body::from(bytes.to_vec())).await;
        assert_eq!(sent.status, StatusCode::NO_CONTENT, "{}", sent.json());
        complete(client, &id).await
    }

    /// The id of a file that is uploaded and looked at.
    pub(crate) async fn processed(
        &self,
        client: &GraphqlClient,
        kind: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> String {
        let payload = self.upload(client, kind, media_type, bytes).await;
        assert_eq!(payload["errors"], json!([]), "{payload}");
        self.work().await;
        payload["file"]["id"].as_str().unwrap().to_owned()
    }

    /// A demonstration book of the publisher, ready to be read.
    pub(crate) async fn book(&self) -> (String, Vec<u8>) {
        let bytes = epub();
        let id = self
            .processed(&self.publisher(), "EPUB", EPUB, &bytes)
            .await;
        (id, bytes)
    }
}

pub(crate) fn epub() -> Vec<u8> {
    let authors = ["Awa Ndiaye".to_owned()];
    Book::demonstration("urn:coko:test", "Le baobab", &authors, Language::French)
        .epub()
        .unwrap()
}

pub(crate) fn announced(kind: &str, media_type: &str, bytes: &[u8]) -> Value {
    let mut input = json!({
        "kind": kind, "name": "Été.epub", "mediaType": media_type, "byteSize": bytes.len(),
        "sha256": hex::encode(Sha256::digest(bytes)),
    });
    if kind != "AVATAR" {
        input["bookId"] = BOOK.to_string().into();
    }
    input
}

pub(crate) async fn try_announce(client: &GraphqlClient, input: Value) -> Value {
    let document = "mutation($i: CreateUploadInput!) { createUpload(input: $i) {
        file { id status upload { received } } uploadUrl errors { field code message } } }";
    client.run_with(document, json!({ "i": input })).await.ok()["createUpload"].clone()
}

/// Announces a file; returns its id and the link.
pub(crate) async fn announce(
    client: &GraphqlClient,
    kind: &str,
    media_type: &str,
    bytes: &[u8],
) -> (String, String) {
    let payload = try_announce(client, announced(kind, media_type, bytes)).await;
    assert_eq!(payload["errors"], json!([]), "{payload}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&payload["file"]["id"]), text(&payload["uploadUrl"]))
}

pub(crate) async fn complete(client: &GraphqlClient, id: &str) -> Value {
    let document = "mutation($i: CompleteUploadInput!) { completeUpload(input: $i) {
        file { id status } errors { field code message } } }";
    let answer = client
        .run_with(document, json!({ "i": { "id": id } }))
        .await;
    answer.ok()["completeUpload"].clone()
}

pub(crate) async fn look(client: &GraphqlClient, id: &str) -> Value {
    let document = "query($id: ID!) { file(id: $id) {
        status rejection rejectionMessage mediaType pageCount byteSize sha256 name resourceUrl publicUrl
        publication { title authors languages version readingOrder rightToLeft } contents { title href depth }
        findings { severity code path message } images { width url } book { id } upload { received url } } }";
    client.run_with(document, json!({ "id": id })).await.ok()["file"].clone()
}

pub(crate) async fn try_link(client: &GraphqlClient, id: &str) -> coko_core::testkit::Answer {
    let document = "mutation($i: CreateDownloadInput!) { createDownload(input: $i) {
        url expiresAt errors { field code message } } }";
    client
        .run_with(document, json!({ "i": { "id": id } }))
        .await
}

pub(crate) async fn link(client: &GraphqlClient, id: &str) -> String {
    let answer = try_link(client, id).await;
    let payload = &answer.ok()["createDownload"];
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["url"].as_str().unwrap().to_owned()
}
