//! Hot reads, in this process and, where there is one, in Redis; an invalidation reaches every process.

use std::sync::Arc;
use std::time::Duration;

use fred::interfaces::KeysInterface as _;
use fred::types::Expiration;
use futures::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::service::{Bus, Task};

/// The NATS subject on which keys to forget are broadcast.
const INVALIDATE: &str = "coko-cache.invalidate";
/// Keys in Redis carry this prefix, so that an instance can be shared.
const PREFIX: &str = "coko:cache:";
/// How long this process trusts its own copy of what is also in Redis.
const LOCAL_LIFE: Duration = Duration::from_secs(30);

/// A cache of JSON values by key. A failure of Redis is a miss, never an error.
#[derive(Clone)]
pub struct Cache {
    local: moka::future::Cache<String, Arc<[u8]>>,
    redis: Option<fred::clients::Client>,
    bus: Option<async_nats::Client>,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache")
            .field("entries", &self.local.entry_count())
            .field("redis", &self.redis.is_some())
            .finish_non_exhaustive()
    }
}

impl Cache {
    /// A cache of at most `capacity_bytes` in this process, before `redis` if given; `bus` carries invalidations.
    pub fn new(capacity_bytes: u64, redis: Option<fred::clients::Client>, bus: &Bus) -> Self {
        let local = moka::future::Cache::builder()
            .max_capacity(capacity_bytes)
            .weigher(|key: &String, value: &Arc<[u8]>| {
                u32::try_from(key.len() + value.len() + 64).unwrap_or(u32::MAX)
            })
            .time_to_live(LOCAL_LIFE)
            .build();
        let bus = match bus {
            Bus::Nats(nats) => Some(nats.client.clone()),
            Bus::Recording(_) => None,
        };
        Self { local, redis, bus }
    }

    /// The value under `key`, if it is there and still has the shape of `T`.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let bytes = match self.local.get(key).await {
            Some(bytes) => bytes,
            None => {
                let redis = self.redis.as_ref()?;
                let found: Option<Vec<u8>> = redis
                    .get(format!("{PREFIX}{key}"))
                    .await
                    .unwrap_or_else(|error| {
                        tracing::debug!(%error, "the cache server does not answer");
                        None
                    });
                let bytes: Arc<[u8]> = found?.into();
                self.local.insert(key.to_owned(), bytes.clone()).await;
                bytes
            }
        };
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps `value` under `key` for at most `life`.
    pub async fn put<T: Serialize>(&self, key: &str, value: &T, life: Duration) {
        let Ok(bytes) = serde_json::to_vec(value) else {
            return;
        };
        if let Some(redis) = &self.redis {
            let seconds = i64::try_from(life.as_secs().max(1)).unwrap_or(i64::MAX);
            let kept: Result<(), _> = redis
                .set(
                    format!("{PREFIX}{key}"),
                    bytes.as_slice(),
                    Some(Expiration::EX(seconds)),
                    None,
                    false,
                )
                .await;
            if let Err(error) = kept {
                tracing::debug!(%error, "the cache server does not answer");
            }
        }
        self.local.insert(key.to_owned(), bytes.into()).await;
    }

    /// Forgets `keys` here, in Redis and in every other process.
    pub async fn invalidate(&self, keys: &[String]) {
        for key in keys {
            self.local.invalidate(key).await;
        }
        if let Some(redis) = &self.redis
            && !keys.is_empty()
        {
            let names: Vec<String> = keys.iter().map(|key| format!("{PREFIX}{key}")).collect();
            let dropped: Result<(), _> = redis.del(names).await;
            if let Err(error) = dropped {
                tracing::debug!(%error, "the cache server does not answer");
            }
        }
        if let (Some(bus), Ok(payload)) = (&self.bus, serde_json::to_vec(keys))
            && let Err(error) = bus.publish(INVALIDATE, payload.into()).await
        {
            tracing::debug!(%error, "the invalidation was not broadcast; local copies live {LOCAL_LIFE:?}");
        }
    }

    /// Hears what other processes invalidate.
    pub fn task(&self) -> Task {
        let cache = self.clone();
        Task::new("cache-invalidation", move |stop| cache.clone().listen(stop))
    }

    async fn listen(self, stop: CancellationToken) {
        let Some(bus) = &self.bus else { return };
        let Ok(mut broadcasts) = bus.subscribe(INVALIDATE).await else {
            return;
        };
        loop {
            let message = tokio::select! {
                message = broadcasts.next() => message,
                () = stop.cancelled() => return,
            };
            let Some(message) = message else { return };
            for key in serde_json::from_slice::<Vec<String>>(&message.payload).unwrap_or_default() {
                self.local.invalidate(&key).await;
            }
        }
    }
}
