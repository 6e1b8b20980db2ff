//! Settings for commands that work on data: what is configured, else the private servers of the home folder.

use coko_core::clock::Clock;
use coko_core::context::CommandContext;
use coko_core::database::Pool;
use coko_core::ids::Entropy;
use coko_core::servers::{Addresses, Durability, Servers, Wanted};
use serde_json::{Value, json};

use super::Global;
use crate::config::{Settings, missing};
use crate::home::{Home, Occupied};
use crate::roles::SUBGRAPHS;

/// Settings that reach databases and the broker, with the servers that were started for the command.
#[derive(Debug)]
pub(super) struct Attached {
    pub(super) settings: Settings,
    started: Option<(Servers, Occupied)>,
}

impl Attached {
    /// Reaches what the settings `needed` name; private servers are started for the command when nothing runs them yet.
    ///
    /// # Errors
    /// When they are not configured, and there is no private platform either.
    pub(super) async fn to(global: &Global, needed: &[String]) -> anyhow::Result<Self> {
        let home = Home::new(&global.home)?;
        let secrets = home.directory().join("secrets.toml");
        let settings = Settings::load(
            global.config.as_deref(),
            secrets.is_file().then_some(secrets.as_path()),
        )?;
        let Some(absent) = needed.iter().find(|key| !settings.is_set(key)) else {
            return Ok(Self {
                settings,
                started: None,
            });
        };
        if !secrets.is_file() {
            return Err(missing(absent).into());
        }
        let directory = home.servers()?.directory;
        if home.occupant().is_some() {
            let settings =
                settings.with_defaults(&private_defaults(&home, &Servers::running(&directory)))?;
            return match needed.iter().find(|key| !settings.is_set(key)) {
                Some(absent) => Err(missing(absent).into()),
                None => Ok(Self {
                    settings,
                    started: None,
                }),
            };
        }
        let occupied = home.occupy(&command_line(), None)?;
        let step = global
            .progress
            .step("starting private servers for this command");
        let servers = Servers::start(&directory, Durability::Durable, Wanted::ALL).await?;
        step.done("");
        let settings = settings.with_defaults(&private_defaults(&home, &servers.addresses()))?;
        Ok(Self {
            settings,
            started: Some((servers, occupied)),
        })
    }

    /// The database of `domain`.
    ///
    /// # Errors
    /// When it is not configured.
    pub(super) fn pool(&self, domain: &str) -> anyhow::Result<Pool> {
        let config = self.settings.database(domain)?;
        let config = config.ok_or_else(|| missing(&format!("{domain}.database_url")))?;
        Ok(Pool::new(&config))
    }

    /// Stops what was started for the command.
    pub(super) async fn release(mut self) {
        if let Some((servers, _)) = &mut self.started {
            servers.stop().await;
        }
    }
}

/// How this command was called, for whoever finds the home folder occupied. None of those that come here takes a secret.
fn command_line() -> String {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    format!("coko {}", arguments.join(" "))
}

/// The settings that private servers and their home stand in for, in the shape of a configuration file.
pub(super) fn private_defaults(home: &Home, addresses: &Addresses) -> Value {
    let mut defaults = json!({
        "environment": "development",
        "mail": { "folder": home.directory().join("letters") },
        "auth": { "texts": { "folder": home.directory().join("texts") } },
        "file": { "folder": home.directory().join("files") },
    });
    if let Some(url) = &addresses.nats {
        defaults["nats"] = json!({ "url": url });
    }
    if let Some(url) = &addresses.redis {
        defaults["redis"] = json!({ "url": url });
    }
    for subgraph in SUBGRAPHS {
        if let Some(url) = addresses.database(&format!("coko_{}", subgraph.name)) {
            defaults[subgraph.name]["database_url"] = url.into();
        }
    }
    defaults
}

/// The setting that says where the database of `domain` is.
pub(super) fn database_key(domain: &str) -> String {
    format!("{domain}.database_url")
}

/// The context of what the command itself does.
pub(super) fn context() -> CommandContext {
    CommandContext::system(Clock::system().now(), Entropy::system())
}
