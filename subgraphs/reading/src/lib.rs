//! Reading: libraries, rights to read, progress, annotations, reading time, offline licences.
//!
//! Reading owns the entities `Annotation` and `ReadingProgress`, and contributes to `Book` (the viewer's progress, notes and
//! library) and to `User` (their own library and statistics). It keeps of catalog what a book is called and how long it is, and
//! of payment who paid and who subscribes; it calls neither. Beside GraphQL it answers `GET /notes/…` (exported notes) and
//! `GET /.well-known/offline-license-keys.json`.
//!
//! Devices read without a connection and push what they did when there is one: `commands::push` merges field by field,
//! the last writer by a hybrid logical clock wins, and `changes` tells every device what the others did.
//!
//! Says: `entitlement.granted`, `entitlement.refused`, `entitlement.revoked`, `reading.started`, `reading.progressed`,
//! `reading.completed`, `reading.streak`, `annotation.shared`, and, for whoever listens at that moment, `progress.changed`.
//! Hears: `book.published`, `book.updated`, `book.withdrawn`, `book.purchased`, `order.refunded`, `subscription.activated`,
//! `subscription.renewed`, `subscription.expired`, `user.registered`, `user.profile.updated`, `user.deleted`.

mod commands;
pub mod config;
mod consumers;
mod error;
mod export;
mod graphql;
mod http;
mod model;
mod store;
mod tables;
mod tasks;

use std::sync::Arc;

use coko_core::config::Secret;
use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::identity::RootKey;
use coko_core::locale::Locale;
use coko_core::outbox::Relay;
use coko_core::service::{Platform, Service};
use coko_core::translation::{TranslationError, Translations};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use futures::FutureExt as _;

pub use config::Config;
pub use error::BuildError;

/// The role, the subgraph, the suffix of the database.
pub const NAME: &str = "reading";

/// The tables of reading, which come after the platform's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/reading");

/// The federation SDL; needs no configuration and no server.
pub fn sdl() -> String {
    graphql::sdl()
}

/// The messages of reading on top of core's.
///
/// # Errors
/// When a translation file does not parse, which the tests would have found.
pub fn translations() -> Result<Translations, TranslationError> {
    Translations::new(&[
        (Locale::FR, include_str!("../locales/fr.ftl")),
        (Locale::EN, include_str!("../locales/en.ftl")),
    ])
}

/// The handlers of what reading hears, over its database: to rebuild from a stream, or to be handed single events.
pub fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    consumers::consumers(platform, pool)
}

/// Builds the subgraph. Nothing is connected yet: a database or broker that is down does not keep it from starting.
///
/// # Errors
/// [`BuildError`] names the setting that is not usable.
#[expect(
    clippy::unused_async,
    reason = "every subgraph is built alike, and some connect while they are built"
)]
pub async fn build(platform: &Platform, config: Config) -> Result<Service, BuildError> {
    let pool = Pool::new(&config.database);
    let translations = translations()?;
    let keys = config.license_keys.expose().split(',').map(str::trim);
    let mut keys = keys
        .filter(|key| !key.is_empty())
        .map(|key| RootKey::parse(&Secret::new(key)))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter();
    let license_key = keys.next().ok_or(BuildError::NoKey)?;
    let mut published_keys = vec![license_key.published()];
    published_keys.extend(keys.map(|key| key.published()));
    let reading = Arc::new(commands::Reading {
        pool: pool.clone(),
        platform: platform.clone(),
        license_key,
        published_keys,
        config,
    });
    let schema = graphql::schema(Some(reading.clone()));
    let router = coko_core::graphql::router(
        schema,
        platform,
        NAME,
        translations.clone(),
        graphql::loaders(reading.clone()),
    )
    .merge(http::routes(reading.clone(), translations));
    let mut tasks = tasks::tasks(&reading);
    tasks.push(
        Relay::new(
            NAME,
            pool.clone(),
            platform.bus.clone(),
            platform.clock.clone(),
        )
        .with_transient()
        .task(),
    );
    tasks.extend(consumers::consumers(platform, pool.clone()).tasks());
    tasks.push(coko_core::export::task(
        platform,
        NAME,
        pool.clone(),
        |connection, user| async move { Ok(store::exports::of(connection, user).await?) }.boxed(),
    ));
    Ok(Service {
        name: NAME,
        sdl: sdl(),
        router,
        tasks,
        pool,
    })
}
