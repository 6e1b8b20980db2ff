//! Files: how they come in, what is made of them, and who may have them.
//!
//! File owns the entity `File` and adds `files` to `Book`. Bytes come in resumably (tus 1.0, `/uploads/…`), are looked at by a
//! worker beside the requests, and go out by signed links (`/files/…`): whole, with ranges, or one resource of an EPUB at a time.
//! What a book is belongs to catalog, who is entitled to it to reading, whose grants file keeps from its events.
//!
//! Of a book that comes of a publication readers get the text that was published; any other is held back.
//!
//! Says: `file.processed`, `file.rejected`, `book.downloaded`. Hears: `publication.published`,
//! `manuscript.discarded`, `entitlement.granted`, `entitlement.revoked`, `user.deleted`.

mod commands;
pub mod config;
mod consumers;
mod error;
mod graphql;
mod http;
pub mod model;
pub mod process;
pub mod sample;
mod storage;
mod store;
mod tables;
mod tasks;

use std::sync::Arc;

use coko_core::clock::Clock;
use coko_core::consumer::Consumers;
use coko_core::context::CommandContext;
use coko_core::database::Pool;
use coko_core::export;
use coko_core::identity::{InternalKey, Verifier};
use coko_core::ids::Entropy;
use coko_core::locale::Locale;
use coko_core::outbox::Relay;
use coko_core::rate_limit::RateLimiter;
use coko_core::service::{Platform, Service};
use coko_core::translation::{TranslationError, Translations};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use futures::FutureExt as _;
use tokio::sync::Notify;
use uuid::Uuid;

pub use config::Config;
pub use error::BuildError;
use storage::Storage;
pub use storage::StorageError;

/// The role, the subgraph, the suffix of the database.
pub const NAME: &str = "file";

/// The tables of file, which come after the platform's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/file");

/// What every resolver, handler and worker of this subgraph shares.
pub(crate) struct Files {
    pool: Pool,
    storage: Storage,
    config: Config,
    cache: coko_core::cache::Cache,
    limiter: RateLimiter,
    verifier: Arc<Verifier>,
    internal_key: InternalKey,
    clock: Clock,
    entropy: Entropy,
    public_url: Arc<str>,
    translations: Translations,
    /// Says to this process's workers that something is in the queue.
    wake: Notify,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}

impl Files {
    fn new(platform: &Platform, config: Config) -> Result<Arc<Self>, BuildError> {
        Ok(Arc::new(Self {
            pool: Pool::new(&config.database),
            storage: Storage::new(&config.storage)?,
            cache: platform.cache.clone(),
            limiter: platform.limiter.clone(),
            verifier: platform.verifier.clone(),
            internal_key: platform.internal_key.clone(),
            clock: platform.clock.clone(),
            entropy: platform.entropy.clone(),
            public_url: platform.public_url.clone(),
            translations: translations()?,
            wake: Notify::new(),
            config,
        }))
    }

    /// The context of what the service does by itself.
    fn system(&self) -> CommandContext {
        CommandContext::system(self.clock.now(), self.entropy.clone())
    }

    /// For how long a job is held.
    fn lease(&self) -> time::Duration {
        time::Duration::seconds(self.config.lifetimes.lease_seconds.max(3).into())
    }

    /// Where the size of `width` pixels of a picture is.
    fn picture_url(&self, file: Uuid, width: u32) -> String {
        format!("{}/files/{file}/{width}.webp", self.public_url)
    }
}

/// The federation SDL; needs no configuration and no server.
pub fn sdl() -> String {
    graphql::sdl()
}

/// The messages of file on top of core's.
///
/// # Errors
/// When a translation file does not parse, which the tests would have found.
pub fn translations() -> Result<Translations, TranslationError> {
    Translations::new(&[
        (Locale::FR, include_str!("../locales/fr.ftl")),
        (Locale::EN, include_str!("../locales/en.ftl")),
    ])
}

/// The handlers of what file hears, over its database: to rebuild from a stream, or to be handed single events.
pub fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    consumers::consumers(platform, pool)
}

/// Builds the subgraph. Nothing is connected yet: a database, broker or bucket that is down does not keep it from starting.
///
/// # Errors
/// [`BuildError`] names the setting that is not usable.
#[expect(
    clippy::unused_async,
    reason = "every subgraph is built alike, and others wait"
)]
pub async fn build(platform: &Platform, config: Config) -> Result<Service, BuildError> {
    let files = Files::new(platform, config)?;
    let pool = files.pool.clone();
    let router = coko_core::graphql::router(
        graphql::schema(Some(files.clone())),
        platform,
        NAME,
        files.translations.clone(),
        graphql::loaders(files.clone()),
    )
    .merge(http::routes(files.clone()));
    let relay = Relay::new(
        NAME,
        pool.clone(),
        platform.bus.clone(),
        platform.clock.clone(),
    );
    let mut tasks = vec![relay.task()];
    tasks.extend(consumers::consumers(platform, pool.clone()).tasks());
    tasks.push(export::task(
        platform,
        NAME,
        pool.clone(),
        |connection, user| async move { Ok(store::exports::of(connection, user).await?) }.boxed(),
    ));
    tasks.extend(tasks::tasks(&files));
    Ok(Service {
        name: NAME,
        sdl: sdl(),
        router,
        tasks,
        pool,
    })
}

/// Does everything that the workers have to do now, and returns when nothing is left: for tests and for seeding.
///
/// # Errors
/// When the database or the storage does not answer.
pub async fn work_off(platform: &Platform, config: &Config) -> Result<(), WorkError> {
    let files = Files::new(platform, config.clone())?;
    while tasks::next(&files).await? {}
    tasks::sweep(&files).await?;
    Ok(())
}

/// Why work could not be done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The subgraph cannot be used as it is configured.
    #[error(transparent)]
    Config(#[from] BuildError),
    /// The database or the storage does not answer.
    #[error(transparent)]
    Server(#[from] coko_core::Error),
}
