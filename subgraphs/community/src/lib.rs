//! Community: forums, reviews, book clubs, community events, follows, and what keeps all of it civil.
//!
//! Community owns the entities `Review`, `Topic`, `Post`, `Club` and `CommunityEvent`, and contributes to `Book` (reviews, the
//! viewer's own, the sum of ratings) and to `User` (followers, those followed). Who sees what is one rule (`model::sight`), which
//! lists apply in SQL: a block keeps two people apart both ways, a closed club is its members', and what was written about a
//! place in a book stays hidden until the reader is there, as reading tells.
//!
//! Trust is computed from what an account did (`model::trust`), and decides how much it may write and what its reports weigh.
//!
//! Says: `review.posted`, `review.updated`, `review.removed`, `post.created`, `content.reported`, `content.appealed`,
//! `content.moderated`, `user.followed`. Hears: `reading.progressed`, `user.profile.updated` (who may see whom someone follows), `user.suspended`,
//! `user.unsuspended`, `user.deleted`.

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
pub const NAME: &str = "community";

/// The tables of community, which come after the platform's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/community");

/// The federation SDL; needs no configuration and no server.
pub fn sdl() -> String {
    graphql::sdl()
}

/// The messages of community on top of core's.
///
/// # Errors
/// When a translation file does not parse, which the tests would have found.
pub fn translations() -> Result<Translations, TranslationError> {
    Translations::new(&[
        (Locale::FR, include_str!("../locales/fr.ftl")),
        (Locale::EN, include_str!("../locales/en.ftl")),
    ])
}

/// The handlers of what community hears, over its database: to rebuild from a stream, or to be handed single events.
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
    let community = Arc::new(commands::Community {
        pool: pool.clone(),
        platform: platform.clone(),
        config,
    });
    let schema = graphql::schema(Some(community.clone()));
    let router = coko_core::graphql::router(
        schema,
        platform,
        NAME,
        translations,
        graphql::loaders(community.clone()),
    );
    let mut tasks = tasks::tasks(&community);
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
