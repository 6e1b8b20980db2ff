//! Recommendation: what to read next, and why.
//!
//! Recommendation owns no entity; it contributes to `Book` (what is like it, and why it is recommended to the viewer). It keeps of
//! catalog what books are about, and of reading, payment and community what readers did with them; it calls none of them.
//!
//! Answers come from a snapshot in memory: two collaborative models and a content model (`model::engine`), trained now and then on
//! all interactions, with newer books and trends added every few seconds. A reader is no part of the models: what they did up to this
//! moment is folded into them when they ask, so it shows without training.
//!
//! Says nothing. Hears: `book.published`, `book.updated`, `book.withdrawn`, `reading.progressed`, `reading.completed`,
//! `book.purchased`, `order.refunded`, `review.posted`, `review.updated`, `review.removed`, `user.deleted`. What it keeps of these
//! can be rebuilt from the streams; what readers say to it (feedback, interests) is said nowhere else and is kept.

mod commands;
pub mod config;
mod consumers;
mod error;
pub mod evaluation;
mod graphql;
pub mod model;
mod store;
mod tables;
mod tasks;

use std::sync::Arc;

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::export;
use coko_core::locale::Locale;
use coko_core::service::{Platform, Service};
use coko_core::translation::{TranslationError, Translations};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use futures::FutureExt as _;

pub use config::Config;
pub use error::BuildError;

/// The role, the subgraph, the suffix of the database.
pub const NAME: &str = "recommendation";

/// The tables of recommendation, which come after the platform's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/recommendation");

/// The federation SDL; needs no configuration and no server.
pub fn sdl() -> String {
    graphql::sdl()
}

/// The messages of recommendation on top of core's.
///
/// # Errors
/// When a translation file does not parse, which the tests would have found.
pub fn translations() -> Result<Translations, TranslationError> {
    Translations::new(&[
        (Locale::FR, include_str!("../locales/fr.ftl")),
        (Locale::EN, include_str!("../locales/en.ftl")),
    ])
}

/// The handlers of what recommendation hears, over its database: to rebuild from the streams, or to be handed single events.
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
    let advisor = Arc::new(commands::Advisor::new(
        pool.clone(),
        config,
        platform.clone(),
    ));
    let schema = graphql::schema(Some(advisor.clone()));
    let router = coko_core::graphql::router(
        schema,
        platform,
        NAME,
        translations,
        graphql::loaders(advisor.clone()),
    );
    let mut tasks = tasks::tasks(&advisor);
    tasks.extend(consumers::consumers(platform, pool.clone()).tasks());
    tasks.push(export::task(
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
