//! From settings to the [`Platform`] that every service of the process is built with.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use coko_core::cache::Cache;
use coko_core::clock::Clock;
use coko_core::config::Secret;
use coko_core::identity::{InternalKey, KeySet, Revocations, RootKey, Verifier};
use coko_core::ids::Entropy;
use coko_core::mail::Mailer;
use coko_core::rate_limit::RateLimiter;
use coko_core::service::{Bus, Nats, Platform, Task};
use coko_core::settings::Settings as LiveSettings;

use crate::config::{Settings, missing};

/// The platform, with the tasks that keep its caches and revocations up to date.
#[derive(Debug)]
pub struct Connected {
    /// What services are built with.
    pub platform: Platform,
    /// To be run as long as the process serves.
    pub tasks: Vec<Task>,
}

/// What the platform needs, checked before a port is bound. Connections are made by [`Parsed::connect`].
#[derive(Debug)]
pub struct Parsed {
    settings: Settings,
    internal_key: InternalKey,
    keys: KeySet,
    mailer: Mailer,
    nats_url: Secret,
}

impl Parsed {
    /// Checks the settings that every subgraph needs; `sends_mail` when one of them writes letters.
    ///
    /// # Errors
    /// When one is missing or malformed.
    pub fn new(settings: &Settings, sends_mail: bool) -> anyhow::Result<Self> {
        let nats_url = settings
            .nats
            .url
            .clone()
            .ok_or_else(|| missing("nats.url"))?;
        let keys = public_keys(settings)?;
        if keys.is_empty() {
            return Err(missing("identity.public_keys").into());
        }
        Ok(Self {
            internal_key: internal_key(settings)?.ok_or_else(|| missing("internal.key"))?,
            keys,
            mailer: mailer(settings, sends_mail)?,
            nats_url,
            settings: settings.clone(),
        })
    }

    /// Connects to the broker and to Redis, now or as soon as they are up.
    ///
    /// # Errors
    /// When a URL is malformed.
    pub async fn connect(self, name: &str) -> anyhow::Result<Connected> {
        let settings = self.settings;
        let nats = Nats::connect(self.nats_url.expose(), name, settings.nats.replicas)
            .await
            .map_err(anyhow::Error::msg)
            .context("the broker cannot be used (nats.url)")?;
        let bus = Bus::Nats(nats);
        let redis = redis(&settings)?;
        let clock = Clock::system();
        let revocations = Revocations::new(&bus, clock.clone());
        let cache = Cache::new(settings.cache.megabytes << 20, redis.clone(), &bus);
        let live = LiveSettings::new(&bus);
        let tasks = vec![revocations.task(), cache.task(), live.task()];
        let platform = Platform {
            environment: settings.environment(),
            verifier: Arc::new(Verifier::new(self.keys, revocations.clone(), clock.clone())),
            revocations,
            settings: live,
            cache,
            limiter: RateLimiter::new(clock.clone(), redis.clone()),
            redis,
            mailer: self.mailer,
            internal_key: self.internal_key,
            public_url: settings.public.url.trim_end_matches('/').into(),
            bus,
            clock,
            entropy: Entropy::system(),
        };
        Ok(Connected { platform, tasks })
    }
}

/// What a router by itself takes of the platform: each part only where it is configured.
#[derive(Debug)]
pub struct RouterParts {
    /// Verifies tokens.
    pub verifier: Option<Arc<Verifier>>,
    /// Shared limits.
    pub limiter: Option<RateLimiter>,
    /// Signs what subgraphs are told.
    pub internal_key: Option<InternalKey>,
    /// The broker, from which registered operations and the events of subscriptions and of caching come.
    pub nats: Option<Nats>,
    /// Answers that routers share.
    pub redis: Option<fred::clients::Client>,
    /// Learns of revocations.
    pub tasks: Vec<Task>,
}

impl RouterParts {
    /// Everything, from the platform of the subgraphs in the same process.
    ///
    /// # Errors
    /// When the URL of Redis is malformed.
    pub(crate) fn of(platform: &Platform, settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self {
            verifier: Some(platform.verifier.clone()),
            limiter: Some(platform.limiter.clone()),
            internal_key: Some(platform.internal_key.clone()),
            redis: redis(settings)?,
            nats: match &platform.bus {
                Bus::Nats(nats) => Some(nats.clone()),
                Bus::Recording(_) => None,
            },
            tasks: Vec::new(),
        })
    }

    /// Connects to what is configured.
    ///
    /// # Errors
    /// When a setting is malformed.
    pub async fn connect(settings: &Settings) -> anyhow::Result<Self> {
        let clock = Clock::system();
        let keys = public_keys(settings)?;
        let mut tasks = Vec::new();
        let redis = redis(settings)?;
        let nats = match &settings.nats.url {
            Some(url) => {
                let nats = Nats::connect(url.expose(), "router", settings.nats.replicas).await;
                let nats = nats.map_err(anyhow::Error::msg);
                Some(nats.context("the broker cannot be used (nats.url)")?)
            }
            None => None,
        };
        let verifier = if keys.is_empty() {
            None
        } else {
            let bus = match &nats {
                Some(nats) => Bus::Nats(nats.clone()),
                None => Bus::Recording(coko_core::service::Recording::default()),
            };
            let revocations = Revocations::new(&bus, clock.clone());
            tasks.push(revocations.task());
            Some(Arc::new(Verifier::new(keys, revocations, clock.clone())))
        };
        Ok(Self {
            verifier,
            limiter: redis
                .clone()
                .map(|client| RateLimiter::new(clock, Some(client))),
            internal_key: internal_key(settings)?,
            redis,
            nats,
            tasks,
        })
    }
}

fn redis(settings: &Settings) -> anyhow::Result<Option<fred::clients::Client>> {
    let connected = settings
        .redis
        .url
        .as_ref()
        .map(|url| coko_core::redis::connect(url.expose()));
    connected
        .transpose()
        .map_err(anyhow::Error::msg)
        .context("Redis cannot be used (redis.url)")
}

fn internal_key(settings: &Settings) -> anyhow::Result<Option<InternalKey>> {
    let Some(secret) = settings.internal.key.clone() else {
        return Ok(None);
    };
    match InternalKey::new(secret) {
        Some(key) => Ok(Some(key)),
        None => bail!(
            "`internal.key` is too short: expected at least 32 characters; `openssl rand -hex 32` makes one"
        ),
    }
}

/// The configured keys; the public halves of auth's own where this process has those and nothing else is said.
fn public_keys(settings: &Settings) -> anyhow::Result<KeySet> {
    let configured = &settings.identity.public_keys;
    if configured.trim().is_empty() && settings.is_set("auth.root_keys") {
        #[derive(serde::Deserialize)]
        struct Auth {
            root_keys: Secret,
        }
        let auth: Auth = settings.section("auth")?;
        let published = auth
            .root_keys
            .expose()
            .split(',')
            .filter(|key| !key.trim().is_empty())
            .map(|key| Ok(RootKey::parse(&Secret::new(key))?.published()))
            .collect::<anyhow::Result<Vec<_>>>()
            .context("`auth.root_keys` cannot be used")?;
        return Ok(KeySet::new(&published)?);
    }
    KeySet::parse(configured).context("`identity.public_keys` cannot be used")
}

fn mailer(settings: &Settings, sends_mail: bool) -> anyhow::Result<Mailer> {
    let mail = &settings.mail;
    let mailer = match (&mail.url, &mail.folder) {
        (Some(url), _) => Mailer::smtp(url.expose(), &mail.from),
        (None, Some(folder)) => Mailer::folder(folder, &mail.from),
        (None, None) if sends_mail && !settings.environment().is_development() => {
            return Err(missing("mail.url").into());
        }
        // On a developer's machine letters are for looking at.
        (None, None) => Mailer::folder(default_letters(), &mail.from),
    };
    mailer.context("mail cannot be used (mail.url, mail.folder, mail.from)")
}

fn default_letters() -> PathBuf {
    std::env::temp_dir().join("coko-letters")
}
