//! What a subgraph is given (the [`Platform`]) and what it gives back (a [`Service`]).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::ask::Answerer;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::Environment;
use crate::database::Pool;
use crate::events;
use crate::identity::{InternalKey, Revocations, Verifier};
use crate::ids::Entropy;
use crate::mail::Mailer;
use crate::rate_limit::RateLimiter;
use crate::settings::Settings;

/// Everything that the services of one process share.
#[derive(Clone, Debug)]
pub struct Platform {
    /// How much strangers are shown.
    pub environment: Environment,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Verifies access tokens.
    pub verifier: Arc<Verifier>,
    /// Which tokens were revoked, known to every process within a second.
    pub revocations: Revocations,
    /// What operators set while the platform runs, known to every process within a second.
    pub settings: Settings,
    /// Where events go and come from.
    pub bus: Bus,
    /// Hot reads.
    pub cache: Cache,
    /// The shared Redis, where there is one, for what a service keeps in it itself; everything goes on without it.
    pub redis: Option<fred::clients::Client>,
    /// Counts what is limited per principal and address.
    pub limiter: RateLimiter,
    /// How mail leaves.
    pub mailer: Mailer,
    /// Signs what the gateway tells subgraphs of a request.
    pub internal_key: InternalKey,
    /// Where clients reach the platform, without a trailing slash.
    pub public_url: Arc<str>,
}

/// Where events go: JetStream, or a list that tests look at.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a process has a handful of them, none in a hot path"
)]
pub enum Bus {
    /// A NATS server or cluster with JetStream.
    Nats(Nats),
    /// Remembers what was published.
    Recording(Recording),
}

/// A connection to NATS that reconnects by itself, also when the server was down at start.
#[derive(Clone, Debug)]
pub struct Nats {
    /// The plain connection, for broadcasts and advisories.
    pub client: async_nats::Client,
    /// Streams, consumers and buckets.
    pub jetstream: jetstream::Context,
    /// Copies of each stream that the cluster keeps.
    replicas: usize,
}

impl Nats {
    /// The key-value bucket of this name, made when it is not there yet; its entries last for `keep`, or for ever when that
    /// is zero.
    ///
    /// # Errors
    /// When the broker does not answer or refuses.
    pub async fn bucket(&self, name: &str, keep: Duration) -> Result<jetstream::kv::Store, String> {
        if let Ok(bucket) = self.jetstream.get_key_value(name).await {
            return Ok(bucket);
        }
        // The client's own call for this asks for account figures in a form that a 2.9 server does not have.
        // A bucket is a stream of this shape (NATS ADR-8).
        self.jetstream
            .create_stream(jetstream::stream::Config {
                name: format!("KV_{name}"),
                subjects: vec![format!("$KV.{name}.>")],
                max_messages_per_subject: 1,
                max_age: keep,
                discard: jetstream::stream::DiscardPolicy::New,
                storage: jetstream::stream::StorageType::File,
                allow_rollup: true,
                deny_delete: true,
                allow_direct: true,
                duplicate_window: Duration::from_secs(120),
                num_replicas: self.replicas(),
                ..Default::default()
            })
            .await
            .map_err(|error| error.to_string())?;
        self.jetstream
            .get_key_value(name)
            .await
            .map_err(|error| error.to_string())
    }

    /// Connects to `url` (`nats://[token@|user:password@]host:port`, several separated by commas), now or as soon as it is up.
    ///
    /// # Errors
    /// When the URL is malformed.
    pub async fn connect(url: &str, name: &str, replicas: usize) -> Result<Self, String> {
        let servers = url
            .split(',')
            .map(|server| server.trim().parse::<async_nats::ServerAddr>())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| {
                format!("the NATS URL is malformed ({error}); expected nats://host:port")
            })?;
        // The client itself takes no credentials from URLs; a cluster's servers share them.
        let credentials = servers.iter().find_map(|server| {
            let user = server.username()?.to_owned();
            Some((user, server.password().map(str::to_owned)))
        });
        let options = match credentials {
            Some((user, Some(password))) => {
                async_nats::ConnectOptions::with_user_and_password(user, password)
            }
            Some((token, None)) => async_nats::ConnectOptions::with_token(token),
            None => async_nats::ConnectOptions::new(),
        };
        let client = options
            .name(name)
            .retry_on_initial_connect()
            .connection_timeout(Duration::from_secs(5))
            .ping_interval(Duration::from_secs(10))
            .reconnect_delay_callback(|attempts| {
                Duration::from_millis(100 * 2_u64.pow(u32::try_from(attempts.min(5)).unwrap_or(5)))
                    .min(Duration::from_secs(2))
            })
            .connect(servers)
            .await
            .map_err(|error| error.to_string())?;
        let jetstream = jetstream::context::ContextBuilder::new()
            .timeout(Duration::from_secs(5))
            .ack_timeout(Duration::from_secs(5))
            .build(client.clone());
        Ok(Self {
            client,
            jetstream,
            replicas: replicas.max(1),
        })
    }

    /// The stream of `domain`, created if it is not there; it is the event history, so it has no age limit, and only what is said of
    /// erased accounts is ever deleted from it ([`crate::history`]).
    ///
    /// # Errors
    /// When the broker does not answer or refuses.
    pub async fn ensure_stream(&self, domain: &str) -> Result<jetstream::stream::Stream, String> {
        self.jetstream
            .get_or_create_stream(jetstream::stream::Config {
                name: events::stream_name(domain),
                subjects: vec![events::subject(domain, ">")],
                storage: jetstream::stream::StorageType::File,
                retention: jetstream::stream::RetentionPolicy::Limits,
                duplicate_window: Duration::from_secs(120),
                num_replicas: self.replicas,
                ..Default::default()
            })
            .await
            .map_err(|error| error.to_string())
    }

    /// The stream of the transient events of `domain`, which are kept for an hour: as long as a listener that lost its
    /// connection may stay away.
    pub(crate) async fn ensure_live_stream(
        &self,
        domain: &str,
    ) -> Result<jetstream::stream::Stream, String> {
        self.jetstream
            .get_or_create_stream(jetstream::stream::Config {
                name: events::live_stream_name(domain),
                subjects: vec![events::live_subject(domain, ">")],
                storage: jetstream::stream::StorageType::File,
                retention: jetstream::stream::RetentionPolicy::Limits,
                max_age: Duration::from_secs(3600),
                duplicate_window: Duration::from_secs(120),
                num_replicas: self.replicas,
                ..Default::default()
            })
            .await
            .map_err(|error| error.to_string())
    }

    /// The stream that keeps the broker's own MAX_DELIVERIES advisories for a week.
    pub(crate) async fn ensure_advisories(&self) -> Result<jetstream::stream::Stream, String> {
        self.jetstream
            .get_or_create_stream(jetstream::stream::Config {
                name: "COKO_ADVISORIES".to_owned(),
                subjects: vec!["$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>".to_owned()],
                max_age: Duration::from_secs(7 * 24 * 3600),
                num_replicas: self.replicas,
                ..Default::default()
            })
            .await
            .map_err(|error| error.to_string())
    }

    /// Whether the server answers now.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
    }

    /// Copies of each bucket and stream that the cluster keeps.
    pub(crate) fn replicas(&self) -> usize {
        self.replicas
    }
}

/// Events that were published, oldest first, and who answers questions.
#[derive(Clone, Default)]
pub struct Recording {
    events: Arc<Mutex<Vec<serde_json::Value>>>,
    answers: Arc<Mutex<BTreeMap<String, Answerer>>>,
}

impl Recording {
    pub(crate) fn record(&self, events: impl Iterator<Item = serde_json::Value>) {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(events);
    }

    /// Everything published so far.
    pub fn events(&self) -> Vec<serde_json::Value> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Drops what `is_gone` says of what was published; returns how much that is.
    pub(crate) fn forget(&self, is_gone: impl Fn(&serde_json::Value) -> bool) -> u64 {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let before = events.len();
        events.retain(|event| !is_gone(event));
        (before - events.len()) as u64
    }

    /// Has `answerer` answer what is asked on `subject`.
    pub(crate) fn answer(&self, subject: String, answerer: Answerer) {
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(subject, answerer);
    }

    /// The pieces of the answer to what is asked on `subject`; none when nobody answers.
    pub(crate) async fn ask(&self, subject: &str, question: Vec<u8>) -> Option<Vec<Vec<u8>>> {
        let answerer = {
            let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.get(subject)?.clone()
        };
        answerer(question).await
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").finish_non_exhaustive()
    }
}

type Run = Arc<dyn Fn(CancellationToken) -> BoxFuture<'static, ()> + Send + Sync>;

/// Work that goes on beside requests until it is told to stop: relays, consumers, sweepers.
#[derive(Clone)]
pub struct Task {
    name: &'static str,
    run: Run,
}

impl Task {
    /// A task; `run` returns soon after its token is cancelled, with its work in a state that can be resumed.
    pub fn new<F: Future<Output = ()> + Send + 'static>(
        name: &'static str,
        run: impl Fn(CancellationToken) -> F + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            run: Arc::new(move |stop| Box::pin(run(stop))),
        }
    }

    /// A task that calls `work` every `period` until stopped; a failure is logged and tried again.
    pub fn every<F: Future<Output = crate::Result<()>> + Send + 'static>(
        name: &'static str,
        period: Duration,
        work: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        let work = Arc::new(work);
        Self::new(name, move |stop| {
            let work = work.clone();
            async move {
                while !stop.is_cancelled() {
                    if let Err(error) = work().await {
                        tracing::warn!(task = name, %error, "the task failed and is tried again");
                    }
                    tokio::select! {
                        () = tokio::time::sleep(period) => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        })
    }

    /// What the task does, for logs.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs it until `stop`.
    pub fn run(&self, stop: CancellationToken) -> BoxFuture<'static, ()> {
        (self.run)(stop)
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Task").field(&self.name).finish()
    }
}

/// One subgraph, ready to be served.
#[derive(Debug)]
pub struct Service {
    /// The role: `catalog`.
    pub name: &'static str,
    /// Its federation SDL.
    pub sdl: String,
    /// `POST /graphql` and whatever else the role answers.
    pub router: axum::Router,
    /// Work beside requests.
    pub tasks: Vec<Task>,
    /// Its database, checked by `/ready`.
    pub pool: Pool,
}
