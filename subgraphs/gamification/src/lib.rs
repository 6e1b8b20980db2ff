//! Gamification: points, levels, badges, streaks, challenges and leaderboards.
//!
//! Gamification owns the entities `Achievement` and `Challenge`, and contributes to `User` (level and badges, as far as the
//! reader lets others see them). It keeps of auth a reader's country, time zone and privacy, and of community who follows
//! whom; it calls neither.
//!
//! What readers did is a set of facts; points are booked once for each, and all else follows from those (`commands::play`), so
//! that it does not matter in which order and how often things are told: a day that was read offline mends its streak when it
//! becomes known. What is awarded for what (points, levels, badges, the platform's own challenges) is data.
//!
//! Says: `badge.awarded`, `level.reached`, `challenge.completed`, and, for whoever listens at that moment,
//! `achievement.unlocked`. Hears: `reading.completed`, `reading.progressed`, `reading.streak`, `review.posted`,
//! `book.purchased`, `user.registered`, `user.profile.updated`, `user.deleted`, `user.followed`.

mod commands;
pub mod config;
mod consumers;
mod error;
mod graphql;
mod mirror;
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
pub const NAME: &str = "gamification";

/// The tables of gamification, which come after the platform's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/gamification");

/// The federation SDL; needs no configuration and no server.
pub fn sdl() -> String {
    graphql::sdl()
}

/// The messages of gamification on top of core's.
///
/// # Errors
/// When a translation file does not parse, which the tests would have found.
pub fn translations() -> Result<Translations, TranslationError> {
    Translations::new(&[
        (Locale::FR, include_str!("../locales/fr.ftl")),
        (Locale::EN, include_str!("../locales/en.ftl")),
    ])
}

/// The handlers of what gamification hears, over its database: to rebuild from a stream, or to be handed single events.
pub fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    consumers::consumers(platform, pool)
}

/// Builds the subgraph. Nothing is connected yet: a database, broker or Redis that is down does not keep it from starting.
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
    let mirror = platform
        .redis
        .clone()
        .map(|client| mirror::Mirror::new(client, &config.redis_prefix));
    let game = Arc::new(commands::Game {
        pool: pool.clone(),
        config,
        platform: platform.clone(),
        mirror,
    });
    let schema = graphql::schema(Some(game.clone()));
    let router = coko_core::graphql::router(
        schema,
        platform,
        NAME,
        translations,
        graphql::loaders(game.clone()),
    );
    let mut tasks = tasks::tasks(&game);
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
