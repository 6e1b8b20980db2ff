//! The gateway as the rest of the platform sees it.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use coko_core::clock::Clock;
use coko_core::identity::{InternalKey, Verifier};
use coko_core::ids::Entropy;
use coko_core::lifecycle::Shutdown;
use coko_core::listen::{Listening, Tls};
use coko_core::rate_limit::RateLimiter;
use coko_core::service::Nats;
use coko_core::telemetry;
use coko_core::translation::Translations;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cache::{self, ResponseCache};
use crate::config::{Config, ConfigError, SupergraphSource};
use crate::dictionary::Dictionaries;
use crate::engine::Engine;
use crate::front::Front;
use crate::meters::Meters;
use crate::persisted::Documents;
use crate::share::RunningOperations;
use crate::snapshot::Snapshot;
use crate::subscriptions::Hub;
use crate::transport::{Reach, fetch_sdls};
use crate::warm_up::warm_up;
use crate::{endpoints, persisted, reload};

/// What the gateway is given by its process. The default is a gateway on its own: no identity, limits counted by itself,
/// every subgraph over HTTP.
#[derive(Default)]
pub struct Dependencies {
    /// Verifies access tokens. Without it tokens are forwarded and everyone is a guest here.
    pub verifier: Option<Arc<Verifier>>,
    /// Counts requests, shared with other processes where it can. Without it this process counts for itself.
    pub limiter: Option<RateLimiter>,
    /// Signs what subgraphs are told of a request. Without it they are told nothing that is signed.
    pub internal_key: Option<InternalKey>,
    /// Subgraphs of this process by name; each answers `POST /graphql`.
    pub in_process: HashMap<String, axum::Router>,
    /// The time; the system's by default.
    pub clock: Option<Clock>,
    /// Randomness for ids; the system's by default.
    pub entropy: Option<Entropy>,
    /// Where domain events come from: those of subscriptions, and those that make kept answers stale. Without it event-fed
    /// subscriptions are refused, and answers are kept as long as subgraphs allow.
    pub nats: Option<Nats>,
    /// The Redis that routers share; without it each keeps answers for itself.
    pub redis: Option<fred::clients::Client>,
    /// Ends what goes on beside requests, and open subscriptions, and makes `/ready` say so beforehand. Without it that
    /// lives as long as the process.
    pub shutdown: Option<Shutdown>,
}

/// Why a new supergraph or new operations were not taken over; what was there stays in use.
#[derive(Debug, thiserror::Error)]
#[error("the reload was refused and what was there stays in use: {0}")]
pub struct ReloadError(#[from] ConfigError);

/// A gateway, ready to serve. Clones share everything.
#[derive(Clone)]
pub struct Gateway {
    engine: Arc<Engine>,
    published: Arc<Mutex<HashMap<String, String>>>,
    /// Held while a supergraph is taken over, so that the last one given is the one that stays.
    reloading: Arc<tokio::sync::Mutex<()>>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway")
            .field("supergraph", &self.version())
            .finish_non_exhaustive()
    }
}

impl Gateway {
    /// Reads the supergraph and the operation manifests, and begins to watch their files.
    ///
    /// # Errors
    /// [`ConfigError`] says which setting, file or subgraph stands in the way.
    pub async fn build(config: Config, deps: Dependencies) -> Result<Self, ConfigError> {
        config.check()?;
        // Metrics are looked up once, those of subgraphs first of all: the recorder has to be there before.
        telemetry::prometheus();
        let clock = deps.clock.unwrap_or_else(Clock::system);
        // Installs the process's provider where none is; a second one is not needed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let entropy = deps.entropy.unwrap_or_else(Entropy::system);
        let shares_tokens = deps.verifier.is_some() || deps.internal_key.is_none();
        let reach = Reach::new(&config, deps.in_process, entropy.clone(), shares_tokens)?;
        let reach = Arc::new(reach);
        let documents = Documents::load(&config.persisted)?;
        let sdl = read_supergraph(&config, &reach).await?;
        let snapshot = read_snapshot(sdl, &config, &reach, &clock).await?;
        let translations = Translations::new(&[]).map_err(|error| ConfigError::Setting {
            setting: "translations",
            found: error.to_string(),
            expected: "Fluent files that parse",
        })?;
        let draining = deps
            .shutdown
            .as_ref()
            .map_or_else(CancellationToken::new, Shutdown::token);
        let engine = Arc::new(Engine {
            cache: ResponseCache::new(&config.cache, deps.redis, &clock, &entropy),
            bus: deps.nats.clone(),
            snapshot: ArcSwap::from_pointee(snapshot),
            documents,
            dictionaries: Dictionaries::load(&config.compression)?,
            verifier: deps.verifier,
            internal_key: deps.internal_key,
            limiter: deps
                .limiter
                .unwrap_or_else(|| RateLimiter::new(clock.clone(), None)),
            running: config
                .traffic
                .operation_deduplication
                .then(RunningOperations::default),
            reach,
            meters: Meters::new(),
            forwarded: config
                .forward_headers
                .iter()
                .filter_map(|name| name.parse().ok())
                .collect(),
            clock,
            entropy,
            translations,
            hub: Hub::new(&config.subscriptions, deps.nats, draining),
            upgraded: TaskTracker::new(),
            in_flight: Arc::new(Semaphore::new(config.limits.in_flight)),
            planning: Arc::new(Semaphore::new(config.limits.planning)),
            upload_room: Arc::new(Semaphore::new(config.uploads.held_bytes)),
            shutdown: deps.shutdown.clone(),
            reload_fault: ArcSwap::from_pointee(None),
            config,
        });
        if engine.config.warm_up.persisted {
            warm_up(&engine, None, &engine.snapshot()).await;
        }
        let gateway = Self {
            engine,
            published: Arc::default(),
            reloading: Arc::default(),
        };
        reload::watch(&gateway, deps.shutdown.as_ref());
        if let Some(shutdown) = &deps.shutdown {
            let (upgraded, stop) = (gateway.engine.upgraded.clone(), shutdown.token());
            shutdown.spawn(async move {
                stop.cancelled().await;
                upgraded.close();
                upgraded.wait().await;
            });
        }
        let engine = &gateway.engine;
        for task in cache::follow(engine, engine.bus.as_ref()) {
            match &deps.shutdown {
                Some(shutdown) => shutdown.run(&task),
                None => drop(tokio::spawn(task.run(CancellationToken::new()))),
            }
        }
        Ok(gateway)
    }

    /// Everything the gateway answers: the GraphQL endpoint, `/health`, `/ready`, `/metrics` and the IDE.
    pub fn router(&self) -> axum::Router {
        endpoints::router(self.engine.clone())
    }

    /// What [`router`](Self::router) answers, and what is beside it in `router`; the GraphQL endpoint without going through
    /// the routes.
    pub fn front(&self, router: axum::Router) -> Front {
        Front::new(self.engine.clone(), router)
    }

    /// How the configured listener treats connections, its certificate read.
    ///
    /// # Errors
    /// [`ConfigError::Tls`] when there is a certificate that cannot be used.
    pub fn listening(&self) -> Result<Listening, ConfigError> {
        let config = &self.engine.config;
        Ok(Listening {
            connections: config.connections.clone(),
            tls: config.tls.as_ref().map(Tls::load).transpose()?,
        })
    }

    /// How many operations are being handled now.
    pub fn in_flight(&self) -> usize {
        let engine = &self.engine;
        engine.config.limits.in_flight - engine.in_flight.available_permits()
    }

    /// The configured address.
    pub fn listen(&self) -> SocketAddr {
        self.engine.config.listen
    }

    /// A hash of the supergraph in use.
    pub fn version(&self) -> String {
        self.engine.snapshot().version.clone()
    }

    /// The schema that clients see.
    pub fn public_sdl(&self) -> String {
        self.engine.snapshot().supergraph.public_sdl().to_owned()
    }

    /// Takes over another supergraph, once the operations in use are planned against it. Requests in flight end with the
    /// one they began with.
    ///
    /// # Errors
    /// [`ReloadError`] when it cannot be served.
    pub async fn reload(&self, sdl: &str) -> Result<(), ReloadError> {
        let _turn = self.reloading.lock().await;
        let engine = &self.engine;
        let outcome =
            read_snapshot(sdl.to_owned(), &engine.config, &engine.reach, &engine.clock).await;
        match outcome {
            Ok(snapshot) => {
                let version = snapshot.version.clone();
                let snapshot = Arc::new(snapshot);
                warm_up(engine, Some(&engine.snapshot()), &snapshot).await;
                engine.snapshot.store(snapshot);
                tracing::info!(supergraph = version, "the supergraph was taken over");
                engine.reload_fault.store(Arc::new(None));
                engine.hub.reloaded();
                metrics::counter!("router_supergraph_reloads_total", "outcome" => "OK")
                    .increment(1);
                Ok(())
            }
            Err(error) => Err(self.refuse_reload(error)),
        }
    }

    /// Adds operations to those of the manifest files: id -> document. Replaces what was published before.
    ///
    /// # Errors
    /// [`ReloadError`] when an id that is a SHA-256 is not its document's, or a manifest file cannot be read.
    pub fn publish_operations(
        &self,
        operations: &BTreeMap<String, String>,
    ) -> Result<usize, ReloadError> {
        let fault = |reason: String| ConfigError::Manifest {
            path: "published operations".into(),
            reason,
        };
        let bytes = serde_json::to_vec(operations).map_err(|error| fault(error.to_string()))?;
        let operations = persisted::parse_manifest(&bytes).map_err(fault)?;
        let mut published = self
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let candidate = operations.into_iter().collect();
        let count = self.engine.documents.reload(&candidate)?;
        *published = candidate;
        Ok(count)
    }

    /// Reads the manifest files again.
    pub(crate) fn reload_operations(&self) -> Result<usize, ReloadError> {
        let published = self
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(self.engine.documents.reload(&published)?)
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    pub(crate) fn refuse_reload(&self, error: ConfigError) -> ReloadError {
        let error = ReloadError(error);
        tracing::error!(%error, "reload");
        self.engine
            .reload_fault
            .store(Arc::new(Some(error.to_string())));
        metrics::counter!("router_supergraph_reloads_total", "outcome" => "REFUSED").increment(1);
        error
    }
}

/// The SDL from wherever it is configured to come from.
pub(crate) async fn read_supergraph(config: &Config, reach: &Reach) -> Result<String, ConfigError> {
    match &config.supergraph {
        SupergraphSource::Sdl(sdl) => Ok(sdl.clone()),
        SupergraphSource::File(path) => {
            tokio::fs::read_to_string(path)
                .await
                .map_err(|error| ConfigError::SupergraphFile {
                    path: path.clone(),
                    reason: error.to_string(),
                })
        }
        SupergraphSource::Compose(subgraphs) => {
            let sources = fetch_sdls(subgraphs, config, reach).await?;
            let composing =
                tokio::task::spawn_blocking(move || coko_composition::compose(&sources));
            let composed = composing
                .await
                .map_err(|error| ConfigError::Supergraph(format!("composing it failed: {error}")))?
                .map_err(|error| ConfigError::Supergraph(error.to_string()))?;
            Ok(composed.sdl)
        }
    }
}

/// Reading a large supergraph takes a while and must not hold up requests.
async fn read_snapshot(
    sdl: String,
    config: &Config,
    reach: &Arc<Reach>,
    clock: &Clock,
) -> Result<Snapshot, ConfigError> {
    let (config, reach, now) = (config.clone(), reach.clone(), clock.now());
    let reading = tokio::task::spawn_blocking(move || Snapshot::read(&sdl, &config, &reach, now));
    reading.await.unwrap_or_else(|error| {
        Err(ConfigError::Supergraph(format!(
            "reading it failed: {error}"
        )))
    })
}
