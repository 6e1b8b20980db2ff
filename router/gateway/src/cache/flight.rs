//! One fill at a time: whoever misses first asks, the others wait for the answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use super::store::{Entry, Key};

type Landed = Option<Arc<Entry>>;

/// The fills under way.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<HashMap<Key, watch::Receiver<Landed>>>);

/// Whether to ask or to wait.
pub(crate) enum Joined {
    Lead(Lead),
    Follow(Follow),
}

/// The duty to ask. Dropped without an entry it lets the followers go, who then ask themselves.
pub(crate) struct Lead {
    key: Key,
    flights: Arc<Flights>,
    sender: watch::Sender<Landed>,
}

/// Waits for a leader.
pub(crate) struct Follow(watch::Receiver<Landed>);

impl Flights {
    pub(crate) fn join(self: &Arc<Self>, key: Key) -> Joined {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(receiver) = flights.get(&key) {
            return Joined::Follow(Follow(receiver.clone()));
        }
        let (sender, receiver) = watch::channel(None);
        flights.insert(key, receiver);
        Joined::Lead(Lead {
            key,
            flights: self.clone(),
            sender,
        })
    }
}

impl Lead {
    /// Whether those who wait are one caller, whose key this is.
    pub(crate) fn is_for(&self, own: &Key) -> bool {
        self.key == *own
    }

    /// Hands an entry to whoever waits.
    pub(crate) fn land(&self, entry: Arc<Entry>) {
        self.sender.send_replace(Some(entry));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let mut flights = self
            .flights
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        flights.remove(&self.key);
    }
}

impl Follow {
    /// The leader's entry; `None` when it has none to give, or when `deadline` passes.
    pub(crate) async fn landed(mut self, deadline: Instant) -> Landed {
        let waiting = self.0.wait_for(Option::is_some);
        match tokio::time::timeout_at(deadline, waiting).await {
            Ok(Ok(landed)) => landed.clone(),
            _ => None,
        }
    }
}
