//! The catalogue: books, who made them, where they are shelved, what they cost, and how they are found.
//!
//! Catalog owns the entities `Book`, `Author`, `Category`, `Publisher` and `Series`. Reviews belong to community and files
//! to the file service; catalog keeps the sums and links it shows from their events. Beside GraphQL it answers
//! `GET /opds` (OPDS 2.0) and `GET /covers/…` (generated covers).
//!
//! Says: `book.published`, `book.updated`, `book.withdrawn`. Hears: `publication.published`, `publication.withdrawn`,
//! `review.posted`, `review.updated`, `review.removed`, `file.processed`, `book.downloaded`, `user.deleted`, and its own events
//! for a search engine and caches outside the database.

mod commands;
pub mod config;
mod consumers;
mod covers;
mod error;
mod graphql;
pub mod import;
pub mod model;
mod opds;
pub mod search;
mod store;
mod tables;

use std::sync::Arc;
use std::time::Duration;

use coko_core::Error;
use coko_core::cache::Cache;
use coko_core::consumer::Consumers;
use coko_core::database::Pool;
use coko_core::export;
use coko_core::locale::Locale;
use coko_core::outbox::Relay;
use coko_core::paging::{Direction, Page, Slice};
use coko_core::service::{Platform, Service};
use coko_core::translation::{TranslationError, Translations};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use futures::FutureExt as _;

pub use commands::sample::seed_sample;
pub use config::Config;
use search::{Meilisearch, Postgres, Search};
use store::shelf::{ShelfFilter, Shelved, Sort};

/// The role, the subgraph, the suffix of the database.
pub const NAME: &str = "catalog";

/// The tables of catalog, which come after the platform's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/catalog");

/// How long a list that everyone reads is kept; edits and events forget it sooner.
const HOT: Duration = Duration::from_secs(60);
/// Books of a cached list.
const HOT_BOOKS: usize = 100;

/// Why the subgraph cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A translation file does not parse.
    #[error(transparent)]
    Translations(#[from] TranslationError),
    /// The search engine cannot be reached in the way it is configured.
    #[error("catalog.meilisearch cannot be used: {0}")]
    Search(Error),
}

/// What every resolver and handler of this subgraph shares.
pub(crate) struct Catalog {
    pool: Pool,
    search: Arc<dyn Search>,
    /// Whether the engine lies outside the database and so follows it by events.
    search_follows: bool,
    cache: Cache,
    public_url: Arc<str>,
    translations: Translations,
}

/// A list of books that everyone reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shelf {
    /// The front page.
    Featured,
    /// The latest arrivals.
    NewReleases,
}

impl Shelf {
    fn key(self) -> &'static str {
        match self {
            Self::Featured => "catalog:shelf:featured",
            Self::NewReleases => "catalog:shelf:new",
        }
    }

    pub(crate) fn order(self) -> (Sort, ShelfFilter) {
        match self {
            Self::Featured => {
                let filter = ShelfFilter {
                    is_featured: Some(true),
                    ..ShelfFilter::default()
                };
                (Sort::Popularity, filter)
            }
            Self::NewReleases => (Sort::Newest, ShelfFilter::default()),
        }
    }
}

const CATEGORIES: &str = "catalog:categories";

impl Catalog {
    /// Every category, siblings in their order.
    async fn categories(&self) -> Result<Vec<model::Category>, Error> {
        if let Some(categories) = self.cache.get(CATEGORIES).await {
            return Ok(categories);
        }
        let mut connection = self.pool.get().await?;
        let categories = store::categories::all(&mut connection).await?;
        self.cache.put(CATEGORIES, &categories, HOT).await;
        Ok(categories)
    }

    /// The first `size` books of a list that everyone reads, at most a hundred.
    async fn hot_shelf(&self, shelf: Shelf, size: usize) -> Result<Slice<Shelved>, Error> {
        let mut books: Vec<Shelved> = match self.cache.get(shelf.key()).await {
            Some(books) => books,
            None => {
                let (sort, filter) = shelf.order();
                let page = Page {
                    size: HOT_BOOKS,
                    direction: Direction::Forward,
                    from: None,
                };
                let mut connection = self.pool.get().await?;
                let editor = model::Editor::default();
                let slice =
                    store::shelf::list(&mut connection, &page, sort, &filter, &editor).await?;
                self.cache.put(shelf.key(), &slice.items, HOT).await;
                slice.items
            }
        };
        // A full hundred may go on; fewer are all there is.
        let has_next = books.len() > size || books.len() == HOT_BOOKS;
        books.truncate(size);
        Ok(Slice {
            items: books,
            has_next,
            has_previous: false,
        })
    }

    /// Forgets cached lists, in every process.
    async fn forget(&self) {
        let keys = [Shelf::Featured.key(), Shelf::NewReleases.key(), CATEGORIES];
        self.cache.invalidate(&keys.map(str::to_owned)).await;
    }
}

/// The federation SDL; needs no configuration and no server.
pub fn sdl() -> String {
    graphql::sdl()
}

/// The messages of catalog on top of core's.
///
/// # Errors
/// When a translation file does not parse, which the tests would have found.
pub fn translations() -> Result<Translations, TranslationError> {
    Translations::new(&[
        (Locale::FR, include_str!("../locales/fr.ftl")),
        (Locale::EN, include_str!("../locales/en.ftl")),
    ])
}

/// The search engine that `config` names, for reindexing from the command line.
///
/// # Errors
/// When it cannot be reached in the way it is configured.
pub fn engine(config: &Config, pool: &Pool) -> Result<Arc<dyn Search>, BuildError> {
    Ok(match &config.meilisearch {
        Some(meilisearch) => {
            Arc::new(Meilisearch::new(meilisearch, pool.clone()).map_err(BuildError::Search)?)
        }
        None => Arc::new(Postgres::new(pool.clone())),
    })
}

/// Rebuilds the search index that `config` names from the database; tells `progress` how many documents of how many are
/// done, and returns how many there are. Running it again is safe.
///
/// # Errors
/// When the database or the engine does not answer.
pub async fn reindex(
    config: &Config,
    progress: impl Fn(u64, u64) + Send,
) -> Result<u64, ReindexError> {
    let pool = Pool::new(&config.database);
    let engine = engine(config, &pool)?;
    Ok(search::reindex(&pool, &*engine, progress).await?)
}

/// Why an index could not be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum ReindexError {
    /// The engine cannot be used as it is configured.
    #[error(transparent)]
    Config(#[from] BuildError),
    /// The database or the engine does not answer.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// The handlers of what catalog hears, apart from any broker: to rebuild from a stream, or to be handed single events.
///
/// # Errors
/// As [`build`].
pub fn consumers(platform: &Platform, config: &Config) -> Result<Consumers, BuildError> {
    let catalog = catalog(platform, config)?;
    Ok(consumers::consumers(
        platform,
        catalog.pool.clone(),
        &catalog,
    ))
}

fn catalog(platform: &Platform, config: &Config) -> Result<Arc<Catalog>, BuildError> {
    let pool = Pool::new(&config.database);
    Ok(Arc::new(Catalog {
        search: engine(config, &pool)?,
        search_follows: config.meilisearch.is_some(),
        cache: platform.cache.clone(),
        public_url: platform.public_url.clone(),
        translations: translations()?,
        pool,
    }))
}

/// Builds the subgraph. Nothing is connected yet: a database or broker that is down does not keep it from starting.
///
/// # Errors
/// [`BuildError`] names the setting that is not usable.
#[expect(
    clippy::unused_async,
    reason = "every subgraph is built alike, and others wait"
)]
pub async fn build(platform: &Platform, config: Config) -> Result<Service, BuildError> {
    let catalog = catalog(platform, &config)?;
    let (pool, translations) = (catalog.pool.clone(), catalog.translations.clone());
    let schema = graphql::schema(Some(catalog.clone()));
    let router = coko_core::graphql::router(
        schema,
        platform,
        NAME,
        translations,
        graphql::loaders(catalog.clone()),
    )
    .merge(covers::routes(catalog.clone()))
    .merge(opds::routes(catalog.clone()));
    let mut tasks = vec![
        Relay::new(
            NAME,
            pool.clone(),
            platform.bus.clone(),
            platform.clock.clone(),
        )
        .task(),
    ];
    tasks.extend(consumers::consumers(platform, pool.clone(), &catalog).tasks());
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
