//! Admin: what operators look at, set and decide.
//!
//! Admin counts what other domains tell (people, money, reading) by day and country, and keeps the one queue of reported
//! contents, the settings that every role reads live, and what comparisons with payment providers come to. It contributes to
//! `User` what they did and what operators noted of them. What belongs to another domain stays there: accounts, roles,
//! suspensions, impersonation and the audit log are auth's, decisions about contents community's, payments payment's, and dead
//! letters are shown by the role that has them. Everything here is behind `system:…`, but for the features that applications
//! ask for.
//!
//! Says: `operator.acted`, `reconciliation.requested`. Hears: `user.registered`, `user.profile.updated`, `user.login`,
//! `user.deleted`, `review.posted`, `post.created`, `content.reported`, `content.appealed`, `content.moderated`,
//! `order.created`, `payment.succeeded`, `payment.failed`, `payment.compared`, `book.purchased`, `order.refunded`,
//! `subscription.activated`, `subscription.renewed`, `subscription.expired`, `reading.started`, `reading.progressed`,
//! `reading.completed`, `book.downloaded`.

mod commands;
pub mod config;
mod consumers;
mod error;
mod graphql;
mod model;
mod store;
mod tables;
mod tasks;

use std::sync::Arc;

use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::export;
use coko_core::locale::Locale;
use coko_core::outbox::Relay;
use coko_core::service::{Platform, Service};
use coko_core::translation::{TranslationError, Translations};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use futures::FutureExt as _;

pub use config::Config;
pub use error::BuildError;

/// The role, the subgraph, the suffix of the database.
pub const NAME: &str = "admin";

/// The tables of admin, which come after the platform's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/admin");

/// The federation SDL; needs no configuration and no server.
pub fn sdl() -> String {
    graphql::sdl()
}

/// The messages of admin on top of core's.
///
/// # Errors
/// When a translation file does not parse, which the tests would have found.
pub fn translations() -> Result<Translations, TranslationError> {
    Translations::new(&[
        (Locale::FR, include_str!("../locales/fr.ftl")),
        (Locale::EN, include_str!("../locales/en.ftl")),
    ])
}

/// The handlers of what admin hears, over its database: to rebuild from a stream, or to be handed single events.
pub fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    consumers::consumers(platform, pool)
}

/// Builds the subgraph. Nothing is connected yet: a database or broker that is down does not keep it from starting.
///
/// # Errors
/// [`BuildError`] names what is not usable.
#[expect(
    clippy::unused_async,
    reason = "every subgraph is built alike, and some connect while they are built"
)]
pub async fn build(platform: &Platform, config: Config) -> Result<Service, BuildError> {
    let pool = Pool::new(&config.database);
    let translations = translations()?;
    let admin = Arc::new(commands::Admin {
        pool: pool.clone(),
        platform: platform.clone(),
        config,
    });
    let schema = graphql::schema(Some(admin.clone()));
    let router = coko_core::graphql::router(
        schema,
        platform,
        NAME,
        translations,
        graphql::loaders(admin.clone()),
    );
    let mut tasks = tasks::tasks(&admin);
    tasks.push(
        Relay::new(
            NAME,
            pool.clone(),
            platform.bus.clone(),
            platform.clock.clone(),
        )
        .task(),
    );
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
