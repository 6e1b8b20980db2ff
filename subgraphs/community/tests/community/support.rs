//! A community of a test's own, and clients for everyone who may use it.

use coko_community::Config;
use coko_community::config::{Limits, Moderation};
use coko_core::config::DatabaseConfig;
use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::events::reading::ReadingProgressed;
use coko_core::events::{Event, Payload};
use coko_core::ids::Entropy;
use coko_core::testkit::{GraphqlClient, TestDatabase, TestPlatform, TokenFor};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub(crate) const READER: Uuid = Uuid::from_u128(0xaaaa_0001);
pub(crate) const OTHER: Uuid = Uuid::from_u128(0xaaaa_0002);
pub(crate) const THIRD: Uuid = Uuid::from_u128(0xaaaa_0003);
pub(crate) const MODERATOR: Uuid = Uuid::from_u128(0xadad_0001);
pub(crate) const COLLEAGUE: Uuid = Uuid::from_u128(0xadad_0002);
pub(crate) const BOOK: Uuid = Uuid::from_u128(0xbbbb_0001);
/// A forum that the migrations make.
pub(crate) const FORUM: &str = "01890a5d-ac96-774b-bcce-b302099a9001";

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

/// A running community over a database of its own.
pub(crate) struct Town {
    pub(crate) database: TestDatabase,
    pub(crate) platform: TestPlatform,
    guest: GraphqlClient,
}

impl Town {
    pub(crate) async fn new() -> Self {
        Self::with(6, Limits::default()).await
    }

    /// With so many connections and these quotas.
    pub(crate) async fn with(connections: u32, limits: Limits) -> Self {
        let database = TestDatabase::new("community", || coko_community::MIGRATIONS).await;
        let platform = TestPlatform::new();
        let config = Config {
            database: DatabaseConfig {
                database_pool: connections,
                ..database.config()
            },
            image_hosts: Vec::new(),
            limits,
            moderation: Moderation::default(),
        };
        let service = coko_community::build(&platform.platform, config)
            .await
            .unwrap();
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

    pub(crate) fn advance(&self, by: Duration) {
        self.platform.platform.clock.advance(by);
    }

    pub(crate) fn consumers(&self) -> Consumers {
        coko_community::consumers(&self.platform.platform, self.pool().clone())
    }

    pub(crate) async fn tell(&self, payload: &impl Payload) -> bool {
        let event = Event::new(&self.platform.context(), payload).unwrap();
        self.consumers().handle(&event).await.unwrap()
    }

    /// Reading says how far someone is.
    pub(crate) async fn progressed(&self, user: Uuid, book: Uuid, furthest: f64) {
        let event = ReadingProgressed {
            user_id: user,
            book_id: book,
            progression: furthest,
            furthest,
            ..ReadingProgressed::sample()
        };
        self.tell(&event).await;
    }

    pub(crate) fn guest(&self) -> GraphqlClient {
        self.guest.clone()
    }

    pub(crate) fn client(&self, id: Uuid, rights: &[&'static str]) -> GraphqlClient {
        let token = self.platform.token(&TokenFor::user(id, rights));
        self.guest().with_token(token)
    }

    pub(crate) fn reader(&self, id: Uuid) -> GraphqlClient {
        self.client(id, &["community:participate", "reviews:write"])
    }

    pub(crate) fn moderator(&self, id: Uuid) -> GraphqlClient {
        self.client(id, &["community:participate", "community:moderate"])
    }

    /// Makes an account one that has taken part for long.
    pub(crate) async fn trusted(&self, user: Uuid) {
        self.execute(&format!(
            "INSERT INTO members (user_id, since, active_days, contributions)
             VALUES ('{user}', '2026-01-01', 100, 500)
             ON CONFLICT (user_id) DO UPDATE SET since = excluded.since, active_days = 100, contributions = 500"
        ))
        .await;
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

    /// The types of events in the outbox, oldest first.
    pub(crate) async fn events(&self) -> Vec<String> {
        self.lines("SELECT event->>'type' AS line FROM outbox ORDER BY sequence")
            .await
    }

    /// The data of the newest event of a type.
    pub(crate) async fn last(&self, kind: &str) -> Value {
        let sql = format!(
            "SELECT event->>'data' AS line FROM outbox WHERE event->>'type' = '{kind}' ORDER BY sequence DESC LIMIT 1"
        );
        serde_json::from_str(&self.lines(&sql).await[0]).unwrap()
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

pub(crate) const TOPIC: &str = "id title status locked pinned postCount spoilsAfter book { id } tags { slug name topicCount } author { id }";
pub(crate) const POST: &str =
    "id parentId depth status html source spoilsAfter replyCount author { id } topic { id }";

/// A key that no other call has.
pub(crate) fn unique() -> Uuid {
    Entropy::system().uuid(OffsetDateTime::UNIX_EPOCH)
}

/// Opens a topic in the forum; returns the payload.
pub(crate) async fn try_open(client: &GraphqlClient, value: Value) -> Value {
    let mut input = json!({ "forumId": FORUM, "title": "Un sujet", "text": "Bonjour", "idempotencyKey": unique() });
    for (key, value) in value.as_object().unwrap() {
        input[key] = value.clone();
    }
    let fields = format!("topic {{ {TOPIC} }}");
    mutate(client, ("createTopic", "CreateTopicInput"), &fields, input).await
}

/// Opens a topic, which must be taken.
pub(crate) async fn open(client: &GraphqlClient, value: Value) -> Value {
    let payload = try_open(client, value).await;
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["topic"].clone()
}

/// Answers in a topic; returns the payload.
pub(crate) async fn try_answer(
    client: &GraphqlClient,
    topic: &Value,
    parent: &Value,
    text: &str,
    spoils_after: Option<f64>,
) -> Value {
    let input = json!({ "topicId": topic["id"], "parentId": parent["id"], "text": text, "spoilsAfter": spoils_after, "idempotencyKey": unique() });
    let fields = format!("post {{ {POST} }}");
    mutate(client, ("createPost", "CreatePostInput"), &fields, input).await
}

/// Answers in a topic, which must be taken.
pub(crate) async fn answer(
    client: &GraphqlClient,
    topic: &Value,
    parent: &Value,
    text: &str,
) -> Value {
    let payload = try_answer(client, topic, parent, text, None).await;
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload["post"].clone()
}

/// The posts of a topic as a client sees them: depth and HTML without its markup.
pub(crate) async fn posts(client: &GraphqlClient, topic: &Value) -> Vec<(i64, String)> {
    let query = format!(
        "query($id: ID!) {{ topic(id: $id) {{ posts(first: 100) {{ nodes {{ {POST} }} }} }} }}"
    );
    let answer = client.run_with(&query, json!({ "id": topic["id"] })).await;
    let nodes = answer.ok()["topic"]["posts"]["nodes"].clone();
    nodes
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(|post| {
            let html = post["html"].as_str().unwrap_or("-");
            let text = html.trim().replace("<p>", "").replace("</p>", "");
            (post["depth"].as_i64().unwrap(), text)
        })
        .collect()
}

/// Reviews a book; returns the payload.
pub(crate) async fn review(client: &GraphqlClient, value: Value) -> Value {
    let mut input = json!({ "bookId": BOOK });
    for (key, value) in value.as_object().unwrap() {
        input[key] = value.clone();
    }
    let fields =
        "review { id halfStars html source spoiler status editedAt author { id } book { id } }";
    mutate(client, ("saveReview", "SaveReviewInput"), fields, input).await
}

/// What the router would ask of books.
pub(crate) async fn books(client: &GraphqlClient, books: &[Uuid], fields: &str) -> Value {
    let query = format!(
        "query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Book {{ {fields} }} }} }}"
    );
    let representations: Vec<Value> = books
        .iter()
        .map(|book| json!({ "__typename": "Book", "id": book }))
        .collect();
    let answer = client
        .run_with(&query, json!({ "r": representations }))
        .await;
    answer.ok()["_entities"].clone()
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

/// Follows, blocks, mutes someone, or no more.
pub(crate) async fn relate(client: &GraphqlClient, field: &str, user: Uuid) -> Value {
    let fields = "user { id standing { followed blocked muted } }";
    mutate(
        client,
        (field, "RelationInput"),
        fields,
        json!({ "userId": user }),
    )
    .await
}

/// Reports a content; returns the payload.
pub(crate) async fn report(client: &GraphqlClient, kind: &str, id: &Value, reason: &str) -> Value {
    let input = json!({ "kind": kind, "contentId": id, "reason": reason });
    let field = ("reportContent", "ReportContentInput");
    mutate(client, field, "reported", input).await
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
