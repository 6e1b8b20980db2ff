//! What can be done in recommendation, one function per use case; one transaction each.
//!
//! Whatever writes anything of a reader's locks the reader first. Answers are made from a snapshot in memory, which is never
//! changed but replaced.

pub(crate) mod answers;
pub(crate) mod feedback;
pub(crate) mod told;
pub(crate) mod training;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use coko_core::Result;
use coko_core::database::Pool;
use coko_core::identity::Viewer;
use coko_core::service::Platform;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::config::Config;
use crate::model::Window;
use crate::model::engine::recommender::Recommender;

/// Books whose like are kept.
const SIMILAR_KEPT: u64 = 20_000;

/// What every command of this subgraph shares.
pub(crate) struct Advisor {
    pub(crate) pool: Pool,
    pub(crate) config: Config,
    pub(crate) platform: Platform,
    /// What answers are made from; none before it was first loaded.
    current: ArcSwapOption<Snapshot>,
    /// Held by whoever replaces the snapshot.
    replacing: Mutex<()>,
}

/// Books and the like of one of them, with how much they are.
pub(crate) type Likes = Arc<Vec<(u32, f32)>>;

/// Everything that answers are made from, as it was at one moment.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) recommender: Recommender,
    /// What is read most in each window, the most read first.
    pub(crate) trends: BTreeMap<Window, Arc<Vec<(Uuid, f32)>>>,
    /// The newest change of a book that is in it.
    pub(crate) upto: OffsetDateTime,
    /// The like of books that were asked for.
    pub(crate) similar: moka::sync::Cache<u32, Likes>,
}

impl Snapshot {
    fn new(recommender: Recommender, upto: OffsetDateTime) -> Self {
        Self {
            recommender,
            trends: BTreeMap::new(),
            upto,
            similar: moka::sync::Cache::new(SIMILAR_KEPT),
        }
    }
}

impl Advisor {
    /// Nothing is loaded yet.
    pub(crate) fn new(pool: Pool, config: Config, platform: Platform) -> Self {
        Self {
            pool,
            config,
            platform,
            current: ArcSwapOption::empty(),
            replacing: Mutex::new(()),
        }
    }

    /// What answers are made from; books and trends are loaded first where nobody has yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn snapshot(&self) -> Result<Arc<Snapshot>> {
        if let Some(current) = self.current.load_full() {
            return Ok(current);
        }
        let _replacing = self.replacing.lock().await;
        match self.current.load_full() {
            Some(current) => Ok(current),
            None => training::renew(self).await,
        }
    }

    /// What a book is called, where it is known.
    pub(crate) fn title(&self, book: Uuid) -> Option<String> {
        let current = self.current.load_full()?;
        let shelf = &current.recommender.shelf;
        let card = shelf.card(shelf.position(book)?)?;
        Some(card.title.clone())
    }
}

/// The person who asks, where the token permits to see what is theirs.
///
/// # Errors
/// `UNAUTHENTICATED` when no person asks; `FORBIDDEN` for a token narrowed to something else.
pub(crate) fn reader(viewer: &Viewer) -> Result<Uuid> {
    let user = viewer.require_user()?;
    viewer.require("profile", "read")?;
    Ok(user)
}

/// The person who asks, where the token permits to change what is theirs.
///
/// # Errors
/// As [`reader`].
pub(crate) fn owner(viewer: &Viewer) -> Result<Uuid> {
    let user = viewer.require_user()?;
    viewer.require("profile", "update")?;
    Ok(user)
}

/// Under which a reader's list is kept for a moment.
fn cache_key(user: Uuid) -> String {
    format!("recommendation:for:{user}")
}
