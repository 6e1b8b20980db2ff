//! Roles put together in one process: parsed, then bound, then connected, then served.
//!
//! `coko serve` and `coko up` are both this, with other roles and listeners. The router calls subgraphs of its own process
//! directly, and all others over HTTP.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{any, get};
use coko_composition::SubgraphSource;
use coko_core::clock::Clock;
use coko_core::config::Environment;
use coko_core::database::Pool;
use coko_core::ids::Entropy;
use coko_core::lifecycle::Shutdown;
use coko_core::listen::{self, Answering, Listening, Tls};
use coko_core::rate_limit::Quota;
use coko_core::service::{Platform, Service};
use coko_core::telemetry;
use coko_gateway::config::{Audience, Config as RouterConfig, RateLimits};
use coko_gateway::{Dependencies, Gateway, SupergraphSource};
use coko_provider_simulator::Simulator;
use serde_json::json;
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _};
use tower_http::decompression::RequestDecompressionLayer;

use crate::config::Settings;
use crate::health;
use crate::invalidation;
use crate::live;
use crate::platform::{Connected, Parsed, RouterParts};
use crate::proxy;
use crate::registry::Registry;
use crate::roles::{self, Prepared, Subgraph};

/// Where a checkout and the image keep operation manifests.
const COMMITTED_OPERATIONS: &str = "schema/operations";

/// Roles whose configuration is parsed completely; nothing is bound or connected yet.
pub struct Stack {
    settings: Settings,
    platform: Option<Parsed>,
    subgraphs: Vec<(&'static Subgraph, Prepared)>,
    router: Option<RouterConfig>,
    simulator: Option<coko_provider_simulator::Config>,
}

/// Roles that are being served.
#[derive(Debug)]
pub struct Running {
    /// What the subgraphs were built with; none when the router runs alone.
    pub platform: Option<Platform>,
    /// The databases of the subgraphs, by name.
    pub pools: BTreeMap<&'static str, Pool>,
    /// The router's answers, for calls from the same process.
    pub router: Option<Router>,
    /// The router itself.
    pub gateway: Option<Gateway>,
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self
            .subgraphs
            .iter()
            .map(|(subgraph, _)| subgraph.name)
            .collect();
        f.debug_struct("Stack")
            .field("subgraphs", &names)
            .field("router", &self.router.is_some())
            .finish_non_exhaustive()
    }
}

impl Stack {
    /// Parses what `roles` need. `supergraph` replaces the configured one of the router.
    ///
    /// # Errors
    /// When a setting is missing or wrong.
    pub fn parse(
        settings: &Settings,
        roles: &[&str],
        supergraph: Option<SupergraphSource>,
    ) -> anyhow::Result<Self> {
        let chosen: Vec<&'static Subgraph> = roles::SUBGRAPHS
            .iter()
            .filter(|subgraph| roles.contains(&subgraph.name))
            .collect();
        let mut subgraphs = Vec::with_capacity(chosen.len());
        for subgraph in chosen {
            let prepared = (subgraph.prepare)(settings)
                .with_context(|| format!("the role {} cannot be configured", subgraph.name))?;
            subgraphs.push((subgraph, prepared));
        }
        let platform = if subgraphs.is_empty() {
            None
        } else {
            let sends_mail = subgraphs.iter().any(|(subgraph, _)| subgraph.sends_mail);
            Some(Parsed::new(settings, sends_mail)?)
        };
        let router = roles
            .contains(&roles::ROUTER)
            .then(|| router_config(settings, supergraph))
            .transpose()?;
        let simulator = roles
            .contains(&roles::SIMULATOR)
            .then(|| settings.section("simulator"))
            .transpose()
            .context("the role provider-simulator cannot be configured")?;
        Ok(Self {
            settings: settings.clone(),
            platform,
            subgraphs,
            router,
            simulator,
        })
    }

    /// Connects and builds everything, and serves each role that has a listener, until `shutdown`.
    ///
    /// # Errors
    /// When a role cannot be built.
    pub async fn start(
        self,
        mut listeners: HashMap<String, TcpListener>,
        shutdown: &Shutdown,
    ) -> anyhow::Result<Running> {
        let mut running = Running {
            platform: None,
            pools: BTreeMap::new(),
            router: None,
            gateway: None,
        };
        if let Some(config) = self.simulator
            && let Some(listener) = listeners.remove(roles::SIMULATOR)
        {
            let simulator = Simulator::new(config, Clock::system(), Entropy::system());
            simulator
                .listen_for_letters()
                .await
                .context("the provider simulator cannot take letters (simulator.smtp)")?;
            let listening = Listening::default();
            serve(
                roles::SIMULATOR,
                listener,
                simulator.router(),
                listening,
                shutdown,
            );
        }
        let mut in_process = HashMap::new();
        let mut beside = Router::new();
        if let Some(parsed) = self.platform {
            let name = self
                .subgraphs
                .first()
                .map_or("coko", |(subgraph, _)| subgraph.name);
            let Connected { platform, tasks } = parsed.connect(name).await?;
            for task in &tasks {
                shutdown.run(task);
            }
            for (subgraph, prepared) in self.subgraphs {
                let service = prepared(platform.clone())
                    .await
                    .with_context(|| format!("the role {} cannot be built", subgraph.name))?;
                service.tasks.iter().for_each(|task| shutdown.run(task));
                health::watch_over(&service, &platform, shutdown);
                in_process.insert(subgraph.name.to_owned(), service.router.clone());
                for path in subgraph.public_paths {
                    let router = service.router.clone();
                    beside =
                        beside.route(path, any(move |request| forward(router.clone(), request)));
                }
                running.pools.insert(subgraph.name, service.pool.clone());
                if let Some(listener) = listeners.remove(subgraph.name) {
                    serve(
                        subgraph.name,
                        listener,
                        subgraph_routes(&service, &platform, shutdown),
                        Listening::default(),
                        shutdown,
                    );
                }
            }
            running.platform = Some(platform);
        }
        if let Some(config) = self.router {
            let parts = match &running.platform {
                Some(platform) => RouterParts::of(platform, &self.settings)?,
                None => RouterParts::connect(&self.settings).await?,
            };
            parts.tasks.iter().for_each(|task| shutdown.run(task));
            let elsewhere = |subgraph: &&Subgraph| !in_process.contains_key(subgraph.name);
            for subgraph in roles::SUBGRAPHS.iter().filter(elsewhere) {
                beside = beside.merge(proxy::public_paths(subgraph, &config)?);
            }
            let dependencies = Dependencies {
                verifier: parts.verifier,
                limiter: parts.limiter,
                internal_key: parts.internal_key,
                in_process,
                nats: parts.nats.clone(),
                redis: parts.redis,
                clock: None,
                entropy: None,
                shutdown: Some(shutdown.clone()),
            };
            let gateway = Gateway::build(config, dependencies).await?;
            if let Some(nats) = parts.nats {
                shutdown.run(&health::router_heartbeat(nats.clone(), shutdown));
                shutdown.run(&Registry::new(nats).task(&gateway));
            }
            let routes = gateway.router().merge(beside);
            if let Some(listener) = listeners.remove(roles::ROUTER) {
                let listening = gateway.listening()?;
                let front = gateway.front(routes.clone());
                serve(roles::ROUTER, listener, front, listening, shutdown);
            }
            running.router = Some(routes);
            running.gateway = Some(gateway);
        }
        Ok(running)
    }
}

/// The router's section over defaults that fit where it runs.
fn router_config(
    settings: &Settings,
    supergraph: Option<SupergraphSource>,
) -> anyhow::Result<RouterConfig> {
    let mut defaults = RouterConfig::default();
    if settings.environment == Some(Environment::Production) {
        // Clients are strangers. Unset, this is a router like any other, open as its users expect.
        defaults.introspection = Audience::Authenticated;
        defaults.suggestions = false;
        defaults.ide = false;
        defaults.errors.mask = true;
        defaults.rate_limits = production_quotas();
        defaults.traffic.circuit_breaker.enabled = true;
    }
    defaults.persisted.files = committed_manifests()?;
    let sources = &mut defaults.subscriptions.sources;
    sources.insert(live::NAME.to_owned(), live::source());
    // Events make answers stale, so with a broker they can be kept.
    defaults.cache = invalidation::cache(settings.nats.url.is_some());
    let mut config = settings
        .section_over(roles::ROUTER, &defaults)
        .context("the role router cannot be configured")?;
    if let Some(supergraph) = supergraph {
        config.supergraph = supergraph;
    }
    config.check()?;
    // Read once before a port is bound, and again when it is served.
    config.tls.as_ref().map(Tls::load).transpose()?;
    Ok(config)
}

/// What clients of Coko may ask in a minute. One address is often a whole town's: mobile networks put thousands of readers
/// behind each of theirs, so guests are limited as a crowd, and people only once they have signed in.
fn production_quotas() -> RateLimits {
    let per_minute = |permits| Some(Quota::new(permits, Duration::from_secs(60)));
    RateLimits {
        guest: per_minute(3_000),
        user: per_minute(600),
        partner: per_minute(6_000),
    }
}

/// The operation manifests of the checkout or image that this runs in, where there are any.
fn committed_manifests() -> anyhow::Result<Vec<PathBuf>> {
    let folder = Path::new(COMMITTED_OPERATIONS);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let listed: std::io::Result<Vec<PathBuf>> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut files = listed.with_context(|| format!("{COMMITTED_OPERATIONS} cannot be listed"))?;
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    Ok(files)
}

/// The supergraph of `subgraphs`, as their SDLs in this binary make it.
///
/// # Errors
/// When they do not compose; a test composes them, so a release never gets here.
pub fn supergraph_sdl(subgraphs: &[Subgraph]) -> anyhow::Result<String> {
    let sources: Vec<SubgraphSource> = subgraphs
        .iter()
        .map(|subgraph| SubgraphSource {
            name: subgraph.name.to_owned(),
            // Where a deployment has it is told to its router: `router.subgraphs.<name>.url`.
            url: format!("http://{}:4000/graphql", subgraph.name),
            sdl: (subgraph.sdl)(),
        })
        .chain([live::composed()])
        .collect();
    let composed = coko_composition::compose(&sources).context("the subgraphs do not compose")?;
    Ok(composed.sdl)
}

fn serve<S>(
    name: &'static str,
    listener: TcpListener,
    service: S,
    listening: Listening,
    shutdown: &Shutdown,
) where
    S: Answering,
    S::Future: Send,
{
    let stop = shutdown.clone();
    shutdown.spawn(async move {
        if let Err(error) = listen::serve(listener, service, listening, stop.token()).await {
            tracing::error!(role = name, %error, "the listener failed");
            stop.begin();
        }
    });
}

/// Hands a request over to another router of this process, without what the outer router noted of its own route:
/// the inner one would take the outer path's parameters for its own.
async fn forward(router: Router, mut request: Request) -> axum::response::Response {
    request.extensions_mut().clear();
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// A subgraph's own routes, with liveness, readiness and metrics.
fn subgraph_routes(service: &Service, platform: &Platform, shutdown: &Shutdown) -> Router {
    let (bus, shutdown) = (platform.bus.clone(), shutdown.clone());
    let state = Arc::new((service.name, service.pool.clone(), bus, shutdown));
    let ready = move || {
        let state = state.clone();
        async move { health::ready(state.0, &state.1, &state.2, &state.3).await }
    };
    service
        .router
        .clone()
        .route(
            "/health",
            get(|| async { axum::Json(json!({ "status": "ok" })) }),
        )
        .route("/ready", get(ready))
        .merge(telemetry::metrics_router())
        .layer(tower_http::catch_panic::CatchPanicLayer::new())
        // Only what comes over the network is compressed; a router of the same process calls the service itself.
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(DefaultPredicate::new().and(is_not_fixed)),
        )
        // Not from zstd, whose frames may ask for a window of 128 MiB each.
        .layer(RequestDecompressionLayer::new().zstd(false))
}

/// Whether an answer may be sent in another encoding: one with a strong entity tag is these bytes and no others, and a
/// download that is resumed would otherwise be put together of two encodings (RFC 9110, 8.8.3.3).
fn is_not_fixed(
    _: StatusCode,
    _: axum::http::Version,
    headers: &HeaderMap,
    _: &axum::http::Extensions,
) -> bool {
    headers
        .get(header::ETAG)
        .is_none_or(|tag| tag.as_bytes().starts_with(b"W/"))
}

#[cfg(test)]
#[expect(
    clippy::result_large_err,
    reason = "figment's jail takes closures with its own error"
)]
mod tests {
    use super::*;

    #[test]
    fn the_subgraphs_of_this_binary_compose() {
        let sdl = supergraph_sdl(roles::SUBGRAPHS).unwrap();
        for subgraph in roles::SUBGRAPHS {
            assert!(
                sdl.contains(&format!("name: \"{}\"", subgraph.name)),
                "{}",
                subgraph.name
            );
        }
    }

    #[test]
    fn a_router_alone_needs_no_settings_and_a_subgraph_says_what_it_needs() {
        figment::Jail::expect_with(|_| {
            let settings = Settings::load(None, None).unwrap();
            let router = Stack::parse(&settings, &["router"], None).unwrap();
            assert!(router.platform.is_none() && router.router.is_some());
            let error = format!(
                "{:#}",
                Stack::parse(&settings, &["catalog"], None).unwrap_err()
            );
            assert!(
                error.contains("catalog.database_url")
                    && error.contains("COKO_CATALOG_DATABASE_URL"),
                "{error}"
            );
            Ok(())
        });
    }

    #[test]
    fn production_shows_strangers_nothing() {
        figment::Jail::expect_with(|jail| {
            jail.set_env("COKO_ENVIRONMENT", "production");
            jail.set_env("COKO_ROUTER_LIMITS__DEPTH", "9");
            let settings = Settings::load(None, None).unwrap();
            let config = router_config(&settings, None).unwrap();
            assert!(!config.ide && !config.suggestions && config.errors.mask);
            assert_eq!(config.introspection, Audience::Authenticated);
            assert_eq!(config.limits.depth, 9);
            assert_eq!(config.rate_limits, production_quotas());
            assert!(config.traffic.circuit_breaker.enabled);
            Ok(())
        });
    }
}
