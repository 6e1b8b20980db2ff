//! Notifications: what people are told, in the applications, by e-mail, SMS and push.
//!
//! Notification owns the entity `Notification`. It keeps of auth how people are called, in which language and zone, and of
//! catalog what books are called; where people are reached it asks auth when it sends, and forgets at once. Beside GraphQL it
//! answers `POST /notifications/callbacks/…`, where providers report, and `/notifications/unsubscribe/{token}`.
//!
//! What somebody is told is written with the event that it comes from, once for each subject, and so is every message that
//! follows: which ways, when (quiet hours, digests), and what comes after (an SMS for a push message that stays unread). A worker
//! hands messages to providers outside of any transaction, at least once, and logs each attempt. The words are found when they
//! are read or sent (`wording`), in the person's language.
//!
//! Says: `notification.received`, for whoever listens at that moment. Hears: `user.registered`, `user.profile.updated`,
//! `user.login`, `user.role.changed`, `user.suspended`, `user.unsuspended`, `user.deleted`, `user.export.requested`,
//! `session.revoked`, `book.published`, `book.updated`, `payment.succeeded`, `payment.failed`, `order.refunded`,
//! `subscription.activated`, `subscription.renewed`, `subscription.cancelled`, `subscription.expired`, `entitlement.granted`,
//! `entitlement.revoked`, `reading.streak`, `badge.awarded`, `level.reached`, `challenge.completed`, `user.followed`,
//! `post.created`, `content.reported`, `content.moderated`, `file.processed`, `file.rejected`, `publication.published`.
//! Asks: how people are reached, of auth.

mod commands;
pub mod config;
mod connectors;
mod consumers;
mod error;
mod graphql;
mod http;
mod model;
mod store;
mod tables;
mod tasks;
mod wording;

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

pub use config::Config;
pub use error::BuildError;

/// The role, the subgraph, the suffix of the database.
pub const NAME: &str = "notification";

/// The tables of notification, which come after the platform's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/notification");

/// The federation SDL; needs no configuration and no server.
pub fn sdl() -> String {
    graphql::sdl()
}

/// The messages of notification on top of core's.
///
/// # Errors
/// When a translation file does not parse, which the tests would have found.
pub fn translations() -> Result<Translations, TranslationError> {
    Translations::new(&[
        (Locale::FR, include_str!("../locales/fr.ftl")),
        (Locale::EN, include_str!("../locales/en.ftl")),
    ])
}

/// The handlers of what notification hears, over its database: to rebuild from a stream, or to be handed single events.
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
    let translations = translations()?;
    let base = |url: &Option<url::Url>| {
        let url = url
            .as_ref()
            .map_or(&*platform.public_url, |url| url.as_str());
        url.trim_end_matches('/').to_owned()
    };
    let public_url = base(&config.callback_url);
    let callbacks = format!("{public_url}{}", http::CALLBACKS);
    let dispatch = Arc::new(commands::Dispatch {
        pool: pool.clone(),
        cipher: ColumnCipher::new(&config.column_keys, &config.lookup_key)?,
        connectors: connectors::Connectors::new(platform, &config, &callbacks)?,
        platform: platform.clone(),
        site_url: base(&config.site_url),
        public_url,
        translations: translations.clone(),
        config,
    });
    let schema = graphql::schema(Some(dispatch.clone()));
    let router = coko_core::graphql::router(
        schema,
        platform,
        NAME,
        translations,
        graphql::loaders(dispatch.clone()),
    )
    .merge(http::routes(dispatch.clone()));
    let mut tasks = tasks::tasks(&dispatch);
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
