//! Reloads under load: the supergraph changes again and again while requests run and subscriptions are open. No request may
//! fail or differ, no subscription may end or miss an event, and memory must not grow with the number of reloads.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use coko_composition::compose;
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until};

use crate::compare::Backend;
use crate::cores::Cores;
use crate::load::Load;
use crate::router::{CommandLine, Router};
use crate::scenario::Scenario;
use crate::subgraphs;
use crate::ticks::{Followers, Protocol, Ticks};

/// What the router logs when it has taken over a supergraph.
const TAKEN_OVER: &str = "the supergraph was taken over";
/// Between two events of a subscription.
const TICK: Duration = Duration::from_millis(100);
/// Different things that subscriptions are about.
const TOPICS: usize = 4;
/// How long an event may take to reach everyone.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long and how often.
#[derive(Debug, Clone)]
pub struct Reloading {
    /// The router.
    pub router: CommandLine,
    /// Of the whole run.
    pub duration: Duration,
    /// Between two changes of the supergraph's file.
    pub period: Duration,
    /// Connections that send at once.
    pub connections: usize,
    /// Subscriptions that are open, one half over WebSocket and one as server-sent events.
    pub subscriptions: usize,
    /// What runs where.
    pub cores: Cores,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Reloaded {
    /// Changes that were written.
    pub changes: usize,
    /// Supergraphs that the router took over; changes between two of its looks count once.
    pub reloads: usize,
    /// Requests, each answered with the expected bytes: the first that is not ends the run.
    pub requests: u64,
    /// Subscriptions that were open all the time: the first that ends, or misses an event, ends the run.
    pub subscriptions: usize,
    /// Events, each of which reached every subscription.
    pub events: usize,
    /// Half of the requests took at most so many milliseconds.
    pub median_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// 999 of 1000.
    pub p999_ms: f64,
    /// Mean resident memory in the second quarter of the run, in bytes.
    pub memory_early: u64,
    /// The same in the last quarter.
    pub memory_late: u64,
}

/// Open subscriptions, and the newest event that each has heard of.
struct Streams {
    followers: Followers,
    newest: Vec<Arc<AtomicUsize>>,
}

impl Reloading {
    /// Runs it.
    ///
    /// # Errors
    /// When a request fails or its answer differs, or the router takes over nothing.
    pub async fn run(&self) -> anyhow::Result<Reloaded> {
        let folder = tempfile::tempdir()?;
        let mut backend = Backend::start().await?;
        let ticks = Ticks::begin().await?;
        let supergraph = |revision| {
            let mut sources = subgraphs::sources(&format!("http://{}", backend.address())).to_vec();
            sources.push(ticks.source(revision));
            anyhow::Ok(compose(&sources)?.sdl)
        };
        let file = folder.path().join("supergraph.graphql");
        std::fs::write(&file, supergraph(0)?)?;
        let router = Router::start(&self.router, &file, folder.path(), &self.cores).await?;
        let scenario = Scenario::Deep;
        let load = Load {
            address: router.address,
            body: scenario.body(),
            expected: router.ask(scenario).await?,
            connections: self.connections,
        };
        let mut streams = Streams::open(&router, self.subscriptions).await?;
        let first = streams.follow(&ticks).await?;
        let changing = self.change(&router, &file, supergraph);
        let ticking = self.tick(&ticks, first, &mut streams);
        let load = load.run(self.duration);
        let (measured, (changes, memory), last) = tokio::try_join!(load, changing, ticking)?;
        streams.wait_for(last).await?;
        let reloads = router.logged(TAKEN_OVER)?;
        ensure!(
            reloads > 0,
            "{changes} changes were written and none was taken over"
        );
        drop(streams);
        router.stop().await?;
        backend.stop().await?;
        let milliseconds = |permille| measured.latencies.quantile(permille).as_secs_f64() * 1000.0;
        let quarter = memory.len() / 4;
        ensure!(
            quarter > 0,
            "the run is too short to say anything of memory"
        );
        let reloaded = Reloaded {
            changes,
            reloads,
            requests: measured.latencies.count(),
            subscriptions: self.subscriptions,
            events: last - first,
            median_ms: milliseconds(500),
            p99_ms: milliseconds(990),
            p999_ms: milliseconds(999),
            memory_early: mean(&memory[quarter..2 * quarter]),
            memory_late: mean(&memory[memory.len() - quarter..]),
        };
        ensure!(reloaded.is_flat(), "memory grows:\n{}", reloaded.text());
        Ok(reloaded)
    }

    /// Changes the file until the time is over; answers how often, and the memory each time.
    async fn change(
        &self,
        router: &Router,
        file: &Path,
        supergraph: impl Fn(usize) -> anyhow::Result<String>,
    ) -> anyhow::Result<(usize, Vec<u64>)> {
        let begun = Instant::now();
        let mut memory = Vec::new();
        let mut next = begun + self.period;
        while next < begun + self.duration {
            sleep_until(next).await;
            next += self.period;
            memory.push(router.memory()?);
            let revision = memory.len();
            // A file that is half written must not be seen.
            let draft = file.with_extension("draft");
            std::fs::write(&draft, supergraph(revision)?)?;
            std::fs::rename(&draft, file).context("the supergraph cannot be replaced")?;
        }
        Ok((memory.len(), memory))
    }

    /// Sends events after `first` until the time is over, and sees that all streams go on; answers the last one.
    async fn tick(
        &self,
        ticks: &Ticks,
        first: usize,
        streams: &mut Streams,
    ) -> anyhow::Result<usize> {
        let end = Instant::now() + self.duration;
        let mut number = first;
        while Instant::now() < end {
            number += 1;
            ticks.send(number);
            streams.followers.check()?;
            sleep(TICK).await;
        }
        Ok(number)
    }
}

impl Streams {
    async fn open(router: &Router, count: usize) -> anyhow::Result<Self> {
        let newest: Vec<Arc<AtomicUsize>> = (0..count).map(|_| Arc::default()).collect();
        let followers = newest.iter().enumerate().map(|(client, newest)| {
            let protocol = if client % 2 == 0 {
                Protocol::WebSocket
            } else {
                Protocol::Sse
            };
            (protocol, client / 2 % TOPICS, hears_all(newest.clone()))
        });
        Ok(Self {
            followers: Followers::open(router.address, followers).await?,
            newest,
        })
    }

    /// Sends events until one has reached everyone; answers its number.
    async fn follow(&mut self, ticks: &Ticks) -> anyhow::Result<usize> {
        let begun = Instant::now();
        let mut number = 0;
        while number == 0 || !self.have_heard(number) {
            ensure!(
                begun.elapsed() < PATIENCE,
                "no event has reached all subscriptions"
            );
            self.followers.check()?;
            number += 1;
            ticks.send(number);
            sleep(TICK).await;
        }
        Ok(number)
    }

    /// Waits until an event has reached everyone.
    async fn wait_for(&mut self, number: usize) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !self.have_heard(number) {
            self.followers.check()?;
            ensure!(
                begun.elapsed() < PATIENCE,
                "the last event has not reached all subscriptions"
            );
            sleep(TICK).await;
        }
        self.followers.check()
    }

    fn have_heard(&self, number: usize) -> bool {
        let mut newest = self.newest.iter();
        newest.all(|newest| newest.load(Ordering::Relaxed) >= number)
    }
}

/// Hears every event after the first one once and in order, or fails; notes the newest.
fn hears_all(newest: Arc<AtomicUsize>) -> impl FnMut(usize) -> anyhow::Result<()> + Send + 'static {
    move |number| {
        let before = newest.swap(number, Ordering::Relaxed);
        ensure!(
            before == 0 || number == before + 1,
            "event {number} came after event {before}"
        );
        Ok(())
    }
}

fn mean(values: &[u64]) -> u64 {
    values.iter().sum::<u64>() / (values.len() as u64).max(1)
}

impl Reloaded {
    /// Whether memory is late in the run what it was early, a quarter more at most.
    pub fn is_flat(&self) -> bool {
        self.memory_late <= self.memory_early + self.memory_early / 4
    }

    /// For people.
    pub fn text(&self) -> String {
        let mebibytes = |bytes: u64| bytes / (1 << 20);
        format!(
            "{} requests, none failed, while {} of {} changed supergraphs were taken over\n\
             half within {:.2} ms, 99 of 100 within {:.2} ms, 999 of 1000 within {:.2} ms\n\
             {} subscriptions, none broken, each heard of all {} events\n\
             resident memory: {} MiB in the second quarter, {} MiB in the last",
            self.requests,
            self.reloads,
            self.changes,
            self.median_ms,
            self.p99_ms,
            self.p999_ms,
            self.subscriptions,
            self.events,
            mebibytes(self.memory_early),
            mebibytes(self.memory_late),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_is_missed_or_comes_twice_is_noticed() {
        for (heard, is_whole) in [
            (&[7, 8, 9][..], true),
            (&[7, 9], false),
            (&[7, 7], false),
            (&[8, 7], false),
        ] {
            let mut hear = hears_all(Arc::default());
            let all: anyhow::Result<()> = heard.iter().try_for_each(|number| hear(*number));
            assert_eq!(all.is_ok(), is_whole, "{heard:?}");
        }
    }

    #[test]
    fn memory_that_grows_with_reloads_is_not_flat() {
        let reloaded = |memory_late| Reloaded {
            changes: 60,
            reloads: 60,
            requests: 1,
            subscriptions: 1,
            events: 1,
            median_ms: 1.0,
            p99_ms: 1.0,
            p999_ms: 1.0,
            memory_early: 40 << 20,
            memory_late,
        };
        assert!(reloaded(45 << 20).is_flat());
        assert!(!reloaded(60 << 20).is_flat());
    }
}
