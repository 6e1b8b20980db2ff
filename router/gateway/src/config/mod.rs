//! What can be set, with its defaults. Parsed completely before a port is bound.
//!
//! The defaults serve any Federation 2 supergraph to anonymous callers; what is particular to one platform (operation
//! manifests, quotas, who may introspect) is set by it.

mod access;
mod admin;
mod cache;
mod compression;
mod error;
mod limits;
mod overrides;
mod persisted;
mod policies;
mod reference;
mod subgraph_connection;
mod subgraphs;
mod subscriptions;
mod traffic;
mod uploads;
mod warm_up;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use coko_core::listen::{ConnectionsConfig, TlsConfig, TlsVersion};

pub use self::access::{Audience, CorsConfig, CsrfConfig, ErrorsConfig};
pub use self::admin::AdminConfig;
pub use self::cache::{CacheConfig, CacheScope, EventPurge, PurgeRule, SubgraphCacheConfig};
pub use self::compression::{CompressionConfig, DictionariesConfig};
pub use self::error::ConfigError;
pub use self::limits::{BatchingConfig, Limits, RateLimits, Timeouts};
pub use self::overrides::{LabelRule, OverridesConfig, ShareBy};
pub use self::persisted::{PersistedConfig, PersistedMode};
pub use self::policies::PolicyRule;
pub use self::reference::{config_reference, config_schema};
pub use self::subgraph_connection::{Encoding, Http2, SubgraphCompression, SubgraphTls};
pub use self::subgraphs::SubgraphConfig;
pub use self::subscriptions::{
    EventFieldConfig, EventSourceConfig, SubscriptionProtocol, SubscriptionsConfig,
};
pub use self::traffic::{CircuitBreakerConfig, RetryConfig, TrafficConfig};
pub use self::uploads::UploadsConfig;
pub use self::warm_up::WarmUpConfig;

/// The gateway's section of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on. Default `127.0.0.1:4000`.
    pub listen: SocketAddr,
    /// What connections may take.
    pub connections: ConnectionsConfig,
    /// TLS, when it ends here. Default none: plain HTTP/1.1 and HTTP/2 (with prior knowledge).
    pub tls: Option<TlsConfig>,
    /// Path of the GraphQL endpoint. Default `/graphql`.
    pub path: String,
    /// Where the supergraph comes from. Default: the file `supergraph.graphql`.
    pub supergraph: SupergraphSource,
    /// Settings of single subgraphs, by their name in the supergraph.
    pub subgraphs: BTreeMap<String, SubgraphConfig>,
    /// How all subgraphs are called.
    pub traffic: TrafficConfig,
    /// What one request may ask for.
    pub limits: Limits,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Persisted operations.
    pub persisted: PersistedConfig,
    /// Whether what `@defer` marks may follow later, where the client takes answers in parts. Default true; else such
    /// operations are answered whole.
    pub incremental: bool,
    /// Whether callers without a token are served. Default true.
    pub anonymous: bool,
    /// Who may introspect the schema. Default everyone.
    pub introspection: Audience,
    /// Whether validation errors suggest names ("Did you mean …"). Default true; turn off where clients are strangers.
    pub suggestions: bool,
    /// Whether `GET` with `Accept: text/html` answers with the built-in IDE. Default true.
    pub ide: bool,
    /// Who is shown a query plan instead of an answer for `?plan=1`; for nobody the parameter means nothing. Default
    /// everyone where `ide` is on, else nobody.
    pub plans: Option<Audience>,
    /// Who meets a `@policy`, by the policy's name.
    pub policies: BTreeMap<String, PolicyRule>,
    /// For whom progressive `@override`s hold.
    pub overrides: OverridesConfig,
    /// What is planned before a supergraph serves.
    pub warm_up: WarmUpConfig,
    /// Cross-site request forgery prevention.
    pub csrf: CsrfConfig,
    /// Cross-origin resource sharing.
    pub cors: CorsConfig,
    /// Several operations in one request.
    pub batching: BatchingConfig,
    /// Subscriptions.
    pub subscriptions: SubscriptionsConfig,
    /// Files in requests.
    pub uploads: UploadsConfig,
    /// Calls for operators.
    pub admin: AdminConfig,
    /// The cache of subgraphs' answers.
    pub cache: CacheConfig,
    /// Quotas per principal; a class without one is not limited.
    pub rate_limits: RateLimits,
    /// Request headers handed on to subgraphs besides the standard ones, in lower case.
    pub forward_headers: Vec<String>,
    /// Whether the client's address is taken from `X-Forwarded-For` (behind a trusted proxy). Default false.
    pub trust_forwarded_for: bool,
    /// What of subgraphs' errors reaches clients.
    pub errors: ErrorsConfig,
    /// Compression of answers.
    pub compression: CompressionConfig,
    /// Whether `/ready` asks each subgraph too. Default false: a subgraph that is down costs its fields only.
    pub ready_checks_subgraphs: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 4000)),
            connections: ConnectionsConfig::default(),
            tls: None,
            path: "/graphql".to_owned(),
            supergraph: SupergraphSource::default(),
            subgraphs: BTreeMap::new(),
            traffic: TrafficConfig::default(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            persisted: PersistedConfig::default(),
            incremental: true,
            anonymous: true,
            introspection: Audience::Everyone,
            suggestions: true,
            ide: true,
            plans: None,
            policies: BTreeMap::new(),
            overrides: OverridesConfig::default(),
            warm_up: WarmUpConfig::default(),
            csrf: CsrfConfig::default(),
            cors: CorsConfig::default(),
            batching: BatchingConfig::default(),
            subscriptions: SubscriptionsConfig::default(),
            uploads: UploadsConfig::default(),
            admin: AdminConfig::default(),
            cache: CacheConfig::default(),
            rate_limits: RateLimits::default(),
            forward_headers: Vec::new(),
            trust_forwarded_for: false,
            errors: ErrorsConfig::default(),
            compression: CompressionConfig::default(),
            ready_checks_subgraphs: false,
        }
    }
}

/// Where the supergraph comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupergraphSource {
    /// A file, watched for changes.
    File(PathBuf),
    /// The SDL itself; replaced through [`crate::Gateway::reload`] only.
    Sdl(String),
    /// Composed from the SDLs that running subgraphs answer: name -> URL. For development.
    Compose(BTreeMap<String, String>),
}

impl Default for SupergraphSource {
    fn default() -> Self {
        Self::File(PathBuf::from("supergraph.graphql"))
    }
}

impl Config {
    /// Who is shown query plans.
    pub(crate) fn plan_audience(&self) -> Audience {
        self.plans.unwrap_or(if self.ide {
            Audience::Everyone
        } else {
            Audience::Nobody
        })
    }

    /// Checks what types cannot.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] names the first setting at fault.
    pub fn check(&self) -> Result<(), ConfigError> {
        let fault = |setting, found: String, expected| {
            Err(ConfigError::Setting {
                setting,
                found,
                expected,
            })
        };
        if !self.path.starts_with('/')
            || self.path == "/"
            || self.path.contains(['{', '}', '*', '?', '#'])
        {
            return fault(
                "path",
                format!("{:?}", self.path),
                "a path such as \"/graphql\"",
            );
        }
        if self.limits.depth == 0 || self.limits.depth > 45 {
            return fault("limits.depth", self.limits.depth.to_string(), "1 to 45");
        }
        if self.limits.planning == 0 || self.limits.in_flight == 0 {
            return fault(
                "limits.planning or limits.in_flight",
                "0".to_owned(),
                "at least 1",
            );
        }
        if let Some((label, expected)) = self.overrides.fault() {
            return fault(
                "overrides.labels",
                format!("the rule of {label:?}"),
                expected,
            );
        }
        if self.timeouts.reload_ms == 0 {
            return fault("timeouts.reload_ms", "0".to_owned(), "at least 1");
        }
        if let Some((setting, found, expected)) = self.subscriptions.fault() {
            return fault(setting, found, expected);
        }
        self.admin.check()?;
        self.cache.check()?;
        for origin in &self.cors.origins {
            if http::HeaderValue::from_str(origin).is_err() || !origin.contains("://") {
                return fault(
                    "cors.origins",
                    format!("{origin:?}"),
                    "origins such as \"https://app.example\"",
                );
            }
        }
        for header in self.forward_headers.iter().chain(&self.csrf.headers) {
            if http::HeaderName::from_bytes(header.as_bytes()).is_err() {
                return fault(
                    "forward_headers or csrf.headers",
                    format!("{header:?}"),
                    "header names",
                );
            }
        }
        if let Err((setting, found, expected)) = self.connections.check() {
            return fault(setting, found, expected);
        }
        self.compression.check()?;
        self.uploads.check()?;
        self.traffic.check()?;
        self.subgraphs.values().try_for_each(SubgraphConfig::check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_says_only_what_differs() {
        let config: Config = serde_json::from_str(
            r#"{ "supergraph": { "file": "s.graphql" }, "limits": { "depth": 9 }, "persisted": { "mode": "ids-only",
                 "clients": { "web": "log-unknown" } }, "introspection": "authenticated", "listen": "[::]:80",
                 "subgraphs": { "books": { "timeout_ms": 5 } }, "rate_limits": { "guest": { "permits": 5, "seconds": 60 } } }"#,
        )
        .unwrap();
        assert_eq!((config.limits.depth, config.limits.tokens), (9, 10_000));
        assert_eq!(config.persisted.mode, PersistedMode::IdsOnly);
        assert_eq!(config.persisted.partners, PersistedMode::IdsOnly);
        assert_eq!(config.introspection, Audience::Authenticated);
        assert!(config.check().is_ok());
        let written = serde_json::to_value(Config::default()).unwrap();
        assert_eq!(
            serde_json::from_value::<Config>(written).unwrap(),
            Config::default()
        );
        let misspelt =
            serde_json::from_str::<Config>(r#"{ "limits": { "dept": 9 } }"#).unwrap_err();
        assert!(
            misspelt.to_string().contains("unknown field `dept`"),
            "{misspelt}"
        );
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let fault = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(fault(|config| config.path = "graphql".into()).starts_with("path is \"graphql\""));
        assert!(
            fault(|config| config.limits.depth = 46)
                .starts_with("limits.depth is 46: expected 1 to 45")
        );
        assert!(fault(|config| config.limits.planning = 0).starts_with("limits.planning"));
        assert!(
            fault(|config| config.cors.origins = vec!["app.example".into()])
                .starts_with("cors.origins")
        );
        assert!(
            fault(|config| config.forward_headers = vec!["a b".into()])
                .starts_with("forward_headers")
        );
    }
}
