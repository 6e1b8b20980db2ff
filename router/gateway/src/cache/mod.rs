//! The cache of subgraphs' answers: entities one by one, root fields, and whole operations.
//!
//! It stands in the way of every call to a subgraph, before anything that is shared between requests in flight. Who may be
//! given what was made for whom is part of every key; what makes answers stale is in `purges.rs` for this process and in
//! `shared.rs` for all routers together.

mod caller;
mod entities;
mod entity_fetch;
mod events;
mod fetch;
mod flight;
mod hints;
mod keep;
mod node;
mod policy;
mod purge;
mod purges;
mod recall;
mod shape;
mod shapes;
mod shared;
mod splice;
mod store;
mod tag;
mod way;

use std::sync::Arc;

use coko_core::clock::Clock;
use coko_core::ids::Entropy;
use tokio::time::Instant;

pub(crate) use self::caller::Caller;
pub(crate) use self::events::follow;
pub(crate) use self::fetch::{CachedFetches, Gathered};
use self::flight::{Flights, Joined};
pub(crate) use self::policy::{Policy, Scope};
pub(crate) use self::purge::{Purge, PurgeReason};
use self::purges::Purges;
pub(crate) use self::recall::{Asked, Recall, Recalled, etag, recall};
use self::shape::{FetchShape, Outcome};
pub(crate) use self::shapes::Shapes;
use self::shared::{Moment, Shared, milliseconds};
use self::store::{Entry, Key, Memory};
use crate::config::CacheConfig;

/// What is kept, and what is known to be stale.
pub(crate) struct ResponseCache {
    config: CacheConfig,
    memory: Memory,
    shared: Option<Shared>,
    purges: Purges,
    flights: Arc<Flights>,
    clock: Clock,
}

/// The keys under which an answer may be kept: for everybody, and for this caller.
#[derive(Clone, Copy, Debug)]
struct Keys {
    public: Key,
    own: Key,
}

impl Keys {
    fn of(&self, scope: Scope) -> Key {
        match scope {
            Scope::Public => self.public,
            Scope::Private | Scope::Unsaid => self.own,
        }
    }
}

/// The moment at which something is asked for, here and in Redis.
#[derive(Clone, Copy, Debug)]
struct Began {
    here: u64,
    shared: Option<Moment>,
}

impl ResponseCache {
    /// A cache as it is configured; `None` when that is not at all.
    pub(crate) fn new(
        config: &CacheConfig,
        redis: Option<fred::clients::Client>,
        clock: &Clock,
        entropy: &Entropy,
    ) -> Option<Arc<Self>> {
        let redis = redis.filter(|_| config.redis);
        config.enabled.then(|| {
            Arc::new(Self {
                memory: Memory::new(config.memory_bytes),
                shared: redis.map(|redis| Shared::new(redis, clock.clone(), entropy.clone())),
                purges: Purges::default(),
                flights: Arc::default(),
                clock: clock.clone(),
                config: config.clone(),
            })
        })
    }

    fn now(&self) -> i64 {
        milliseconds(&self.clock)
    }

    /// What is kept under these keys, and the moment of the look.
    async fn find(&self, keys: &[Keys]) -> (Vec<Option<Arc<Entry>>>, Began) {
        let here = self.purges.now();
        let now = self.now();
        let mut found: Vec<Option<Arc<Entry>>> = keys
            .iter()
            .map(|keys| {
                self.remembered(&keys.public, now)
                    .or_else(|| self.remembered(&keys.own, now))
            })
            .collect();
        let mut began = Began { here, shared: None };
        let missing: Vec<usize> = (0..found.len())
            .filter(|position| found[*position].is_none())
            .collect();
        if let Some(shared) = self.shared.as_ref().filter(|_| !missing.is_empty()) {
            let both = |position: &usize| [keys[*position].public, keys[*position].own];
            let asked: Vec<Key> = missing.iter().flat_map(both).collect();
            let answer = shared.get(&asked).await;
            began.shared = answer.moment;
            let mut entries = answer.entries.into_iter().zip(asked);
            for position in missing {
                for (entry, key) in entries.by_ref().take(2) {
                    let Some(mut entry) = entry.filter(|entry| entry.shared_until > now) else {
                        continue;
                    };
                    // A purge that comes to this process from now on may be about what was just read.
                    entry.began = here;
                    let entry = Arc::new(entry);
                    self.memory.put(key, entry.clone());
                    found[position].get_or_insert(entry);
                }
            }
        }
        (found, began)
    }

    fn remembered(&self, key: &Key, now: i64) -> Option<Arc<Entry>> {
        let entry = self.memory.get(key)?;
        if self.counts(&entry, now) {
            return Some(entry);
        }
        self.memory.remove(key);
        None
    }

    fn counts(&self, entry: &Entry, now: i64) -> bool {
        entry.shared_until > now && self.purges.is_fresh(entry.began, &entry.tags)
    }

    /// Whether to ask for something or to wait for another who does; `None` when that is not worth it.
    fn join(&self, shape: &FetchShape, keys: &Keys) -> Option<Joined> {
        match shape.outcome() {
            Outcome::Alone | Outcome::Never => None,
            Outcome::ByCaller => Some(self.flights.join(keys.own)),
            Outcome::ByEverybody => Some(self.flights.join(keys.public)),
        }
    }

    /// Waits for another's answer, if it may be used.
    async fn landed(&self, follow: flight::Follow, deadline: Instant) -> Option<Arc<Entry>> {
        let entry = follow.landed(deadline).await?;
        self.counts(&entry, self.now()).then_some(entry)
    }
}
