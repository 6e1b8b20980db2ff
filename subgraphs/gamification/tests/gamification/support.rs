//! A gamification service of a test's own, and what other domains tell it.

use coko_core::config::DatabaseConfig;
use coko_core::database::Pool;
use coko_core::events::auth::{UserProfileUpdated, UserRegistered};
use coko_core::events::community::{ReviewPosted, ReviewState, UserFollowed};
use coko_core::events::payment::BookPurchased;
use coko_core::events::reading::{ReadingCompleted, ReadingProgressed, ReadingStreak};
use coko_core::events::{Event, Payload};
use coko_core::service::Service;
use coko_core::testkit::{GraphqlClient, TestDatabase, TestPlatform, TokenFor};
use coko_gamification::Config;
use coko_gamification::config::Timers;
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const READER: Uuid = Uuid::from_u128(0xaaaa_0001);
pub(crate) const OTHER: Uuid = Uuid::from_u128(0xaaaa_0002);

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
        // The tests share one Redis.
        redis_prefix: format!("test:{}", database.url),
        timers: Timers { poll_millis: 20 },
    }
}

/// A running service over a database of its own. It is noon of Friday 15 January 2027 in UTC.
pub(crate) struct Arena {
    pub(crate) database: TestDatabase,
    pub(crate) platform: TestPlatform,
    service: Service,
}

impl Arena {
    pub(crate) async fn new() -> Self {
        Self::with(TestPlatform::new(), 6).await
    }

    /// On this platform, with so many connections.
    pub(crate) async fn with(platform: TestPlatform, connections: u32) -> Self {
        let database = TestDatabase::new("gamification", || coko_gamification::MIGRATIONS).await;
        let config = config(&database, connections);
        let service = coko_gamification::build(&platform.platform, config)
            .await
            .unwrap();
        Self {
            database,
            platform,
            service,
        }
    }

    /// A guest of a service over the same database that has no Redis.
    pub(crate) async fn without_redis(&self) -> GraphqlClient {
        let mut platform = self.platform.platform.clone();
        platform.redis = None;
        let service = coko_gamification::build(&platform, config(&self.database, 2))
            .await
            .unwrap();
        GraphqlClient::new(service.router)
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.database.pool
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.platform.platform.clock.now()
    }

    pub(crate) fn today(&self) -> Date {
        self.now().date()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.platform.platform.clock.advance(by);
    }

    pub(crate) fn event(&self, payload: &impl Payload) -> Event {
        Event::new(&self.platform.context(), payload).unwrap()
    }

    /// Whether the event had an effect.
    pub(crate) async fn deliver(&self, event: &Event) -> bool {
        let consumers = coko_gamification::consumers(&self.platform.platform, self.pool().clone());
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

    pub(crate) fn reader(&self, id: Uuid) -> GraphqlClient {
        self.client(
            id,
            &["profile:read", "profile:update", "community:participate"],
        )
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

    pub(crate) async fn register(&self, user: Uuid, country: &str) {
        self.tell(&registered(user, country, self.now())).await;
    }

    /// Sets who may see a reader, and where they are.
    pub(crate) async fn profile(&self, user: Uuid, country: &str, privacy: &str) {
        self.advance(Duration::seconds(1));
        let updated = UserProfileUpdated {
            user_id: user,
            country: Some(country.to_owned()),
            privacy: privacy.to_owned(),
            ..UserProfileUpdated::sample()
        };
        self.tell(&updated).await;
    }

    pub(crate) async fn follow(&self, follower: Uuid, user: Uuid) {
        let followed = UserFollowed {
            follower_id: follower,
            user_id: user,
            following: true,
            at: self.now(),
        };
        self.tell(&followed).await;
    }

    /// A reader finishes as many books.
    pub(crate) async fn finish(&self, user: Uuid, books: u128) {
        for number in 0..books {
            self.tell(&completed(user, book(number), self.now())).await;
        }
    }

    /// What `myStats` answers.
    pub(crate) async fn stats(&self, user: Uuid, fields: &str) -> Value {
        let answer = self
            .reader(user)
            .run(&format!("{{ myStats {{ {fields} }} }}"))
            .await;
        answer.ok()["myStats"].clone()
    }

    /// Hides a reader, or shows them again.
    pub(crate) async fn opt_out(&self, user: Uuid, opted_out: bool) {
        let query = "mutation($i: UpdateGamificationInput!) { updateGamification(input: $i) { stats { optedOut } } }";
        let input = json!({ "i": { "optedOut": opted_out } });
        let answer = self.reader(user).run_with(query, input).await;
        assert_eq!(
            answer.ok()["updateGamification"]["stats"]["optedOut"],
            opted_out
        );
    }
}

pub(crate) fn book(number: u128) -> Uuid {
    Uuid::from_u128(0xbbbb_0000 + number)
}

pub(crate) fn registered(user: Uuid, country: &str, at: OffsetDateTime) -> UserRegistered {
    UserRegistered {
        user_id: user,
        country: Some(country.to_owned()),
        registered_at: at,
        ..UserRegistered::sample()
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
    seconds: i64,
    at: OffsetDateTime,
) -> ReadingProgressed {
    ReadingProgressed {
        user_id: user,
        book_id: book,
        seconds_read: seconds,
        progressed_at: at,
        ..ReadingProgressed::sample()
    }
}

pub(crate) fn streak(user: Uuid, days: i32, last: Date) -> ReadingStreak {
    ReadingStreak {
        user_id: user,
        days,
        longest: days,
        last_day: last.to_string(),
        ..ReadingStreak::sample()
    }
}

pub(crate) fn posted(user: Uuid, review: u128, at: OffsetDateTime) -> ReviewPosted {
    ReviewPosted {
        review: ReviewState {
            review_id: Uuid::from_u128(0xcccc_0000 + review),
            user_id: user,
            at,
            ..ReviewPosted::sample().review
        },
    }
}

pub(crate) fn purchased(user: Uuid, order: u128, at: OffsetDateTime) -> BookPurchased {
    BookPurchased {
        order_id: Uuid::from_u128(0xdddd_0000 + order),
        user_id: user,
        purchased_at: at,
        ..BookPurchased::sample()
    }
}

/// Fields of an entity, asked for as the router does.
pub(crate) async fn entity(client: &GraphqlClient, kind: &str, id: &str, fields: &str) -> Value {
    let query = format!(
        "query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on {kind} {{ {fields} }} }} }}"
    );
    let representation = json!({ "__typename": kind, "id": id });
    let answer = client
        .run_with(&query, json!({ "r": [representation] }))
        .await;
    answer.ok()["_entities"][0].clone()
}
