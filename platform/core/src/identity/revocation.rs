//! Which tokens no longer count, known to every process within a second.
//!
//! Keys are broadcast through a NATS key-value bucket whose entries outlive every token. What is revoked here counts here
//! at once; with NATS down, auth's own `session.revoked` events bring it to the others as soon as it is back.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_nats::jetstream::kv;
use futures::StreamExt as _;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::Clock;
use crate::service::{Bus, Nats, Task};

const BUCKET: &str = "COKO_REVOKED";
/// Longer than any token lives: personal access tokens last at most a year.
const KEEP: Duration = Duration::from_secs(370 * 24 * 3600);

/// The key that revokes every token of a session, narrowed or not.
pub fn session_key(session: Uuid) -> String {
    format!("session.{session}")
}

/// The key that revokes every token of a partner's client.
pub fn client_key(partner: &str, client: &str) -> String {
    // Names may hold what a bucket's key may not.
    format!("client.{}.{}", hex::encode(partner), hex::encode(client))
}

/// The revoked keys: revocation ids of token blocks in hexadecimal, [`session_key`]s and [`client_key`]s.
#[derive(Clone, Debug)]
pub struct Revocations {
    /// Until when each key must be remembered, in seconds since the epoch.
    revoked: Arc<RwLock<HashMap<String, i64>>>,
    bus: Option<Nats>,
    clock: Clock,
}

impl Revocations {
    /// Nothing revoked yet; [`Revocations::task`] learns what is.
    pub fn new(bus: &Bus, clock: Clock) -> Self {
        Self {
            revoked: Arc::default(),
            bus: match bus {
                Bus::Nats(nats) => Some(nats.clone()),
                Bus::Recording(_) => None,
            },
            clock,
        }
    }

    /// Whether `key` is revoked.
    pub fn contains(&self, key: &str) -> bool {
        self.read().contains_key(key)
    }

    /// Whether nothing at all is revoked, which is the usual case and the fastest to know.
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// Revokes `keys`, which need remembering until `until`: here at once, elsewhere by broadcast.
    ///
    /// # Errors
    /// When the broadcast failed; the keys count in this process all the same, and the caller should try again.
    pub async fn revoke(&self, keys: &[String], until: OffsetDateTime) -> Result<(), crate::Error> {
        for key in keys {
            self.learn(key.clone(), until.unix_timestamp());
        }
        let Some(nats) = &self.bus else {
            return Ok(());
        };
        let bucket = nats.bucket(BUCKET, KEEP).await;
        let bucket = bucket.map_err(crate::Error::unavailable)?;
        for key in keys {
            bucket
                .put(key, until.unix_timestamp().to_string().into())
                .await
                .map_err(crate::Error::unavailable)?;
        }
        Ok(())
    }

    /// Learns what is revoked, from the beginning and as it happens.
    pub fn task(&self) -> Task {
        let revocations = self.clone();
        Task::new("revocations", move |stop| revocations.clone().watch(stop))
    }

    async fn watch(self, stop: CancellationToken) {
        let Some(nats) = self.bus.clone() else { return };
        while !stop.is_cancelled() {
            tokio::select! {
                outcome = self.follow(&nats) => {
                    if let Err(error) = outcome {
                        tracing::warn!(error, "revocations cannot be followed now");
                    }
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_millis(500)) => {}
                        () = stop.cancelled() => {}
                    }
                }
                () = stop.cancelled() => {}
            }
            self.forget_expired();
        }
    }

    async fn follow(&self, nats: &Nats) -> Result<(), String> {
        let bucket = nats.bucket(BUCKET, KEEP).await?;
        let mut entries = bucket
            .watch_with_history(">")
            .await
            .map_err(|error| error.to_string())?;
        while let Some(entry) = entries.next().await {
            let entry = entry.map_err(|error| error.to_string())?;
            if entry.operation == kv::Operation::Put
                && let Some(until) = std::str::from_utf8(&entry.value)
                    .ok()
                    .and_then(|text| text.parse().ok())
            {
                self.learn(entry.key, until);
            }
        }
        Ok(())
    }

    fn learn(&self, key: String, until: i64) {
        if until > self.clock.now().unix_timestamp() {
            self.write().insert(key, until);
        }
    }

    fn forget_expired(&self) {
        let now = self.clock.now().unix_timestamp();
        self.write().retain(|_, until| *until > now);
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<String, i64>> {
        self.revoked.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<String, i64>> {
        self.revoked.write().unwrap_or_else(PoisonError::into_inner)
    }
}
