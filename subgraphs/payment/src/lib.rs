//! Payment: orders, attempts to pay them, refunds, subscriptions, wallets and the double-entry ledger.
//!
//! Payment owns the entity `Order`. It keeps of catalog what is sold and for how much, and of reading who may read what; it
//! calls neither. Beside GraphQL it answers `POST /webhooks/{provider}` and `GET /invoices/{token}`.
//!
//! A purchase is a saga: order and attempt are kept, the provider is called, the provider's confirmation is the pivot
//! (`book.purchased`), and from there it goes forward until reading grants or refuses. Timers live in the database.
//!
//! Says: `order.created`, `payment.succeeded`, `payment.failed`, `payment.compared`, `book.purchased`, `order.refunded`,
//! `subscription.activated`, `subscription.renewed`, `subscription.expired`, `subscription.cancelled`. Hears:
//! `book.published`, `book.updated`, `book.withdrawn`, `entitlement.granted`, `entitlement.refused`,
//! `entitlement.revoked`, `user.deleted`, `reconciliation.requested`.

mod commands;
pub mod config;
mod connectors;
mod consumers;
mod documents;
mod error;
pub mod fault;
mod graphql;
mod model;
mod print;
mod store;
mod tables;
mod tasks;
mod webhooks;

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
pub use model::invoice::Seller;

/// The role, the subgraph, the suffix of the database.
pub const NAME: &str = "payment";

/// How many invoices are printed at once.
const PRINTERS: usize = 2;

/// The tables of payment, which come after the platform's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/payment");

/// The federation SDL; needs no configuration and no server.
pub fn sdl() -> String {
    graphql::sdl()
}

/// The messages of payment on top of core's.
///
/// # Errors
/// When a translation file does not parse, which the tests would have found.
pub fn translations() -> Result<Translations, TranslationError> {
    Translations::new(&[
        (Locale::FR, include_str!("../locales/fr.ftl")),
        (Locale::EN, include_str!("../locales/en.ftl")),
    ])
}

/// The handlers of what payment hears, over its database: to rebuild from a stream, or to be handed single events.
pub fn consumers(platform: &Platform, pool: Pool) -> Consumers {
    consumers::consumers(platform, pool)
}

/// Builds the subgraph. Nothing is connected yet: a database, broker or provider that is down does not keep it from starting.
///
/// # Errors
/// [`BuildError`] names the setting that is not usable.
#[expect(
    clippy::unused_async,
    reason = "every subgraph is built alike, and some connect while they are built"
)]
pub async fn build(platform: &Platform, config: Config) -> Result<Service, BuildError> {
    let pool = Pool::new(&config.database);
    if config.seller.tax_rate > Seller::MAX_TAX_RATE {
        return Err(BuildError::TaxRate(config.seller.tax_rate));
    }
    let translations = translations()?;
    let base = |url: &Option<url::Url>| {
        let url = url
            .as_ref()
            .map_or(&*platform.public_url, |url| url.as_str());
        url.trim_end_matches('/').to_owned()
    };
    let payment = Arc::new(commands::Payment {
        pool: pool.clone(),
        cipher: ColumnCipher::new(&config.column_keys, &config.lookup_key)?,
        connectors: connectors::Connectors::new(&config)?,
        platform: platform.clone(),
        site_url: base(&config.site_url),
        webhook_url: base(&config.webhook_url),
        noticed: Arc::default(),
        printing: Arc::new(Semaphore::new(PRINTERS)),
        translations: translations.clone(),
        config,
    });
    let schema = graphql::schema(Some(payment.clone()));
    let router = coko_core::graphql::router(
        schema,
        platform,
        NAME,
        translations,
        graphql::loaders(payment.clone()),
    )
    .merge(webhooks::routes(payment.clone()))
    .merge(documents::routes(payment.clone()));
    let mut tasks = tasks::tasks(&payment);
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
