//! What operators set while the platform runs: feature flags and settings, known to every process within a second.
//!
//! Admin owns them and keeps them in its database; this is how every role reads them. They are broadcast through a NATS
//! key-value bucket, of which every process holds a copy. With NATS down a process goes on with what it knows, and one that
//! has just started with nothing: so whoever reads a setting has a default for it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_nats::jetstream::kv;
use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Error;
use crate::service::{Bus, Nats, Task};

const BUCKET: &str = "COKO_SETTINGS";
/// How often a value is written anew when another process wrote at the same moment.
const TRIES: usize = 8;

/// While this is on, subgraphs refuse mutations, but for those of auth and admin: people can sign in and operators can end it.
pub const READ_ONLY: &str = "platform.read-only";

/// A setting as it is broadcast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Counts its changes; a greater one wins.
    pub version: i64,
    /// What it is set to; null where it was removed.
    pub value: Value,
    /// For how many of a hundred people it holds: 0 to 100.
    pub share: u8,
    /// Whether applications may ask for it.
    pub for_clients: bool,
}

impl Setting {
    /// Whether it holds for `person`: always where it is for everyone, and for the same people whenever they come back. Nobody
    /// in particular gets only what is for everyone.
    pub fn holds_for(&self, key: &str, person: Option<Uuid>) -> bool {
        if self.share >= 100 {
            return true;
        }
        person.is_some_and(|person| hundredth(key, person) < self.share)
    }
}

/// Where a person stands among a hundred, for one setting: another place for every setting.
fn hundredth(key: &str, person: Uuid) -> u8 {
    let mut digest = Sha256::new();
    digest.update(key.as_bytes());
    digest.update([0]);
    digest.update(person.as_bytes());
    let bytes = digest.finalize();
    let number = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    u8::try_from(number % 100).unwrap_or(0)
}

/// This process's copy of all settings.
#[derive(Clone, Debug)]
pub struct Settings {
    known: Arc<RwLock<BTreeMap<String, Setting>>>,
    bus: Option<Nats>,
}

impl Settings {
    /// Nothing set yet; [`Settings::task`] learns what is.
    pub fn new(bus: &Bus) -> Self {
        Self {
            known: Arc::default(),
            bus: match bus {
                Bus::Nats(nats) => Some(nats.clone()),
                Bus::Recording(_) => None,
            },
        }
    }

    /// Whether the flag `key` is on for `person`; off when nothing is known of it.
    pub fn is_on(&self, key: &str, person: Option<Uuid>) -> bool {
        let known = self.read();
        known
            .get(key)
            .is_some_and(|setting| setting.value == true && setting.holds_for(key, person))
    }

    /// What `key` is set to; none when nothing is known of it, or it is set to something else than a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let value = self.read().get(key)?.value.clone();
        T::deserialize(value).ok()
    }

    /// Everything that is set, by key.
    pub fn all(&self) -> Vec<(String, Setting)> {
        let known = self.read();
        let set = known.iter().filter(|(_, setting)| !setting.value.is_null());
        set.map(|(key, setting)| (key.clone(), setting.clone()))
            .collect()
    }

    /// Sets `key`, which is made of letters, digits, `-`, `_` and inner `.`: here at once, elsewhere by broadcast. An older version
    /// changes nothing.
    ///
    /// # Errors
    /// `DOWNSTREAM_UNAVAILABLE` when the broadcast failed; it counts in this process all the same, and the caller should try again.
    pub async fn tell(&self, key: &str, setting: &Setting) -> Result<(), Error> {
        self.learn(key.to_owned(), setting.clone());
        let Some(nats) = &self.bus else {
            return Ok(());
        };
        let bucket = nats.bucket(BUCKET, Duration::ZERO).await;
        let bucket = bucket.map_err(Error::unavailable)?;
        let text = serde_json::to_vec(setting).map_err(Error::internal)?;
        let mut failure = String::new();
        for _ in 0..TRIES {
            let entry = bucket.entry(key).await.map_err(Error::unavailable)?;
            let newer = entry
                .as_ref()
                .and_then(|entry| serde_json::from_slice::<Setting>(&entry.value).ok())
                .is_some_and(|there| there.version >= setting.version);
            if newer {
                return Ok(());
            }
            // Only over what was just read, as another process may be telling a newer version.
            let revision = entry.map_or(0, |entry| entry.revision);
            match bucket.update(key, text.clone().into(), revision).await {
                Ok(_) => return Ok(()),
                Err(error) => failure = error.to_string(),
            }
        }
        Err(Error::unavailable(failure))
    }

    /// Learns what is set, from the beginning and as it happens.
    pub fn task(&self) -> Task {
        let settings = self.clone();
        Task::new("settings", move |stop| settings.clone().watch(stop))
    }

    async fn watch(self, stop: CancellationToken) {
        let Some(nats) = self.bus.clone() else { return };
        while !stop.is_cancelled() {
            tokio::select! {
                outcome = self.follow(&nats) => {
                    if let Err(error) = outcome {
                        tracing::warn!(error, "settings cannot be followed now");
                    }
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_millis(500)) => {}
                        () = stop.cancelled() => {}
                    }
                }
                () = stop.cancelled() => {}
            }
        }
    }

    async fn follow(&self, nats: &Nats) -> Result<(), String> {
        let bucket = nats.bucket(BUCKET, Duration::ZERO).await?;
        let mut entries = bucket
            .watch_with_history(">")
            .await
            .map_err(|error| error.to_string())?;
        while let Some(entry) = entries.next().await {
            let entry = entry.map_err(|error| error.to_string())?;
            if entry.operation == kv::Operation::Put
                && let Ok(setting) = serde_json::from_slice(&entry.value)
            {
                self.learn(entry.key, setting);
            }
        }
        Ok(())
    }

    fn learn(&self, key: String, setting: Setting) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let newer = known
            .get(&key)
            .is_none_or(|there| there.version < setting.version);
        if newer {
            known.insert(key, setting);
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<String, Setting>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::service::Recording;

    fn setting(version: i64, value: Value, share: u8) -> Setting {
        Setting {
            version,
            value,
            share,
            for_clients: true,
        }
    }

    #[tokio::test]
    async fn the_newest_version_counts_in_whatever_order_they_come() {
        let settings = Settings::new(&Bus::Recording(Recording::default()));
        assert!(!settings.is_on("a", None));
        for (version, value) in [(2, json!(true)), (1, json!(false)), (2, json!(false))] {
            settings
                .tell("a", &setting(version, value, 100))
                .await
                .unwrap();
        }
        assert!(settings.is_on("a", None));
        settings
            .tell("a", &setting(3, json!(12), 100))
            .await
            .unwrap();
        assert!(!settings.is_on("a", None));
        assert_eq!(settings.get::<u8>("a"), Some(12));
        assert_eq!(settings.get::<bool>("a"), None);
        settings
            .tell("a", &setting(4, Value::Null, 100))
            .await
            .unwrap();
        assert!(settings.all().is_empty());
    }

    #[test]
    fn a_share_is_the_same_people_every_time_and_about_as_many_as_it_says() {
        let people: Vec<Uuid> = (0..2000_u128).map(Uuid::from_u128).collect();
        let holds = |share: u8, key: &str| -> Vec<Uuid> {
            let setting = setting(1, json!(true), share);
            let held = people
                .iter()
                .filter(|person| setting.holds_for(key, Some(**person)));
            held.copied().collect()
        };
        let quarter = holds(25, "a");
        assert!((400..600).contains(&quarter.len()), "{}", quarter.len());
        let half = holds(50, "a");
        assert!(quarter.iter().all(|person| half.contains(person)));
        assert_ne!(quarter, holds(25, "b"));
        assert_eq!(holds(0, "a").len(), 0);
        assert_eq!(holds(100, "a").len(), people.len());
        assert!(!setting(1, json!(true), 99).holds_for("a", None));
        assert!(setting(1, json!(true), 100).holds_for("a", None));
    }
}
