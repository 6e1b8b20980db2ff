//! Publication: organisations of publishers and authors, manuscripts on their way to readers, contracts and royalties.
//!
//! Publication owns the entity `Manuscript`. The book that catalog makes of a manuscript has an id from the beginning, for which
//! files are uploaded before there is a book; what the file service found in them is shown to authors and reviewers. Catalog is
//! told when a manuscript is published and withdrawn, and is never called. Beside GraphQL it answers `GET /statements/{token}`.
//!
//! What readers pay is divided by contract, to the last franc, and booked twice (`model::royalty`): held for a while, then owed, then
//! paid out by operators. What is undone is reversed, from wherever it is by then; a balance below zero is made up for by what is
//! earned next. Subscribers' reading time is counted by month and worth a fixed sum by the hour.
//!
//! Says: `manuscript.submitted`, `manuscript.discarded`, `publication.published`, `publication.withdrawn`, `royalty.accrued`.
//! Hears: `book.purchased`, `order.refunded`, `file.processed`, `file.rejected`, `reading.progressed`, `user.registered`, `user.login`,
//! `user.profile.updated`, `user.deleted`.

mod commands;
pub mod config;
mod consumers;
mod documents;
mod error;
mod graphql;
mod model;
mod print;
mod store;
mod tables;
mod tasks;

use std::sync::Arc;

use coko_core::consumer::Consumers;
use coko_core::crypto::ColumnCipher;
use coko_core::database::Pool;
use coko_core::export;
use coko_core::locale::Locale;
use coko_core::outbox::Relay;
use coko_core::service::{Platform, Service};
use coko_core::translation::{TranslationError, Translations};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use futures::FutureExt as _;
use tokio::sync::Semaphore;

pub use config::Config;
pub use error::BuildError;

/// The role, the subgraph, the suffix of the database.
pub const NAME: &str = "publication";

/// How many statements are printed at once.
const PRINTERS: usize = 2;
/// The longest that royalties may be held.
const MOST_ESCROW_DAYS: i64 = 3650;

/// The tables of publication, which come after the platform's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/publication");

/// The federation SDL; needs no configuration and no server.
pub fn sdl() -> String {
    graphql::sdl()
}

/// The messages of publication on top of core's.
///
/// # Errors
/// When a translation file does not parse, which the tests would have found.
pub fn translations() -> Result<Translations, TranslationError> {
    Translations::new(&[
        (Locale::FR, include_str!("../locales/fr.ftl")),
        (Locale::EN, include_str!("../locales/en.ftl")),
    ])
}

/// The handlers of what publication hears, over its database: to rebuild from a stream, or to be handed single events.
pub fn consumers(platform: &Platform, pool: Pool, terms: config::Terms) -> Consumers {
    consumers::consumers(platform, pool, terms)
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
    let terms = config.terms;
    if terms.platform_share > model::contract::WHOLE {
        return Err(BuildError::PlatformShare(terms.platform_share));
    }
    if !(0..=MOST_ESCROW_DAYS).contains(&terms.escrow_days) {
        return Err(BuildError::EscrowDays(terms.escrow_days));
    }
    let translations = translations()?;
    let publishing = Arc::new(commands::Publishing {
        pool: pool.clone(),
        cipher: ColumnCipher::new(&config.column_keys, &config.lookup_key)?,
        platform: platform.clone(),
        printing: Arc::new(Semaphore::new(PRINTERS)),
        translations: translations.clone(),
        config,
    });
    let schema = graphql::schema(Some(publishing.clone()));
    let router = coko_core::graphql::router(
        schema,
        platform,
        NAME,
        translations,
        graphql::loaders(publishing.clone()),
    )
    .merge(documents::routes(publishing.clone()));
    let mut tasks = tasks::tasks(&publishing);
    tasks.push(
        Relay::new(
            NAME,
            pool.clone(),
            platform.bus.clone(),
            platform.clock.clone(),
        )
        .task(),
    );
    tasks.extend(consumers::consumers(platform, pool.clone(), terms).tasks());
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
