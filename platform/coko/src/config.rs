//! The whole configuration, parsed completely before a port is bound.
//!
//! Sources in rising precedence: defaults, the secrets of a private platform, `coko.toml`, `COKO_<SECTION>_<KEY>`
//! variables. Sections of roles are parsed into the roles' own types by [`Settings::section`].

mod error;
mod sections;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use coko_core::config::{DatabaseConfig, Environment};
use coko_core::lifecycle::StopConfig;
use coko_core::telemetry::TelemetryConfig;
use figment::Figment;
use figment::providers::{Format as _, Serialized, Toml};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use self::error::SettingsError;
use self::error::explain;
pub(crate) use self::error::missing;
pub use self::sections::{
    CacheSettings, Identity, Internal, Mail, NatsSettings, Public, RedisSettings,
};

/// The configuration file that is read when none is named.
const DEFAULT_FILE: &str = "coko.toml";

/// Everything that is configured.
#[derive(Clone, Deserialize)]
pub struct Settings {
    /// How much strangers are shown; `production` unless set.
    #[serde(default)]
    pub environment: Option<Environment>,
    /// `public.url`.
    #[serde(default)]
    pub public: Public,
    /// `internal.key`.
    #[serde(default)]
    pub internal: Internal,
    /// `identity.public_keys`.
    #[serde(default)]
    pub identity: Identity,
    /// `nats.url`, `nats.replicas`.
    #[serde(default)]
    pub nats: NatsSettings,
    /// `redis.url`.
    #[serde(default)]
    pub redis: RedisSettings,
    /// `mail.url`, `mail.folder`, `mail.from`.
    #[serde(default)]
    pub mail: Mail,
    /// `cache.megabytes`.
    #[serde(default)]
    pub cache: CacheSettings,
    /// `telemetry.log`, `telemetry.otlp_endpoint`, `telemetry.pretty`.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// `stop.notice_ms`, `stop.grace_ms`.
    #[serde(default)]
    pub stop: StopConfig,
    /// Where roles listen, by role, unless the command line says it.
    #[serde(default)]
    pub serve: BTreeMap<String, SocketAddr>,
    #[serde(skip)]
    sources: Figment,
}

impl Settings {
    /// Reads all sources: `file` or else `coko.toml` where there is one, over `secrets`, under the environment.
    ///
    /// # Errors
    /// [`SettingsError`] names the file or the setting at fault.
    pub fn load(file: Option<&Path>, secrets: Option<&Path>) -> Result<Self, SettingsError> {
        let default = Path::new(DEFAULT_FILE);
        let file = file.or_else(|| default.is_file().then_some(default));
        if let Some(file) = file {
            check_sections(file)?;
        }
        let beneath =
            secrets.map_or_else(Figment::new, |path| Figment::from(Toml::file_exact(path)));
        let mut sources = beneath.merge(coko_core::config::figment(file));
        // A search engine is a server like the broker, so it has a section of its own; the catalogue is who uses it.
        if let Ok(engine) = sources.find_value("meilisearch") {
            sources = sources.join(Serialized::default("catalog.meilisearch", engine));
        }
        // So is a storage, which the file service uses.
        if let Ok(bucket) = sources.find_value("s3") {
            sources = sources.join(Serialized::default("file.s3", bucket));
        }
        Self::parse(sources)
    }

    /// The same with values for what no source sets.
    ///
    /// # Errors
    /// When such a value does not fit.
    pub fn with_defaults(self, defaults: &serde_json::Value) -> Result<Self, SettingsError> {
        let sources = self.sources.join(Serialized::defaults(defaults));
        Self::parse(sources)
    }

    fn parse(sources: Figment) -> Result<Self, SettingsError> {
        let mut settings: Self = sources.extract().map_err(|error| explain("", error))?;
        settings.sources = sources;
        Ok(settings)
    }

    /// The section `name` as `T`.
    ///
    /// # Errors
    /// When a required setting is missing or a value does not fit.
    pub fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T, SettingsError> {
        self.sources
            .focus(name)
            .extract()
            .map_err(|error| explain(name, error))
    }

    /// The section `name` over `defaults`.
    ///
    /// # Errors
    /// As [`Settings::section`].
    pub fn section_over<T: DeserializeOwned + serde::Serialize>(
        &self,
        name: &str,
        defaults: &T,
    ) -> Result<T, SettingsError> {
        let sources = Figment::from(Serialized::defaults(defaults)).merge(self.sources.focus(name));
        sources.extract().map_err(|error| explain(name, error))
    }

    /// Whether any source sets `key` (`catalog.database_url`).
    pub fn is_set(&self, key: &str) -> bool {
        self.sources.contains(key)
    }

    /// How the database of `domain` is reached, when that is configured.
    ///
    /// # Errors
    /// When it is configured wrongly.
    pub fn database(&self, domain: &str) -> Result<Option<DatabaseConfig>, SettingsError> {
        if !self.is_set(&format!("{domain}.database_url")) {
            return Ok(None);
        }
        self.section(domain).map(Some)
    }

    /// How much strangers are shown.
    pub fn environment(&self) -> Environment {
        self.environment.unwrap_or_default()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The sources hold secrets as plain text.
        f.debug_struct("Settings")
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

/// A misspelt section would be ignored silently, so it is refused. Variables are not checked: the environment is shared.
fn check_sections(file: &Path) -> Result<(), SettingsError> {
    let fault = |reason: String| SettingsError::File {
        file: file.display().to_string(),
        reason,
    };
    let text = std::fs::read_to_string(file).map_err(|error| fault(error.to_string()))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| fault(error.to_string()))?;
    let known: Vec<&str> = [
        "environment",
        "public",
        "internal",
        "identity",
        "nats",
        "redis",
        "meilisearch",
        "s3",
        "mail",
        "cache",
        "telemetry",
        "serve",
        "stop",
        "simulator",
    ]
    .into_iter()
    .chain(crate::roles::names())
    .collect();
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        Some(section) => Err(SettingsError::Unknown {
            file: file.display().to_string(),
            section: section.clone(),
            known: known.join(", "),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
#[expect(
    clippy::result_large_err,
    reason = "figment's jail takes closures with its own error"
)]
mod tests {
    use super::error::variable;
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Example {
        #[serde(flatten)]
        database: DatabaseConfig,
    }

    /// Variables are those of the process, so cases that set them run in a jail that serialises and restores them.
    fn check(
        file: &str,
        variables: &[(&str, &str)],
        with: impl FnOnce(Result<Settings, SettingsError>),
    ) {
        figment::Jail::expect_with(|jail| {
            jail.create_file("coko.toml", file)?;
            jail.create_file(
                "secrets.toml",
                "[internal]\nkey = \"from secrets\"\n[nats]\nreplicas = 2\n",
            )?;
            for (name, value) in variables {
                jail.set_env(name, value);
            }
            with(Settings::load(None, Some(Path::new("secrets.toml"))));
            Ok(())
        });
    }

    #[test]
    fn later_sources_win() {
        let file = "environment = \"development\"\n[nats]\nurl = \"nats://file\"\nreplicas = 3\n[catalog]\ndatabase_url = \"postgres://file\"\n";
        check(
            file,
            &[
                ("COKO_NATS_URL", "nats://variable"),
                ("COKO_CATALOG_DATABASE_POOL", "3"),
            ],
            |settings| {
                let settings = settings.unwrap();
                assert!(settings.environment().is_development());
                assert_eq!(
                    settings.internal.key.as_ref().unwrap().expose(),
                    "from secrets"
                );
                assert_eq!(settings.nats.replicas, 3);
                assert_eq!(
                    settings.nats.url.as_ref().unwrap().expose(),
                    "nats://variable"
                );
                let catalog: Example = settings.section("catalog").unwrap();
                assert!(!settings.is_set("catalog.meilisearch"));
                assert_eq!(
                    (
                        catalog.database.database_url.expose(),
                        catalog.database.database_pool
                    ),
                    ("postgres://file", 3)
                );
                assert!(settings.database("auth").unwrap().is_none());

                let defaults = serde_json::json!({
                    "nats": { "url": "nats://default" }, "auth": { "database_url": "postgres://default" },
                });
                let settings = settings.with_defaults(&defaults).unwrap();
                assert_eq!(
                    settings.nats.url.as_ref().unwrap().expose(),
                    "nats://variable"
                );
                assert_eq!(
                    settings
                        .database("auth")
                        .unwrap()
                        .unwrap()
                        .database_url
                        .expose(),
                    "postgres://default"
                );
            },
        );
    }

    #[test]
    fn faults_name_the_setting_and_the_remedy() {
        check("", &[], |settings| {
            let error = settings
                .unwrap()
                .section::<Example>("catalog")
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("catalog.database_url")
                    && error.contains("COKO_CATALOG_DATABASE_URL"),
                "{error}"
            );
        });
        check("", &[("COKO_NATS_REPLICAS", "many")], |settings| {
            let error = settings.unwrap_err().to_string();
            assert!(
                error.contains("nats.replicas") && error.contains("many"),
                "{error}"
            );
        });
        check("[catalgo]\nx = 1\n", &[], |settings| {
            let error = settings.unwrap_err().to_string();
            assert!(
                error.contains("catalgo") && error.contains("catalog"),
                "{error}"
            );
        });
        check("[nats\n", &[], |settings| {
            assert!(matches!(settings, Err(SettingsError::File { .. })));
        });
        check("[mail]\nfrm = \"x\"\n", &[], |settings| {
            let error = settings.unwrap_err().to_string();
            assert!(error.contains("frm"), "{error}");
        });
    }

    #[test]
    fn a_search_engine_reaches_the_catalogue() {
        let variables = [
            ("COKO_MEILISEARCH_URL", "http://search:7700"),
            ("COKO_CATALOG_DATABASE_URL", "postgres://x"),
        ];
        check("", &variables, |settings| {
            let catalog: coko_catalog::Config = settings.unwrap().section("catalog").unwrap();
            assert_eq!(catalog.meilisearch.unwrap().url, "http://search:7700");
        });
    }

    #[test]
    fn a_bucket_reaches_the_file_service() {
        let variables = [
            ("COKO_S3_BUCKET", "coko"),
            ("COKO_S3_ENDPOINT", "http://storage:9000"),
            ("COKO_FILE_DATABASE_URL", "postgres://x"),
        ];
        check("", &variables, |settings| {
            let file: coko_file::Config = settings.unwrap().section("file").unwrap();
            match file.storage {
                coko_file::config::StorageConfig::S3(bucket) => assert_eq!(
                    (bucket.bucket.as_str(), bucket.endpoint.as_deref()),
                    ("coko", Some("http://storage:9000"))
                ),
                coko_file::config::StorageConfig::Folder(folder) => panic!("{folder:?}"),
            }
        });
        check("", &variables[2..], |settings| {
            let error = settings
                .unwrap()
                .section::<coko_file::Config>("file")
                .unwrap_err()
                .to_string();
            assert!(error.contains("COKO_FILE_FOLDER"), "{error}");
        });
    }

    #[test]
    fn variables_are_named_after_keys() {
        assert_eq!(variable("router.limits.depth"), "COKO_ROUTER_LIMITS__DEPTH");
        assert_eq!(variable("environment"), "COKO_ENVIRONMENT");
    }
}
