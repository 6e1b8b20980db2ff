//! Identity: accounts, sessions, tokens, roles, partners, consents and the audit log.
//!
//! Auth owns the entity `User` and is the only one that mints tokens: biscuits signed with a root key whose public half it
//! publishes at `/.well-known/biscuit-keys.json`. What a token permits is checked by every subgraph for itself.
//!
//! Says: `user.registered`, `user.login`, `user.profile.updated`, `user.role.changed`, `user.suspended`, `user.unsuspended`,
//! `user.deleted`, `user.export.requested`, `session.revoked`. Hears: `user.followed`,
//! `subscription.activated`, `subscription.renewed`, `subscription.expired`, `operator.acted`.
//! Answers: how people are reached.

mod answers;
mod commands;
pub mod config;
mod consumers;
mod error;
mod exports;
mod graphql;
mod hashing;
mod keys;
mod letters;
mod model;
mod social;
mod store;
mod tables;
mod tasks;
mod texter;

use std::sync::Arc;

use coko_core::crypto::ColumnCipher;
use coko_core::database::Pool;
use coko_core::identity::{Minter, PublishedKey, RootKey};
use coko_core::locale::Locale;
use coko_core::outbox::Relay;
use coko_core::service::{Platform, Service};
use coko_core::translation::{TranslationError, Translations};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

pub use commands::seed::{DemoAccount, seed_demo};
pub use config::Config;
pub use consumers::consumers;
pub use error::BuildError;

/// The role, the subgraph, the suffix of the database.
pub const NAME: &str = "auth";

/// The tables of auth, which come after the platform's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/auth");

/// The federation SDL; needs no configuration and no server.
pub fn sdl() -> String {
    graphql::sdl()
}

/// The messages of auth on top of core's.
///
/// # Errors
/// When a translation file does not parse, which the tests would have found.
pub fn translations() -> Result<Translations, TranslationError> {
    let translations = Translations::new(&[
        (Locale::FR, include_str!("../locales/fr.ftl")),
        (Locale::EN, include_str!("../locales/en.ftl")),
    ])?;
    Ok(translations.with_bounds(error::BOUNDS))
}

/// The public halves of the configured root keys, for a verifier in the same process.
///
/// # Errors
/// When `root_keys` does not parse.
pub fn published_keys(config: &Config) -> Result<Vec<PublishedKey>, BuildError> {
    Ok(keys::root_keys(config)?
        .iter()
        .map(RootKey::published)
        .collect())
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
    let keys = keys::root_keys(&config)?;
    let published = keys.iter().map(RootKey::published).collect();
    let signing = keys
        .into_iter()
        .next()
        .ok_or_else(|| BuildError::RootKeys("it holds no key".to_owned()))?;
    let translations = translations()?;
    let http = social::http_client()?;
    let site_url = config
        .site_url
        .as_ref()
        .map_or(&*platform.public_url, |url| url.as_str());
    let auth = Arc::new(commands::Auth {
        pool: pool.clone(),
        cipher: ColumnCipher::new(&config.column_keys, &config.lookup_key)?,
        hasher: hashing::Hasher::new(config.passwords, &platform.entropy)?,
        minter: Minter::new(signing),
        revocations: platform.revocations.clone(),
        limiter: platform.limiter.clone(),
        platform: platform.clone(),
        providers: social::Providers::new(http.clone(), &config),
        translations: translations.clone(),
        site_url: site_url.trim_end_matches('/').to_owned(),
        config: config.clone(),
    });
    let schema = graphql::schema(Some(auth.clone()));
    let router = coko_core::graphql::router(
        schema,
        platform,
        NAME,
        translations,
        graphql::loaders(auth.clone()),
    )
    .merge(keys::route(published))
    .merge(exports::routes(auth.clone()));
    let mut tasks = tasks::tasks(platform, &auth, &texter::Texter::new(http, config.texts));
    tasks.push(
        Relay::new(
            NAME,
            pool.clone(),
            platform.bus.clone(),
            platform.clock.clone(),
        )
        .task(),
    );
    tasks.push(platform.mailer.task(pool.clone(), platform.clock.clone()));
    tasks.extend(answers::tasks(platform, &auth));
    tasks.extend(consumers::consumers(platform, pool.clone()).tasks());
    Ok(Service {
        name: NAME,
        sdl: sdl(),
        router,
        tasks,
        pool,
    })
}
