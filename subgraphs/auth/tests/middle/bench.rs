//! One auth of a test's own, with what tests do over and over.

use std::time::Duration;

use axum::body::Body;
use coko_auth::{Config, DemoAccount};
use coko_core::database::PooledConnection;
use coko_core::identity::Envelope;
use coko_core::mail::Letter;
use coko_core::service::Service;
use coko_core::testkit::{Answer, GraphqlClient, TestDatabase, TestPlatform};
use diesel::QueryableByName;
use diesel::sql_types::{Jsonb, Nullable};
use diesel_async::RunQueryDsl as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

pub(crate) const PASSWORD: &str = "quatre baobabs au clair";

pub(crate) struct Bench {
    pub platform: TestPlatform,
    pub service: Service,
    pub guest: GraphqlClient,
    pub texts: tempfile::TempDir,
    // Dropped last: everything above holds connections to it.
    pub database: TestDatabase,
}

/// An account that is signed in.
pub(crate) struct Person {
    pub id: String,
    pub client: GraphqlClient,
    pub access: String,
    pub refresh: String,
    pub session: String,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A bench whose configuration `adjust` has seen.
    pub(crate) async fn with(adjust: impl FnOnce(&mut Value)) -> Self {
        let database = TestDatabase::new("auth", || coko_auth::MIGRATIONS).await;
        let platform = TestPlatform::new();
        let texts = tempfile::tempdir().unwrap();
        let mut config = json!({
            "database_url": database.url,
            "database_pool": 6,
            "root_keys": format!("1:{}", "2a".repeat(32)),
            "column_keys": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "lookup_key": "a lookup key of the tests, 32+ characters",
            "answer_floor_millis": 0,
            "passwords": { "memory_kib": 64, "iterations": 1 },
            "texts": { "folder": texts.path() },
        });
        adjust(&mut config);
        let config: Config = serde_json::from_value(config).unwrap();
        let service = coko_auth::build(&platform.platform, config).await.unwrap();
        let guest = GraphqlClient::new(service.router.clone());
        Self {
            platform,
            service,
            guest,
            texts,
            database,
        }
    }

    /// Moves the clock.
    pub(crate) fn later(&self, by: time::Duration) {
        self.platform.platform.clock.advance(by);
    }

    /// Letters that have been written since the last call.
    pub(crate) async fn letters(&self) -> Vec<Letter> {
        let mailer = &self.platform.platform.mailer;
        let before = mailer.sent().len();
        mailer
            .send_due(&self.database.pool, self.platform.platform.clock.now())
            .await
            .unwrap();
        mailer.sent().split_off(before)
    }

    /// The token in the link of the newest letter, which must be the only one.
    pub(crate) async fn link(&self) -> String {
        let letters = self.letters().await;
        let [letter] = letters.as_slice() else {
            panic!("{letters:#?}")
        };
        let (_, token) = letter
            .text
            .split_once("token=")
            .unwrap_or_else(|| panic!("{letter:#?}"));
        token.split_whitespace().next().unwrap().to_owned()
    }

    pub(crate) async fn connection(&self) -> PooledConnection {
        self.database.pool.get().await.unwrap()
    }

    /// The first column of a query, as JSON.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Value> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Nullable<Jsonb>)]
            value: Option<Value>,
        }
        let sql = format!("SELECT to_jsonb(q.*) AS value FROM ({sql}) q");
        let mut connection = self.connection().await;
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut connection).await.unwrap();
        rows.into_iter()
            .map(|row| row.value.unwrap_or_default())
            .collect()
    }

    /// The payloads of the events of one kind that were enqueued, oldest first.
    pub(crate) async fn events(&self, kind: &str) -> Vec<Value> {
        let sql = format!(
            "SELECT event->'data' AS data FROM outbox WHERE event->>'type' = '{kind}' ORDER BY sequence"
        );
        self.rows(&sql)
            .await
            .into_iter()
            .map(|row| row["data"].clone())
            .collect()
    }

    /// Runs one of the service's tasks until `done` holds.
    pub(crate) async fn run_task(&self, name: &str, mut done: impl AsyncFnMut() -> bool) {
        let task = self
            .service
            .tasks
            .iter()
            .find(|task| task.name() == name)
            .unwrap();
        let stop = CancellationToken::new();
        let running = tokio::spawn(task.run(stop.clone()));
        for _ in 0..200 {
            if done().await {
                stop.cancel();
                running.await.unwrap();
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the task {name} did not do what it should");
    }

    /// A person with these roles beside `user`, signed in.
    pub(crate) async fn person(&self, email: &str, roles: &[&str]) -> Person {
        let account = DemoAccount {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            display_name: email.split('@').next().unwrap().to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        coko_auth::seed_demo(&self.database.pool, &self.platform.context(), &[account])
            .await
            .unwrap();
        self.login(email).await
    }

    /// Signs in with [`PASSWORD`].
    pub(crate) async fn login(&self, email: &str) -> Person {
        let answer = self.try_login(email, PASSWORD).await;
        self.signed_in(&answer.ok()["login"])
    }

    pub(crate) async fn try_login(&self, email: &str, password: &str) -> Answer {
        // Tests sign in more often than people.
        self.later(time::Duration::seconds(13));
        let query = "mutation($input: LoginInput!) { login(input: $input) {
            tokens { accessToken refreshToken session { id } } user { id email } errors { code field message } } }";
        let input = json!({ "input": { "email": email, "password": password, "device": "test" } });
        self.guest.run_with(query, input).await
    }

    /// The person in a payload with `tokens` and `user`.
    pub(crate) fn signed_in(&self, payload: &Value) -> Person {
        let text = |value: &Value| {
            value
                .as_str()
                .unwrap_or_else(|| panic!("{payload:#}"))
                .to_owned()
        };
        let access = text(&payload["tokens"]["accessToken"]);
        Person {
            id: text(&payload["user"]["id"]),
            client: self.guest.with_token(&access),
            refresh: text(&payload["tokens"]["refreshToken"]),
            session: text(&payload["tokens"]["session"]["id"]),
            access,
        }
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        let query = "mutation($token: String!) { refresh(input: { refreshToken: $token }) {
            tokens { accessToken refreshToken session { id } } user { id } errors { code } } }";
        self.guest.run_with(query, json!({ "token": token })).await
    }

    /// A request that the gateway forwards for a client at `address`.
    pub(crate) async fn request_from(&self, address: &str, query: &str) -> Value {
        let platform = &self.platform.platform;
        let envelope: Envelope = Envelope {
            request_id: "request-of-a-test".to_owned(),
            operation: "0".repeat(64),
            kind: coko_core::identity::OperationKind::Mutation,
            address: Some(address.parse().unwrap()),
            sealed_at: platform.clock.now().unix_timestamp(),
        };
        let request = axum::http::Request::post("/graphql")
            .header("content-type", "application/json")
            .header("coko-request", envelope.seal(&platform.internal_key))
            .body(Body::from(json!({ "query": query }).to_string()))
            .unwrap();
        let response = self.service.router.clone().oneshot(request).await.unwrap();
        let bytes = http_body_util::BodyExt::collect(response.into_body())
            .await
            .unwrap()
            .to_bytes();
        serde_json::from_slice(&bytes).unwrap()
    }
}

impl Person {
    /// Whether the access token still counts.
    pub(crate) async fn is_known(&self) -> bool {
        self.client.run("{ me { id } }").await.body["data"]["me"]["id"] == json!(self.id)
    }
}

/// The codes of the refusals in the payload of the only field of `answer`.
pub(crate) fn refusals(answer: &Answer) -> Vec<String> {
    let payload = answer.ok().as_object().unwrap().values().next().unwrap();
    let errors = payload["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            let message = error["message"].as_str();
            // A message that is its own key was never translated.
            assert!(
                message
                    .is_none_or(|message| !message.starts_with("auth-") && !message.contains("{$")),
                "{error:#}"
            );
            error["code"].as_str().unwrap().to_owned()
        })
        .collect()
}
