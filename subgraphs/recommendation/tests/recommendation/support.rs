//! A recommendation service of a test's own, and what other domains tell it.

use coko_core::config::DatabaseConfig;
use coko_core::database::Pool;
use coko_core::events::catalog::{BookPublished, BookState, BookWithdrawn};
use coko_core::events::community::{ReviewPosted, ReviewRemoved, ReviewState};
use coko_core::events::payment::{BookPurchased, OrderRefunded};
use coko_core::events::reading::{ReadingCompleted, ReadingProgressed};
use coko_core::events::{Event, Payload};
use coko_core::service::Service;
use coko_core::testkit::{GraphqlClient, TestDatabase, TestPlatform, TokenFor};
use coko_recommendation::Config;
use coko_recommendation::config::{Timers, Training};
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const READER: Uuid = Uuid::from_u128(0xaaaa_0001);
pub(crate) const OTHER: Uuid = Uuid::from_u128(0xaaaa_0002);

/// Books of the catalogue that [`Desk::stock`] makes; book `n` is of genre `n % GENRES`.
pub(crate) const BOOKS: u128 = 24;
pub(crate) const GENRES: u128 = 3;
/// A book of genre 2 that only readers of genre 0 have read.
pub(crate) const BRIDGE: u128 = 23;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn config(database: &TestDatabase, connections: u32) -> Config {
    Config {
        database: DatabaseConfig {
            database_pool: connections,
            ..database.config()
        },
        training: Training {
            rank: 6,
            rounds: 4,
            ..Training::default()
        },
        timers: Timers {
            train_seconds: 1,
            refresh_millis: 50,
            keep_seconds: 0,
        },
    }
}

/// A running service over a database of its own. It is noon of Friday 15 January 2027 in UTC.
pub(crate) struct Desk {
    pub(crate) database: TestDatabase,
    pub(crate) platform: TestPlatform,
    service: Service,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::with(TestPlatform::new(), 6).await
    }

    /// On this platform, with so many connections.
    pub(crate) async fn with(platform: TestPlatform, connections: u32) -> Self {
        let database =
            TestDatabase::new("recommendation", || coko_recommendation::MIGRATIONS).await;
        let config = config(&database, connections);
        Self::over(platform, database, config).await
    }

    /// With lists that are kept for so long.
    pub(crate) async fn keeping(seconds: u64) -> Self {
        let platform = TestPlatform::new();
        let database =
            TestDatabase::new("recommendation", || coko_recommendation::MIGRATIONS).await;
        let mut config = config(&database, 6);
        config.timers.keep_seconds = seconds;
        Self::over(platform, database, config).await
    }

    async fn over(platform: TestPlatform, database: TestDatabase, config: Config) -> Self {
        let service = coko_recommendation::build(&platform.platform, config)
            .await
            .unwrap();
        Self {
            database,
            platform,
            service,
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

    pub(crate) fn event(&self, payload: &impl Payload) -> Event {
        Event::new(&self.platform.context(), payload).unwrap()
    }

    /// Whether the event had an effect.
    pub(crate) async fn deliver(&self, event: &Event) -> bool {
        let platform = &self.platform.platform;
        let consumers = coko_recommendation::consumers(platform, self.pool().clone());
        consumers.handle(event).await.unwrap()
    }

    pub(crate) async fn tell(&self, payload: &impl Payload) {
        assert!(self.deliver(&self.event(payload)).await);
    }

    /// Runs what the service does beside requests until `probe` holds, at most a minute.
    pub(crate) async fn working(&self, what: &str, mut probe: impl AsyncFnMut() -> bool) {
        let stop = CancellationToken::new();
        let _guard = stop.clone().drop_guard();
        for task in &self.service.tasks {
            tokio::spawn(task.run(stop.clone()));
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

    pub(crate) fn reader(&self, id: Uuid) -> GraphqlClient {
        self.client(id, &["profile:read", "profile:update"])
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

    /// Publishes the catalogue.
    pub(crate) async fn stock(&self) {
        for number in 0..BOOKS {
            self.tell(&published(number)).await;
        }
    }

    pub(crate) async fn finish(&self, user: Uuid, number: u128) {
        self.tell(&completed(user, book(number), self.now())).await;
    }

    /// Twelve readers finish books of a genre each, and those of genre 0 one of another as well.
    pub(crate) async fn crowd(&self) {
        for reader in 0..12_u128 {
            if reader.is_multiple_of(GENRES) {
                self.finish(Uuid::from_u128(0xcccc_0000 + reader), BRIDGE)
                    .await;
            }
            for place in 0..5 {
                let number = ((reader / GENRES + place) % 6) * GENRES + reader % GENRES;
                self.finish(Uuid::from_u128(0xcccc_0000 + reader), number)
                    .await;
            }
        }
    }

    /// The ids of what is recommended to a reader.
    pub(crate) async fn recommended(&self, user: Uuid) -> Vec<Uuid> {
        let query = "{ recommendedForMe(first: 100) { nodes { book { id } } } }";
        let answer = self.reader(user).run(query).await;
        ids(&answer.ok()["recommendedForMe"])
    }

    /// Says something of a book.
    pub(crate) async fn say(&self, user: Uuid, number: u128, kind: &str) {
        let input = json!({ "signals": [{ "bookId": book(number), "kind": kind }] });
        let answer = self
            .reader(user)
            .run_with(RECORD, json!({ "i": input }))
            .await;
        assert_eq!(answer.ok()["recordFeedback"]["recorded"], 1);
    }
}

pub(crate) const RECORD: &str = "mutation($i: RecordFeedbackInput!) { recordFeedback(input: $i) { recorded errors { field code message } } }";

/// The ids of the books of a connection.
pub(crate) fn ids(connection: &Value) -> Vec<Uuid> {
    let nodes = connection["nodes"].as_array().unwrap();
    let id = |node: &Value| node["book"]["id"].as_str().unwrap().parse().unwrap();
    nodes.iter().map(id).collect()
}

pub(crate) fn book(number: u128) -> Uuid {
    Uuid::from_u128(0xbbbb_0000 + number)
}

pub(crate) fn category(genre: u128) -> Uuid {
    Uuid::from_u128(0xeeee_0000 + genre)
}

/// The genre of a book of the catalogue.
pub(crate) fn genre(book: Uuid) -> u128 {
    (book.as_u128() - 0xbbbb_0000) % GENRES
}

pub(crate) fn published(number: u128) -> BookPublished {
    let genre = number % GENRES;
    BookPublished {
        book: BookState {
            book_id: book(number),
            version: 2,
            title: format!("Livre {number}"),
            description: Some(format!("Une histoire du genre{genre}")),
            category_ids: vec![category(genre)],
            contributor_ids: vec![Uuid::from_u128(0xdddd_0000 + number / 6)],
            ..BookPublished::sample().book
        },
    }
}

pub(crate) fn withdrawn(number: u128, version: i64, at: OffsetDateTime) -> BookWithdrawn {
    BookWithdrawn {
        book_id: book(number),
        version,
        deleted: false,
        withdrawn_at: at,
    }
}

pub(crate) fn completed(user: Uuid, book: Uuid, at: OffsetDateTime) -> ReadingCompleted {
    ReadingCompleted {
        user_id: user,
        book_id: book,
        self_reported: false,
        seconds_read: 0,
        completed_at: at,
    }
}

pub(crate) fn progressed(
    user: Uuid,
    book: Uuid,
    furthest: f64,
    at: OffsetDateTime,
) -> ReadingProgressed {
    ReadingProgressed {
        user_id: user,
        book_id: book,
        progression: furthest,
        furthest,
        progressed_at: at,
        ..ReadingProgressed::sample()
    }
}

pub(crate) fn purchased(user: Uuid, book: Uuid, at: OffsetDateTime) -> BookPurchased {
    BookPurchased {
        user_id: user,
        book_id: book,
        purchased_at: at,
        ..BookPurchased::sample()
    }
}

pub(crate) fn refunded(user: Uuid, book: Uuid, at: OffsetDateTime) -> OrderRefunded {
    OrderRefunded {
        user_id: user,
        book_id: Some(book),
        refunded_at: at,
        ..OrderRefunded::sample()
    }
}

/// A reader has one review of a book.
pub(crate) fn review(user: Uuid, book: Uuid, half_stars: u8, at: OffsetDateTime) -> ReviewState {
    ReviewState {
        review_id: review_id(user, book),
        book_id: book,
        user_id: user,
        half_stars: Some(half_stars),
        at,
        ..ReviewPosted::sample().review
    }
}

pub(crate) fn unreviewed(user: Uuid, book: Uuid, at: OffsetDateTime) -> ReviewRemoved {
    ReviewRemoved {
        review_id: review_id(user, book),
        book_id: book,
        at,
    }
}

fn review_id(user: Uuid, book: Uuid) -> Uuid {
    Uuid::from_u128(user.as_u128() << 64 | book.as_u128())
}
