//! What can be set, with its defaults. Parsed completely before a port is bound.
//!
//! The defaults serve any Federation 2 supergraph to anonymous callers; what is particular to one platform (operation
//! manifests, quotas, who may introspect) is set by it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use coko_core::rate_limit::Quota;
use serde::{Deserialize, Serialize};

/// The gateway's section of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on. Default `127.0.0.1:4000`.
    pub listen: SocketAddr,
    /// Path of the GraphQL endpoint. Default `/graphql`.
    pub path: String,
    /// Where the supergraph comes from. Default: the file `supergraph.graphql`.
    pub supergraph: SupergraphSource,
    /// Settings of single subgraphs, by their name in the supergraph.
    pub subgraphs: BTreeMap<String, SubgraphConfig>,
    /// What one request may ask for.
    pub limits: Limits,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Persisted operations.
    pub persisted: PersistedConfig,
    /// Whether callers without a token are served. Default true.
    pub anonymous: bool,
    /// Who may introspect the schema. Default everyone.
    pub introspection: Audience,
    /// Whether validation errors suggest names ("Did you mean …"). Default true; turn off where clients are strangers.
    pub suggestions: bool,
    /// Whether `GET` with `Accept: text/html` answers with the built-in IDE, and query plans are shown. Default true.
    pub ide: bool,
    /// Cross-site request forgery prevention.
    pub csrf: CsrfConfig,
    /// Cross-origin resource sharing.
    pub cors: CorsConfig,
    /// Several operations in one request.
    pub batching: BatchingConfig,
    /// Quotas per principal; a class without one is not limited.
    pub rate_limits: RateLimits,
    /// Request headers handed on to subgraphs besides the standard ones, in lower case.
    pub forward_headers: Vec<String>,
    /// Whether the client's address is taken from `X-Forwarded-For` (behind a trusted proxy). Default false.
    pub trust_forwarded_for: bool,
    /// What of subgraphs' errors reaches clients.
    pub errors: ErrorsConfig,
    /// Whether answers are compressed when the client accepts it. Default true.
    pub compression: bool,
    /// Whether `/ready` asks each subgraph too. Default false: a subgraph that is down costs its fields only.
    pub ready_checks_subgraphs: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 4000)),
            path: "/graphql".to_owned(),
            supergraph: SupergraphSource::default(),
            subgraphs: BTreeMap::new(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            persisted: PersistedConfig::default(),
            anonymous: true,
            introspection: Audience::Everyone,
            suggestions: true,
            ide: true,
            csrf: CsrfConfig::default(),
            cors: CorsConfig::default(),
            batching: BatchingConfig::default(),
            rate_limits: RateLimits::default(),
            forward_headers: Vec::new(),
            trust_forwarded_for: false,
            errors: ErrorsConfig::default(),
            compression: true,
            ready_checks_subgraphs: false,
        }
    }
}

/// Where the supergraph comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// Settings of one subgraph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphConfig {
    /// Where it answers, instead of the supergraph's URL.
    pub url: Option<String>,
    /// Milliseconds for one call, instead of `timeouts.subgraph_ms`.
    pub timeout_ms: Option<u64>,
    /// Bytes of one answer, instead of `limits.subgraph_response_bytes`.
    pub response_bytes: Option<usize>,
}

/// What one request may ask for. Every limit is checked before anything is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request body. Default 1 MiB.
    pub body_bytes: usize,
    /// Lexical tokens of a document. Default 10,000.
    pub tokens: usize,
    /// Nested selection sets, through fragments. Default 20; at most 45, which is what the parser takes.
    pub depth: usize,
    /// Aliases in a document. Default 100.
    pub aliases: usize,
    /// Root fields of an operation, through fragments. Default 50.
    pub root_fields: usize,
    /// Directives in a document. Default 100.
    pub directives: usize,
    /// Fragment definitions in a document. Default 200.
    pub fragments: usize,
    /// Fields of an operation with every fragment spread out. Default 2,000.
    pub fields: usize,
    /// Computed cost , by `@cost` and `@listSize`. Default 100,000.
    pub cost: u64,
    /// Items that a list of unknown size is taken to have. Default 10.
    pub assumed_list_size: u64,
    /// Bytes of one subgraph's answer. Default 16 MiB.
    pub subgraph_response_bytes: usize,
    /// Bytes of a whole answer. Default 64 MiB.
    pub response_bytes: usize,
    /// Errors listed in an answer. Default 100.
    pub errors: usize,
    /// Requests handled at once; beyond it callers are asked to come back. Default 4,096.
    pub in_flight: usize,
    /// Plans made at once. Default 2.
    pub planning: usize,
    /// Bytes of documents whose prepared form and plan are kept; those take some twenty times as much. Default 8 MiB.
    pub prepared_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            tokens: 10_000,
            depth: 20,
            aliases: 100,
            root_fields: 50,
            directives: 100,
            fragments: 200,
            fields: 2_000,
            cost: 100_000,
            assumed_list_size: 10,
            subgraph_response_bytes: 16 << 20,
            response_bytes: 64 << 20,
            errors: 100,
            in_flight: 4_096,
            planning: 2,
            prepared_bytes: 8 << 20,
        }
    }
}

/// How long things may take, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// A whole request. Default 30,000.
    pub request_ms: u64,
    /// Receiving a request's body. Default 10,000.
    pub body_ms: u64,
    /// One call to a subgraph. Default 10,000.
    pub subgraph_ms: u64,
    /// Connecting to a subgraph. Default 2,000.
    pub connect_ms: u64,
    /// Planning an operation. Default 5,000.
    pub planning_ms: u64,
    /// Between looks at watched files. Default 1,000.
    pub reload_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            request_ms: 30_000,
            body_ms: 10_000,
            subgraph_ms: 10_000,
            connect_ms: 2_000,
            planning_ms: 5_000,
            reload_ms: 1_000,
        }
    }
}

/// Persisted operations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersistedConfig {
    /// What documents are run for callers that no other rule names. Default allow.
    pub mode: PersistedMode,
    /// The same for partners' tokens. Default ids only.
    pub partners: PersistedMode,
    /// The same by client name. A name that a partner's token carries decides; a name that is only a header can make
    /// the rule stricter, never laxer.
    pub clients: BTreeMap<String, PersistedMode>,
    /// Manifest files in Apollo's, Relay's or the plain `{hash: document}` format, watched for changes.
    pub files: Vec<PathBuf>,
    /// Automatic persisted queries: clients register documents by hash. Default true.
    pub automatic: bool,
    /// Bytes of automatically registered documents kept. Default 16 MiB.
    pub automatic_bytes: u64,
}

impl Default for PersistedConfig {
    fn default() -> Self {
        Self {
            mode: PersistedMode::Allow,
            partners: PersistedMode::IdsOnly,
            clients: BTreeMap::new(),
            files: Vec::new(),
            automatic: true,
            automatic_bytes: 16 << 20,
        }
    }
}

/// Which documents are run, from lax to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersistedMode {
    /// Any document.
    Allow,
    /// Any document; those that no manifest has are logged.
    LogUnknown,
    /// Documents of the manifests, by id or by their text.
    Safelist,
    /// Documents of the manifests, by id only.
    IdsOnly,
}

/// A group of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// All callers.
    Everyone,
    /// Callers with a valid token.
    Authenticated,
    /// No caller.
    Nobody,
}

/// Cross-site request forgery prevention: a request that a browser sends without asking first is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CsrfConfig {
    /// Default true.
    pub enabled: bool,
    /// Headers, any of which makes a browser ask first.
    pub headers: Vec<String>,
}

impl Default for CsrfConfig {
    fn default() -> Self {
        let headers = [
            "coko-preflight",
            "apollo-require-preflight",
            "x-apollo-operation-name",
            "graphql-require-preflight",
        ];
        Self {
            enabled: true,
            headers: headers.map(str::to_owned).to_vec(),
        }
    }
}

/// Cross-origin resource sharing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorsConfig {
    /// Origins that may read answers (`https://app.example`). Default none.
    pub origins: Vec<String>,
    /// Whether cookies and client certificates may be sent along. Default false.
    pub credentials: bool,
}

/// Several operations in one request, as a JSON array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchingConfig {
    /// Default false.
    pub enabled: bool,
    /// Most operations in one request. Default 10.
    pub max: usize,
}

impl Default for BatchingConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            max: 10,
        }
    }
}

/// Quotas per principal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// Callers without a token, per address.
    pub guest: Option<Quota>,
    /// Users, each.
    pub user: Option<Quota>,
    /// Partners' clients, each.
    pub partner: Option<Quota>,
}

/// What of subgraphs' errors reaches clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ErrorsConfig {
    /// Whether messages of subgraphs' errors are replaced by a general one. Default false.
    pub mask: bool,
    /// Codes whose messages are shown even then.
    pub shown_codes: Vec<String>,
}

impl Default for ErrorsConfig {
    fn default() -> Self {
        let codes = [
            "UNAUTHENTICATED",
            "FORBIDDEN",
            "NOT_FOUND",
            "VALIDATION_FAILED",
            "CONFLICT",
            "RATE_LIMITED",
            "IDEMPOTENCY_MISMATCH",
            "BAD_REQUEST",
        ];
        Self {
            mask: false,
            shown_codes: codes.map(str::to_owned).to_vec(),
        }
    }
}

/// A configuration the gateway cannot start with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The supergraph file cannot be read.
    #[error("the supergraph {path} cannot be read: {reason}")]
    SupergraphFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// The supergraph cannot be served.
    #[error("the supergraph cannot be served: {0}")]
    Supergraph(String),
    /// A subgraph did not give its SDL.
    #[error("subgraph {name} does not answer its SDL: {reason}")]
    SubgraphSdl {
        /// The subgraph.
        name: String,
        /// What went wrong.
        reason: String,
    },
    /// A subgraph's URL is not one.
    #[error("the URL {url:?} of subgraph {name} cannot be used: {reason}")]
    SubgraphUrl {
        /// The subgraph.
        name: String,
        /// What is configured or written in the supergraph.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A manifest of persisted operations cannot be used.
    #[error("the operations manifest {path} cannot be used: {reason}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting is out of range or malformed.
    #[error("{setting} is {found}: expected {expected}")]
    Setting {
        /// The setting, as written in the file.
        setting: &'static str,
        /// What was found.
        found: String,
        /// What is accepted.
        expected: &'static str,
    },
}

impl Config {
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
        if self.timeouts.reload_ms == 0 {
            return fault("timeouts.reload_ms", "0".to_owned(), "at least 1");
        }
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
        Ok(())
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
