//! That a role is alive, and how it does: said every few seconds by each process of each role.
//!
//! Beats live in a NATS key-value bucket, one key a process and role. Who stops in an orderly way takes its beat back; whoever
//! is killed leaves it behind, and grows old there until the bucket forgets it.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Error;
use crate::clock::Clock;
use crate::service::{Nats, Task};

const BUCKET: &str = "COKO_HEARTBEATS";
/// How long a beat is remembered.
const KEEP: Duration = Duration::from_secs(3600);
/// How often a beat is given.
const PERIOD: Duration = Duration::from_secs(5);
/// A beat that is older is late: three were missed.
const LATE: time::Duration = time::Duration::seconds(17);

/// How a role does, as its `/ready` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// It answers requests.
    pub ready: bool,
    /// It is about to stop.
    pub stopping: bool,
    /// Its database answers; none for a role without one.
    pub database: Option<bool>,
    /// It is connected to the broker.
    pub broker: bool,
    /// Events that wait to be published; none where that cannot be known.
    pub outbox: Option<i64>,
    /// Events that it could not handle; none where that cannot be known.
    pub dead_letters: Option<i64>,
}

/// One process of one role, when it last said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// The role: `catalog`.
    pub role: String,
    /// The process, by an id of its own.
    pub instance: Uuid,
    /// The version of the program.
    pub version: String,
    /// When the process began.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// When it said so.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How it does.
    #[serde(flatten)]
    pub health: Health,
}

impl Beat {
    /// Whether nothing was heard for so long that the process is likely gone.
    pub fn is_late(&self, now: OffsetDateTime) -> bool {
        now - self.at > LATE
    }
}

/// The heart of one role of this process; `health` looks how it does.
pub fn task(
    nats: Nats,
    clock: Clock,
    role: &'static str,
    instance: Uuid,
    health: impl Fn() -> BoxFuture<'static, Health> + Send + Sync + 'static,
) -> Task {
    let health = Arc::new(health);
    Task::new("heartbeat", move |stop| {
        let heart = Heart {
            nats: nats.clone(),
            clock: clock.clone(),
            role,
            instance,
            started_at: clock.now(),
        };
        let health = health.clone();
        async move { heart.run(&*health, stop).await }
    })
}

struct Heart {
    nats: Nats,
    clock: Clock,
    role: &'static str,
    instance: Uuid,
    started_at: OffsetDateTime,
}

impl Heart {
    async fn run(
        &self,
        health: &(dyn Fn() -> BoxFuture<'static, Health> + Send + Sync),
        stop: CancellationToken,
    ) {
        while !stop.is_cancelled() {
            let beat = Beat {
                role: self.role.to_owned(),
                instance: self.instance,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                started_at: self.started_at,
                at: self.clock.now(),
                health: health().await,
            };
            if let Err(error) = self.give(&beat).await {
                tracing::debug!(role = self.role, error, "a heartbeat could not be given");
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = stop.cancelled() => {}
            }
        }
        // Nobody need wonder where it went; if the broker is gone as well, the beat grows old.
        let taken = tokio::time::timeout(Duration::from_secs(1), self.take_back()).await;
        if !matches!(taken, Ok(Ok(()))) {
            tracing::debug!(role = self.role, "the heartbeat could not be taken back");
        }
    }

    fn key(&self) -> String {
        format!("{}.{}", self.role, self.instance)
    }

    async fn give(&self, beat: &Beat) -> Result<(), String> {
        let bucket = self.nats.bucket(BUCKET, KEEP).await?;
        let text = serde_json::to_vec(beat).map_err(|error| error.to_string())?;
        let put = bucket.put(self.key(), text.into()).await;
        put.map(drop).map_err(|error| error.to_string())
    }

    async fn take_back(&self) -> Result<(), String> {
        let bucket = self.nats.bucket(BUCKET, KEEP).await?;
        let deleted = bucket.delete(self.key()).await;
        deleted.map_err(|error| error.to_string())
    }
}

/// The last beat of every process of the last hour, by role and process.
///
/// # Errors
/// `DOWNSTREAM_UNAVAILABLE` when the broker does not answer.
pub async fn all(nats: &Nats) -> Result<Vec<Beat>, Error> {
    let bucket = nats.bucket(BUCKET, KEEP).await;
    let bucket = bucket.map_err(Error::unavailable)?;
    let keys = bucket.keys().await.map_err(Error::unavailable)?;
    let keys: Vec<String> = keys.try_collect().await.map_err(Error::unavailable)?;
    let mut beats = Vec::with_capacity(keys.len());
    for key in keys {
        // It may have been taken back meanwhile.
        let value = bucket.get(key).await.map_err(Error::unavailable)?;
        if let Some(beat) = value.and_then(|value| serde_json::from_slice::<Beat>(&value).ok()) {
            beats.push(beat);
        }
    }
    beats.sort_by(|a, b| (&a.role, a.instance).cmp(&(&b.role, b.instance)));
    Ok(beats)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn three_missed_beats_are_late() {
        let beat = Beat {
            role: "catalog".to_owned(),
            instance: Uuid::from_u128(1),
            version: "1".to_owned(),
            started_at: datetime!(2026-02-01 09:00 UTC),
            at: datetime!(2026-02-01 10:00 UTC),
            health: Health::default(),
        };
        assert!(!beat.is_late(datetime!(2026-02-01 10:00:16 UTC)));
        assert!(beat.is_late(datetime!(2026-02-01 10:00:18 UTC)));
        // A clock that is behind makes nobody late.
        assert!(!beat.is_late(datetime!(2026-02-01 09:00 UTC)));
    }

    #[test]
    fn a_beat_of_another_version_is_understood() {
        let beat: Beat = serde_json::from_str(
            r#"{"role":"file","instance":"01890a5d-ac96-774b-bcce-b302099a8057","version":"9","started_at":"2026-02-01T09:00:00Z",
                "at":"2026-02-01T10:00:00Z","ready":true,"mood":"good"}"#,
        )
        .unwrap();
        assert!(beat.health.ready && beat.health.database.is_none());
    }
}
