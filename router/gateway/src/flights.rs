//! Equal work that is under way at the same time, done once.
//!
//! Whoever comes while equal work is under way waits for that instead of beginning its own. Nobody owns the work: it goes
//! on as long as anybody waits for it, and is dropped with the last who does.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};
use hashbrown::HashMap;
use tokio::time::Instant;

/// Work under way; each clone waits for the same outcome.
pub(crate) type Flight<V> = Shared<BoxFuture<'static, V>>;

/// What is under way, by what it is equal in.
pub(crate) struct Flights<K, V>(Arc<Mutex<Board<K, V>>>);

struct Board<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// Tells a flight from a later one under the same key.
    last: u64,
}

struct Entry<V> {
    number: u64,
    until: Instant,
    flight: WeakShared<BoxFuture<'static, V>>,
}

/// How one came by a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It began with this caller.
    Leader,
    /// It was under way.
    Follower,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Board {
            entries: HashMap::new(),
            last: 0,
        })))
    }
}

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The flight under `key`, or else `begin`.
    ///
    /// `until` is when `begin` would give up. A flight that gives up much sooner than that is not joined: its failure
    /// would be a time-out that the caller's own attempt need not have.
    pub(crate) fn join<F>(
        &self,
        key: K,
        until: Instant,
        begin: impl FnOnce() -> F,
    ) -> (Flight<V>, Role)
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut board = lock(&self.0);
        if let Some(entry) = board.entries.get(&key)
            && outlasts(entry.until, until)
            && let Some(flight) = entry.flight.upgrade()
        {
            return (flight, Role::Follower);
        }
        board.last += 1;
        let number = board.last;
        let landing = Landing {
            board: self.0.clone(),
            key: key.clone(),
            number,
        };
        let work = begin();
        let flight = async move {
            let _landing = landing;
            work.await
        }
        .boxed()
        .shared();
        if let Some(weak) = flight.downgrade() {
            board.entries.insert(
                key,
                Entry {
                    number,
                    until,
                    flight: weak,
                },
            );
        }
        (flight, Role::Leader)
    }

    /// Lets nobody join what is under way; those who wait for it still get it.
    ///
    /// After a change nobody may be given what was read before it.
    pub(crate) fn close(&self) {
        // Weak references only: nothing that is dropped here ends a flight while the lock is held.
        lock(&self.0).entries.clear();
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        lock(&self.0).entries.len()
    }
}

/// Whether a flight has at least half the time left that one beginning now would have.
fn outlasts(flight: Instant, own: Instant) -> bool {
    let now = Instant::now();
    flight.saturating_duration_since(now) * 2 >= own.saturating_duration_since(now)
}

fn lock<K, V>(board: &Mutex<Board<K, V>>) -> MutexGuard<'_, Board<K, V>> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Strikes a flight off the board when it ends or nobody waits for it any more.
struct Landing<K: Eq + Hash, V> {
    board: Arc<Mutex<Board<K, V>>>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        let mut board = lock(&self.board);
        if board.entries.get(&self.key).map(|entry| entry.number) == Some(self.number) {
            board.entries.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    fn later(seconds: u64) -> Instant {
        Instant::now() + Duration::from_secs(seconds)
    }

    #[tokio::test]
    async fn a_flight_is_shared_and_struck_off() {
        let flights = Flights::<&str, u32>::default();
        let (land, landed) = oneshot::channel();
        let (leader, role) = flights.join("a", later(10), || async { landed.await.unwrap() });
        assert_eq!(role, Role::Leader);
        let (follower, role) = flights.join("a", later(10), || async { 0 });
        assert_eq!(role, Role::Follower);
        let (other, role) = flights.join("b", later(10), || async { 2 });
        assert_eq!(role, Role::Leader);
        land.send(1).unwrap();
        assert_eq!((leader.await, follower.await, other.await), (1, 1, 2));
        assert_eq!(flights.len(), 0);
    }

    #[tokio::test]
    async fn followers_carry_on_without_their_leader() {
        let flights = Flights::<&str, u32>::default();
        let (land, landed) = oneshot::channel();
        let (mut leader, _) = flights.join("a", later(10), || async { landed.await.unwrap() });
        assert!(futures::poll!(&mut leader).is_pending());
        let (follower, _) = flights.join("a", later(10), || async { 0 });
        drop(leader);
        land.send(7).unwrap();
        assert_eq!(follower.await, 7);
    }

    #[tokio::test]
    async fn work_ends_with_the_last_who_waits() {
        let flights = Flights::<&str, u32>::default();
        let (land, landed) = oneshot::channel::<u32>();
        let (mut leader, _) = flights.join("a", later(10), || async { landed.await.unwrap() });
        assert!(futures::poll!(&mut leader).is_pending());
        drop(leader);
        assert!(land.is_closed());
        assert_eq!(flights.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flight_about_to_give_up_is_not_joined() {
        let flights = Flights::<&str, u32>::default();
        let began = AtomicUsize::new(0);
        let join = |seconds| {
            flights.join("a", later(seconds), || {
                began.fetch_add(1, Ordering::SeqCst);
                std::future::pending::<u32>()
            })
        };
        let (old, _) = join(10);
        tokio::time::advance(Duration::from_secs(4)).await;
        let (follower, role) = join(10);
        assert_eq!(role, Role::Follower);
        tokio::time::advance(Duration::from_secs(2)).await;
        let (new, role) = join(10);
        assert_eq!((role, began.load(Ordering::SeqCst)), (Role::Leader, 2));
        // The old one's end does not strike off the new one.
        drop((old, follower));
        assert_eq!(flights.len(), 1);
        drop(new);
        assert_eq!(flights.len(), 0);
    }

    #[tokio::test]
    async fn nobody_joins_after_a_change() {
        let flights = Flights::<&str, u32>::default();
        let (land, landed) = oneshot::channel();
        let (before, _) = flights.join("a", later(10), || async { landed.await.unwrap() });
        flights.close();
        let (after, role) = flights.join("a", later(10), || async { 2 });
        assert_eq!(role, Role::Leader);
        land.send(1).unwrap();
        assert_eq!((before.await, after.await), (1, 2));
    }
}
