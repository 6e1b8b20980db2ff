//! A notification service of a test's own, with simulated providers and an auth that says how people are reached.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use coko_core::Error;
use coko_core::ask::auth::{Contact, answer_contacts};
use coko_core::clock::Clock;
use coko_core::config::{DatabaseConfig, Secret};
use coko_core::crypto::ColumnCipher;
use coko_core::database::Pool;
use coko_core::events::auth::UserRegistered;
use coko_core::events::payment::PaymentSucceeded;
use coko_core::events::{Event, Payload};
use coko_core::ids::Entropy;
use coko_core::mail::Mailer;
use coko_core::testkit::{GraphqlClient, TestDatabase, TestPlatform, TokenFor};
use coko_notification::Config;
use coko_notification::config::{
    FcmConfig, MtnConfig, OrangeConfig, SendgridConfig, Timers, TwilioConfig,
};
use coko_provider_simulator::{Config as SimulatorConfig, Message, Scenario, Simulator};
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use futures::FutureExt as _;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const READER: Uuid = Uuid::from_u128(0xaaaa_0001);
pub(crate) const OTHER: Uuid = Uuid::from_u128(0xaaaa_0002);
pub(crate) const EMAIL: &str = "awa@coko.example";
pub(crate) const PHONE: &str = "+221770000001";
pub(crate) const TOKEN: &str = "fcm:APA91bHun4MxP5egoKMwt2KZFBaFUH";

pub(crate) const SECRET: &str = "a secret of notices";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

type Known = Arc<Mutex<HashMap<Uuid, Contact>>>;

/// A running service. It is noon of Friday 15 January 2027 in UTC, and stays so until it is advanced.
pub(crate) struct Office {
    pub(crate) database: TestDatabase,
    pub(crate) platform: TestPlatform,
    pub(crate) simulator: Simulator,
    /// Where it is reached.
    pub(crate) base: String,
    router: axum::Router,
    known: Known,
    away: Arc<AtomicBool>,
    stop: CancellationToken,
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    (listener, base)
}

async fn serve(listener: TcpListener, router: axum::Router) {
    axum::serve(listener, router).await.unwrap();
}

async fn simulator(clock: Clock, own: &str) -> (Simulator, String) {
    let (listener, base) = listener().await;
    let config = SimulatorConfig {
        webhook_secret: Secret::new(SECRET),
        webhook_url: own.to_owned(),
        public_url: base.clone(),
        scenario: Scenario::Success,
        payer_millis: 20,
        slow_millis: 3000,
        smtp: None,
    };
    let simulator = Simulator::new(config, clock, Entropy::system());
    tokio::spawn(serve(listener, simulator.router()));
    (simulator, base)
}

fn config(database: &TestDatabase, connections: u32, simulator: &str, own: &str) -> Config {
    let url = |path: &str| format!("{simulator}{path}").parse().unwrap();
    let secret = || Secret::new(SECRET);
    Config {
        database: DatabaseConfig {
            database_pool: connections,
            ..database.config()
        },
        column_keys: ColumnCipher::generate_ring("1", &Entropy::seeded(3)),
        lookup_key: Secret::new("a lookup key of the tests, 32+ characters"),
        site_url: Some("https://coko.example".parse().unwrap()),
        callback_url: Some(own.parse().unwrap()),
        timers: Timers {
            poll_millis: 20,
            provider_timeout_seconds: 2,
            ..Timers::default()
        },
        sendgrid: None,
        twilio: Some(TwilioConfig {
            base_url: url("/twilio"),
            account_sid: "ACtest".to_owned(),
            auth_token: secret(),
            from: "Coko".to_owned(),
        }),
        orange: Some(OrangeConfig {
            base_url: url("/orange-sms"),
            client_id: "coko".to_owned(),
            client_secret: secret(),
            from: "+2250000".to_owned(),
            prefixes: vec!["+225".to_owned()],
        }),
        mtn: Some(MtnConfig {
            base_url: url("/mtn"),
            client_id: "coko".to_owned(),
            client_secret: secret(),
            from: "Coko".to_owned(),
            prefixes: vec!["+229".to_owned()],
        }),
        fcm: Some(FcmConfig {
            base_url: url("/fcm"),
            project_id: "coko".to_owned(),
            service_account: None,
            metadata_url: url("/fcm"),
        }),
    }
}

impl Office {
    pub(crate) async fn new() -> Self {
        Self::with(6, |_, _, _| {}).await
    }

    /// Letters go by SendGrid.
    pub(crate) async fn with_sendgrid() -> Self {
        Self::with(6, |config, simulator, base| {
            config.sendgrid = Some(SendgridConfig {
                base_url: format!("{base}/sendgrid").parse().unwrap(),
                api_key: Secret::new("SG.test"),
                from: "noreply@coko.example".to_owned(),
                public_key: Some(simulator.sendgrid_public_key()),
            });
        })
        .await
    }

    /// With so many connections, and the configuration that `change` makes of the usual one, the simulator and its address.
    pub(crate) async fn with(
        connections: u32,
        change: impl FnOnce(&mut Config, &Simulator, &str),
    ) -> Self {
        let database = TestDatabase::new("notification", || coko_notification::MIGRATIONS).await;
        let mut platform = TestPlatform::new();
        let (listening, base) = listener().await;
        let clock = platform.platform.clock.clone();
        let (simulator, providers) = simulator(clock, &base).await;
        let smtp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mail = format!("smtp://{}", smtp.local_addr().unwrap());
        tokio::spawn(simulator.clone().serve_smtp(smtp));
        platform.platform.mailer = Mailer::smtp(&mail, "noreply@coko.example").unwrap();

        let known = Known::default();
        let away = Arc::new(AtomicBool::new(false));
        let (asked, is_away) = (known.clone(), away.clone());
        // On a recorded bus, who answers is known at once.
        let _task = answer_contacts(&platform.platform, move |user_ids| {
            let known = asked.lock().unwrap().clone();
            let ids = user_ids.into_iter();
            let found = ids.filter_map(|id| known.get(&id).cloned()).collect();
            let away = AtomicBool::load(&is_away, Ordering::SeqCst);
            async move {
                if away {
                    return Err(Error::internal("the database is away"));
                }
                Ok(found)
            }
            .boxed()
        });
        let mut config = config(&database, connections, &providers, &base);
        change(&mut config, &simulator, &providers);
        let service = coko_notification::build(&platform.platform, config)
            .await
            .unwrap();
        tokio::spawn(serve(listening, service.router.clone()));
        let stop = CancellationToken::new();
        for task in &service.tasks {
            if task.name() != "outbox-relay" {
                tokio::spawn(task.run(stop.clone()));
            }
        }
        Self {
            database,
            platform,
            simulator,
            base,
            router: service.router,
            known,
            away,
            stop,
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
        let consumers = coko_notification::consumers(platform, self.pool().clone());
        consumers.handle(event).await.unwrap()
    }

    pub(crate) async fn tell(&self, payload: &impl Payload) {
        assert!(self.deliver(&self.event(payload)).await);
    }

    /// Waits until `probe` holds, at most half a minute.
    pub(crate) async fn eventually(&self, what: &str, mut probe: impl AsyncFnMut() -> bool) {
        for _ in 0..600 {
            if probe().await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let deliveries =
            "SELECT concat_ws(' ', channel, status, reason, tries, due_at) AS line FROM deliveries";
        panic!(
            "{what} did not come about: {:?}",
            self.lines(deliveries).await
        );
    }

    /// Long enough for the workers to have looked more than once.
    pub(crate) async fn pause(&self) {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }

    /// Waits until as many messages arrived at `to`.
    pub(crate) async fn arrived(&self, to: &str, count: usize) -> Vec<Message> {
        self.eventually(&format!("message {count} to {to}"), async || {
            self.simulator.messages_to(to).len() >= count
        })
        .await;
        let messages = self.simulator.messages_to(to);
        assert_eq!(messages.len(), count, "{messages:?}");
        messages
    }

    /// Waits until a delivery of this channel stands like this.
    pub(crate) async fn stands(&self, channel: &str, status: &str, reason: &str) {
        let sql = format!(
            "SELECT id::text AS line FROM deliveries WHERE channel = '{channel}' AND status = '{status}' AND coalesce(reason, '') = '{reason}'"
        );
        let what = format!("{channel} {status} {reason}");
        self.eventually(&what, async || !self.lines(&sql).await.is_empty())
            .await;
    }

    pub(crate) fn guest(&self) -> GraphqlClient {
        GraphqlClient::new(self.router.clone())
    }

    pub(crate) fn client(&self, id: Uuid, rights: &[&'static str]) -> GraphqlClient {
        let token = self.platform.token(&TokenFor::user(id, rights));
        self.guest().with_token(token)
    }

    pub(crate) fn reader(&self, id: Uuid) -> GraphqlClient {
        self.client(id, &["profile:read", "profile:update"])
    }

    pub(crate) fn operator(&self) -> GraphqlClient {
        self.client(Uuid::from_u128(0xaaaa_0009), &["system:*"])
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

    /// Has auth say how somebody is reached.
    pub(crate) fn reach(&self, user: Uuid, email: Option<&str>, phone: Option<&str>) {
        let contact = Contact {
            user_id: user,
            display_name: "Awa".to_owned(),
            language: "en".to_owned(),
            time_zone: "Africa/Dakar".to_owned(),
            email: email.map(str::to_owned),
            phone: phone.map(str::to_owned),
        };
        self.known.lock().unwrap().insert(user, contact);
    }

    /// Has auth be away, or back.
    pub(crate) fn auth_is_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// A reader called Awa in Dakar, reached everywhere, whose welcome is not told.
    pub(crate) async fn register(&self, user: Uuid) {
        self.reach(user, Some(EMAIL), Some(PHONE));
        let registered = registered(user, self.now());
        let mut event = self.event(&registered);
        event.time -= Duration::days(3);
        assert!(self.deliver(&event).await);
    }

    pub(crate) async fn register_device(&self, user: Uuid, token: &str) -> Value {
        let query = "mutation($i: RegisterDeviceInput!) { registerDevice(input: $i) { device { id name } errors { code } } }";
        let input = json!({ "i": { "token": token, "platform": "ANDROID", "name": "Tecno" } });
        let answer = self.reader(user).run_with(query, input).await;
        answer.ok()["registerDevice"].clone()
    }

    pub(crate) async fn choose(&self, user: Uuid, input: Value) -> Value {
        let query = "mutation($i: UpdatePreferencesInput!) { updatePreferences(input: $i) { preferences { quietHours { from until } digest choices { workflow channel enabled } } errors { field code message } } }";
        let answer = self
            .reader(user)
            .run_with(query, json!({ "i": input }))
            .await;
        answer.ok()["updatePreferences"].clone()
    }

    /// The viewer's list.
    pub(crate) async fn list(&self, user: Uuid) -> Vec<Value> {
        let query = "{ notifications(first: 50) { nodes { id kind title text link readAt actor { id } book { id } } } }";
        let answer = self.reader(user).run(query).await;
        let nodes = answer.ok()["notifications"]["nodes"].as_array().unwrap();
        nodes.clone()
    }
}

pub(crate) fn registered(user: Uuid, at: OffsetDateTime) -> UserRegistered {
    UserRegistered {
        user_id: user,
        display_name: "Awa".to_owned(),
        language: "en".to_owned(),
        registered_at: at,
        ..UserRegistered::sample()
    }
}

pub(crate) fn paid(user: Uuid, order: u128) -> PaymentSucceeded {
    PaymentSucceeded {
        user_id: user,
        order_id: Uuid::from_u128(0xdddd_0000 + order),
        ..PaymentSucceeded::sample()
    }
}
