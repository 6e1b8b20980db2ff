//! The registry of operations: a key-value bucket of the broker that partners' deployments publish to and that every router
//! follows. A router that comes up later, or has lost the broker for a while, reads it from the beginning.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use async_nats::jetstream::kv::{Operation, Store};
use coko_core::service::{Nats, Task};
use coko_gateway::Gateway;
use futures::{StreamExt as _, TryStreamExt as _};
use tokio_util::sync::CancellationToken;

use crate::commands::sha256;

const BUCKET: &str = "COKO_OPERATIONS";

/// An entry of the bucket may not be larger than a message of the broker.
const LARGEST: usize = 512 << 10;

/// How long a registry that cannot be reached is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// The registry.
#[derive(Clone, Debug)]
pub struct Registry(Nats);

impl Registry {
    /// The registry on this broker.
    pub fn new(nats: Nats) -> Self {
        Self(nats)
    }

    async fn bucket(&self) -> Result<Store, String> {
        // Operations last until they are withdrawn.
        self.0.bucket(BUCKET, Duration::ZERO).await
    }

    /// Publishes documents of a client under their SHA-256. Those that are there already stay.
    ///
    /// # Errors
    /// When a document is too large, or the broker does not take one; those before it are published then.
    pub async fn publish(&self, client: &str, documents: &[String]) -> anyhow::Result<()> {
        if let Some(large) = documents.iter().find(|document| document.len() > LARGEST) {
            bail!(
                "the document {} has {} bytes; at most {LARGEST} can be published",
                sha256(large),
                large.len()
            );
        }
        let bucket = self.bucket().await.map_err(anyhow::Error::msg)?;
        for document in documents {
            let key = key(client, &sha256(document));
            bucket
                .put(key, document.clone().into())
                .await
                .context("the broker did not take an operation")?;
        }
        Ok(())
    }

    /// Withdraws an operation of a client; whether it was there.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub async fn withdraw(&self, client: &str, id: &str) -> anyhow::Result<bool> {
        let bucket = self.bucket().await.map_err(anyhow::Error::msg)?;
        let key = key(client, id);
        let found = bucket.get(&key).await.context("the broker")?.is_some();
        if found {
            bucket.delete(&key).await.context("the broker")?;
        }
        Ok(found)
    }

    /// Client and id of everything that is published.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub async fn list(&self) -> anyhow::Result<Vec<(String, String)>> {
        let bucket = self.bucket().await.map_err(anyhow::Error::msg)?;
        let keys: Vec<String> = bucket.keys().await?.try_collect().await?;
        let mut listed: Vec<_> = keys.iter().filter_map(|key| client_and_id(key)).collect();
        listed.sort();
        Ok(listed)
    }

    /// Gives a gateway what is published, from the beginning and as it changes.
    pub fn task(&self, gateway: &Gateway) -> Task {
        let (registry, gateway) = (self.clone(), gateway.clone());
        Task::new("operations", move |stop| {
            registry.clone().watch(gateway.clone(), stop)
        })
    }

    async fn watch(self, gateway: Gateway, stop: CancellationToken) {
        let mut warned = false;
        while !stop.is_cancelled() {
            tokio::select! {
                Err(error) = self.follow(&gateway) => {
                    // An absent broker stays away for many tries; it is said once.
                    if !warned {
                        tracing::warn!(error, "the registry of operations cannot be followed now");
                    }
                    warned = true;
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => {}
                        () = stop.cancelled() => {}
                    }
                }
                () = stop.cancelled() => {}
            }
        }
    }

    /// Follows the bucket until it breaks off.
    async fn follow(&self, gateway: &Gateway) -> Result<std::convert::Infallible, String> {
        let bucket = self.bucket().await?;
        let watched = bucket.watch_with_history(">").await;
        let mut entries = watched.map_err(|error| error.to_string())?;
        let mut published: BTreeMap<String, String> = BTreeMap::new();
        let mut is_current = false;
        while let Some(entry) = entries.next().await {
            let entry = entry.map_err(|error| error.to_string())?;
            match (entry.operation, String::from_utf8(entry.value.to_vec())) {
                (Operation::Put, Ok(document)) => published.insert(entry.key, document),
                _ => published.remove(&entry.key),
            };
            // What was published before is taken over in one go, what comes later at once.
            is_current |= entry.delta == 0;
            if is_current {
                hand_over(gateway, &published);
            }
        }
        Err("the bucket's messages ended".to_owned())
    }
}

fn hand_over(gateway: &Gateway, published: &BTreeMap<String, String>) {
    let operations = published
        .values()
        .map(|document| (sha256(document), document.clone()))
        .collect();
    match gateway.publish_operations(&operations) {
        Ok(count) => tracing::info!(count, "published operations were taken over"),
        Err(error) => tracing::error!(%error, "published operations were not taken over"),
    }
}

/// A client's name may hold what a bucket's key may not.
fn key(client: &str, id: &str) -> String {
    format!("{}.{id}", hex::encode(client))
}

fn client_and_id(key: &str) -> Option<(String, String)> {
    let (client, id) = key.split_once('.')?;
    let client = String::from_utf8(hex::decode(client).ok()?).ok()?;
    Some((client, id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_holds_any_clients_name() {
        let key = key("Éditions > *", "ab");
        assert!(
            key.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
        );
        assert_eq!(
            client_and_id(&key),
            Some(("Éditions > *".to_owned(), "ab".to_owned()))
        );
        assert_eq!(client_and_id("zz.ab"), None);
    }
}
