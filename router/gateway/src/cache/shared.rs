//! The Redis that routers share.
//!
//! One hash, `stamps`, holds the numbers of purges by tag, as `purges.rs` does for the process: `sequence` counts purges,
//! `epoch` names the life of the hash. An entry carries the epoch and the sequence of the moment when it was asked for, and
//! whoever reads it compares them with the stamps of its tags. So nothing has to be atomic, and a router that dies between
//! any two commands leaves nothing that counts wrongly. When Redis drops or loses the hash there is another epoch, and with
//! it nothing of before counts.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use bytes::Bytes;
use coko_core::clock::Clock;
use coko_core::ids::Entropy;
use fred::clients::Client;
use fred::interfaces::{HashesInterface as _, KeysInterface as _};
use fred::types::Expiration;

use super::policy::Scope;
use super::store::{Entry, Key};
use super::tag::Tag;

/// All keys are in one slot of a cluster and apart from those of others.
const PREFIX: &str = "{coko-router}:";
const STAMPS: &str = "{coko-router}:stamps";
/// Purged tags remembered one by one; beyond them everything is purged.
const MOST_STAMPS: i64 = 200_000;
/// How long Redis is left alone after it failed, in milliseconds.
const PAUSE: i64 = 1_000;

/// When something was asked for, as Redis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    epoch: u64,
    sequence: u64,
}

/// The shared cache. It fails silently: a Redis that does not answer is a miss.
pub(crate) struct Shared {
    redis: Client,
    clock: Clock,
    entropy: Entropy,
    /// Not asked before this moment, in milliseconds since the epoch.
    paused_until: AtomicI64,
    /// A purge did not reach Redis: nothing in it counts until everything in it is purged.
    tainted: AtomicBool,
}

/// What Redis knows of some keys.
#[derive(Debug)]
pub(crate) struct Found {
    /// Those that still count; `began` is of no meaning yet.
    pub(crate) entries: Vec<Option<Entry>>,
    /// Now, when Redis can be written to.
    pub(crate) moment: Option<Moment>,
}

impl Shared {
    pub(crate) fn new(redis: Client, clock: Clock, entropy: Entropy) -> Self {
        Self {
            redis,
            clock,
            entropy,
            paused_until: AtomicI64::new(0),
            tainted: AtomicBool::new(false),
        }
    }

    fn now(&self) -> i64 {
        milliseconds(&self.clock)
    }

    fn is_usable(&self) -> bool {
        !self.tainted.load(Ordering::SeqCst)
            && self.now() >= self.paused_until.load(Ordering::Relaxed)
    }

    fn failed(&self, error: &fred::error::Error) {
        self.paused_until
            .store(self.now() + PAUSE, Ordering::Relaxed);
        metrics::counter!("router_cache_redis_failures_total").increment(1);
        tracing::debug!(%error, "Redis does not answer; it is left alone for a moment");
    }

    /// Looks for keys.
    pub(crate) async fn get(&self, keys: &[Key]) -> Found {
        let nothing = || Found {
            entries: vec![None; keys.len()],
            moment: None,
        };
        if !self.is_usable() {
            return nothing();
        }
        match self.look(keys).await {
            Ok(found) => found,
            Err(error) => {
                self.failed(&error);
                nothing()
            }
        }
    }

    async fn look(&self, keys: &[Key]) -> Result<Found, fred::error::Error> {
        let names: Vec<String> = keys.iter().map(name).collect();
        let stamps: Vec<Option<u64>> = self.redis.hmget(STAMPS, vec!["epoch", "sequence"]).await?;
        let mut moment = moment_of(&stamps);
        if moment.is_none() {
            let _: bool = self.redis.hsetnx(STAMPS, "epoch", self.new_epoch()).await?;
            let stamps = self.redis.hmget(STAMPS, vec!["epoch", "sequence"]).await?;
            let stamps: Vec<Option<u64>> = stamps;
            moment = moment_of(&stamps);
        }
        let kept: Vec<Option<Bytes>> = self.redis.mget(names).await?;
        let mut read: Vec<Option<(Entry, Moment)>> =
            kept.iter().map(|kept| decode(kept.as_ref()?)).collect();
        let tags: Vec<String> = read
            .iter()
            .flatten()
            .flat_map(|(entry, _)| entry.tags.iter().copied().map(field))
            .collect();
        if !tags.is_empty() {
            let asked: Vec<String> = ["epoch", "sequence"]
                .map(str::to_owned)
                .into_iter()
                .chain(tags)
                .collect();
            let stamps: Vec<Option<u64>> = self.redis.hmget(STAMPS, asked).await?;
            let epoch = stamps.first().copied().flatten();
            let mut purged = stamps.into_iter().skip(2);
            for slot in &mut read {
                let Some((entry, began)) = slot else { continue };
                // Every entry's stamps are taken from the row, whether they are needed or not.
                let newest = purged.by_ref().take(entry.tags.len()).flatten().max();
                let is_stale = epoch != Some(began.epoch)
                    || newest.is_some_and(|newest| newest > began.sequence);
                if is_stale {
                    *slot = None;
                }
            }
        }
        Ok(Found {
            entries: read.into_iter().map(|slot| Some(slot?.0)).collect(),
            moment,
        })
    }

    fn new_epoch(&self) -> i64 {
        // 62 bits fit every integer on the way.
        i64::from_le_bytes(self.entropy.bytes::<8>()) & (i64::MAX >> 1)
    }

    /// Keeps an entry that was asked for at `moment`.
    pub(crate) async fn put(&self, key: &Key, entry: &Entry, moment: Moment) {
        let life = entry.shared_until - self.now();
        if life <= 0 || !self.is_usable() {
            return;
        }
        let kept: Result<(), _> = self
            .redis
            .set(
                name(key),
                encode(entry, moment),
                Some(Expiration::PX(life)),
                None,
                false,
            )
            .await;
        if let Err(error) = kept {
            self.failed(&error);
        }
    }

    /// Purges tags for all routers; answers whether that is settled, now or because nothing counts until it is.
    pub(crate) async fn purge(&self, tags: &[Tag]) {
        let outcome = async {
            let number: i64 = self.redis.hincrby(STAMPS, "sequence", 1).await?;
            let stamps: Vec<(String, i64)> = tags.iter().map(|tag| (field(*tag), number)).collect();
            let stamps: std::collections::HashMap<String, i64> = stamps.into_iter().collect();
            let _: i64 = self.redis.hset(STAMPS, stamps).await?;
            let known: i64 = self.redis.hlen(STAMPS).await?;
            if known > MOST_STAMPS {
                let _: i64 = self.redis.del(STAMPS).await?;
            }
            Ok::<_, fred::error::Error>(())
        };
        if let Err(error) = outcome.await {
            self.taint(&error);
        }
    }

    /// Purges everything for all routers.
    pub(crate) async fn purge_all(&self) {
        let dropped: Result<i64, _> = self.redis.del(STAMPS).await;
        match dropped {
            Ok(_) => self.tainted.store(false, Ordering::SeqCst),
            Err(error) => self.taint(&error),
        }
    }

    fn taint(&self, error: &fred::error::Error) {
        if !self.tainted.swap(true, Ordering::SeqCst) {
            tracing::warn!(%error, "a purge did not reach Redis: it is not used until everything in it is purged");
        }
        self.failed(error);
    }

    /// Whether everything in Redis has yet to be purged.
    pub(crate) fn is_tainted(&self) -> bool {
        self.tainted.load(Ordering::SeqCst)
    }

    /// The last event of a stream that a router handled; `None` when nobody did in this epoch.
    pub(crate) async fn handled(&self, stream: &str) -> Option<u64> {
        let number: Result<Option<u64>, _> =
            self.redis.hget(STAMPS, format!("seen:{stream}")).await;
        number.ok().flatten()
    }

    /// Remembers the last event of a stream that was handled.
    pub(crate) async fn note_handled(&self, stream: &str, sequence: u64) {
        let number = i64::try_from(sequence).unwrap_or(i64::MAX);
        let noted: Result<i64, _> = self
            .redis
            .hset(STAMPS, (format!("seen:{stream}"), number))
            .await;
        if let Err(error) = noted {
            tracing::debug!(%error, "Redis does not answer");
        }
    }
}

/// Milliseconds since the epoch.
pub(crate) fn milliseconds(clock: &Clock) -> i64 {
    i64::try_from(clock.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

fn moment_of(stamps: &[Option<u64>]) -> Option<Moment> {
    Some(Moment {
        epoch: stamps.first().copied().flatten()?,
        sequence: stamps.get(1).copied().flatten().unwrap_or(0),
    })
}

fn name(key: &Key) -> String {
    format!("{PREFIX}{}", hex::encode(key))
}

fn field(tag: Tag) -> String {
    format!("{:016x}", tag.0)
}

/// The form of entries; another form has another number, and what has another number is a miss.
const FORM: u8 = 1;
/// Form, scope, epoch, sequence, two moments, number of tags.
const HEAD: usize = 1 + 1 + 8 + 8 + 8 + 8 + 4;

fn encode(entry: &Entry, moment: Moment) -> Bytes {
    let mut out = Vec::with_capacity(HEAD + entry.tags.len() * 8 + entry.body.len());
    out.push(FORM);
    out.push(entry.scope as u8);
    out.extend_from_slice(&moment.epoch.to_le_bytes());
    out.extend_from_slice(&moment.sequence.to_le_bytes());
    out.extend_from_slice(&entry.shared_until.to_le_bytes());
    out.extend_from_slice(&entry.client_until.to_le_bytes());
    out.extend_from_slice(&u32::try_from(entry.tags.len()).unwrap_or(0).to_le_bytes());
    for tag in &entry.tags {
        out.extend_from_slice(&tag.0.to_le_bytes());
    }
    out.extend_from_slice(&entry.body);
    out.into()
}

fn decode(bytes: &Bytes) -> Option<(Entry, Moment)> {
    let mut rest = bytes.get(..)?;
    let form = take::<1>(&mut rest)?;
    let scope = match take::<1>(&mut rest)? {
        [0] => Scope::Private,
        [1] => Scope::Unsaid,
        [2] => Scope::Public,
        _ => return None,
    };
    if form != [FORM] {
        return None;
    }
    let moment = Moment {
        epoch: u64::from_le_bytes(take(&mut rest)?),
        sequence: u64::from_le_bytes(take(&mut rest)?),
    };
    let shared_until = i64::from_le_bytes(take(&mut rest)?);
    let client_until = i64::from_le_bytes(take(&mut rest)?);
    let count = usize::try_from(u32::from_le_bytes(take(&mut rest)?)).ok()?;
    let mut tags = Vec::with_capacity(count.min(rest.len() / 8));
    for _ in 0..count {
        tags.push(Tag(u64::from_le_bytes(take(&mut rest)?)));
    }
    let entry = Entry {
        body: bytes.slice_ref(rest),
        scope,
        shared_until,
        client_until,
        tags: tags.into(),
        began: 0,
        etag: Box::default(),
    };
    Some((entry, moment))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_survive_the_way_and_damage_is_a_miss() {
        let entry = Entry {
            body: Bytes::from_static(b"{\"id\":1}"),
            scope: Scope::Unsaid,
            shared_until: 1_700_000_000_123,
            client_until: -4,
            tags: vec![Tag(7), Tag(u64::MAX)].into(),
            began: 0,
            etag: Box::default(),
        };
        let moment = Moment {
            epoch: 3,
            sequence: 9,
        };
        let bytes = encode(&entry, moment);
        assert_eq!(decode(&bytes), Some((entry, moment)));
        for length in 0..HEAD + 16 {
            assert_eq!(decode(&bytes.slice(..length)), None, "{length}");
        }
        let mut other = bytes.to_vec();
        other[0] = FORM + 1;
        assert_eq!(decode(&other.into()), None);
    }
}
