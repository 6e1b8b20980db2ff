//! The table of roles: every subgraph in one line, the router, and the simulator of payment and message providers.

use coko_core::service::{Platform, Service};
use diesel_migrations::EmbeddedMigrations;
use futures::future::BoxFuture;

use crate::config::{Settings, SettingsError};

/// The role that is no subgraph.
pub const ROUTER: &str = "router";

/// The role that stands in for payment and message providers, for development and tests.
pub const SIMULATOR: &str = coko_provider_simulator::NAME;

/// A line of the table: the member, what it is about, what else it answers, whether it writes letters.
///
/// A function cannot do this: each subgraph's configuration is a type of its own.
macro_rules! subgraph {
    ($member:ident, $about:literal, $paths:expr, $mail:literal) => {
        Subgraph {
            name: $member::NAME,
            about: $about,
            public_paths: $paths,
            sends_mail: $mail,
            migrations: || $member::MIGRATIONS,
            sdl: $member::sdl,
            prepare: |settings| {
                let config: $member::Config = settings.section($member::NAME)?;
                Ok(Box::new(move |platform| {
                    Box::pin(async move { Ok($member::build(&platform, config).await?) })
                }))
            },
        }
    };
}

/// The subgraphs. The order is that of their default ports, 4001 and up: add new ones at the end.
pub const SUBGRAPHS: &[Subgraph] = &[
    subgraph!(
        coko_auth,
        "people, sessions, tokens",
        &["/.well-known/biscuit-keys.json", "/exports/{token}"],
        true
    ),
    subgraph!(
        coko_catalog,
        "books, search, OPDS",
        &["/opds", "/opds/{*rest}", "/covers/{*rest}"],
        false
    ),
    subgraph!(
        coko_payment,
        "orders, payments, subscriptions",
        &["/webhooks/{provider}", "/invoices/{token}"],
        false
    ),
    subgraph!(
        coko_file,
        "uploads, processing, downloads",
        &["/files/{*rest}", "/uploads", "/uploads/{*rest}"],
        false
    ),
    subgraph!(
        coko_reading,
        "libraries, progress, annotations",
        &["/notes/{file}", "/.well-known/offline-license-keys.json"],
        false
    ),
    subgraph!(
        coko_gamification,
        "points, badges, streaks, challenges, leaderboards",
        &[],
        false
    ),
    subgraph!(
        coko_community,
        "forums, reviews, clubs, moderation",
        &[],
        false
    ),
    subgraph!(coko_recommendation, "what to read next", &[], false),
    subgraph!(
        coko_publication,
        "manuscripts, contracts, royalties",
        &["/statements/{token}"],
        false
    ),
    subgraph!(
        coko_notification,
        "in-app, e-mail, SMS, push",
        &["/notifications/{*rest}"],
        true
    ),
    subgraph!(
        coko_admin,
        "analytics, moderation queue, settings, health, dead letters",
        &[],
        false
    ),
];

/// A subgraph whose section of the configuration is parsed.
pub type Prepared = Box<dyn FnOnce(Platform) -> BoxFuture<'static, anyhow::Result<Service>> + Send>;

/// What the binary knows of a subgraph.
#[derive(Clone, Copy, Debug)]
pub struct Subgraph {
    /// The role, the section of the configuration, the suffix of the database.
    pub name: &'static str,
    /// What it is about, in a few words.
    pub about: &'static str,
    /// What it answers besides `/graphql` that clients may ask for, in axum's notation.
    pub public_paths: &'static [&'static str],
    /// Whether it writes letters.
    pub sends_mail: bool,
    /// Its migrations, after the platform's.
    pub migrations: fn() -> EmbeddedMigrations,
    /// Its federation SDL; performs no I/O.
    pub sdl: fn() -> String,
    /// Parses its section, and returns what builds it.
    pub prepare: fn(&Settings) -> Result<Prepared, SettingsError>,
}

/// The subgraph called `name`.
pub fn subgraph_named(name: &str) -> Option<&'static Subgraph> {
    SUBGRAPHS.iter().find(|subgraph| subgraph.name == name)
}

/// The names of all roles.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(ROUTER)
        .chain(SUBGRAPHS.iter().map(|subgraph| subgraph.name))
        .chain([SIMULATOR])
}

/// Where a role listens unless told otherwise: the router on 4000, subgraphs on 4001 and up, the simulator on 4100.
pub fn default_port(name: &str) -> u16 {
    if name == SIMULATOR {
        return 4100;
    }
    let position = SUBGRAPHS.iter().position(|subgraph| subgraph.name == name);
    let offset = position.map_or(0, |position| position + 1);
    4000 + u16::try_from(offset).unwrap_or(0)
}
