//! Reloads under load: the supergraph changes again and again while requests run. None may fail or differ, and memory
//! must not grow with the number of reloads.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use crate::compare::Backend;
use crate::cores::Cores;
use crate::load::Load;
use crate::router::{CommandLine, Router};
use crate::scenario::Scenario;
use crate::subgraphs::supergraph;

/// What the router logs when it has taken over a supergraph.
const TAKEN_OVER: &str = "the supergraph was taken over";

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

impl Reloading {
    /// Runs it.
    ///
    /// # Errors
    /// When a request fails or its answer differs, or the router takes over nothing.
    pub async fn run(&self) -> anyhow::Result<Reloaded> {
        let folder = tempfile::tempdir()?;
        let mut backend = Backend::start().await?;
        let file = folder.path().join("supergraph.graphql");
        let sdl = supergraph(&format!("http://{}", backend.address()))?;
        std::fs::write(&file, &sdl)?;
        let router = Router::start(&self.router, &file, folder.path(), &self.cores).await?;
        let scenario = Scenario::Deep;
        let load = Load {
            address: router.address,
            body: scenario.body(),
            expected: router.ask(scenario).await?,
            connections: self.connections,
        };
        let changing = self.change(&router, &file, &sdl);
        let (measured, changed) = tokio::join!(load.run(self.duration), changing);
        let (measured, (changes, memory)) = (measured?, changed?);
        let reloads = router.logged(TAKEN_OVER)?;
        ensure!(
            reloads > 0,
            "{changes} changes were written and none was taken over"
        );
        router.stop().await?;
        backend.stop().await?;
        let milliseconds = |permille| measured.latencies.quantile(permille).as_secs_f64() * 1000.0;
        let quarter = memory.len() / 4;
        ensure!(
            quarter > 0,
            "the run is too short to say anything of memory"
        );
        Ok(Reloaded {
            changes,
            reloads,
            requests: measured.latencies.count(),
            median_ms: milliseconds(500),
            p99_ms: milliseconds(990),
            p999_ms: milliseconds(999),
            memory_early: mean(&memory[quarter..2 * quarter]),
            memory_late: mean(&memory[memory.len() - quarter..]),
        })
    }

    /// Changes the file until the time is over; answers how often, and the memory each time.
    async fn change(
        &self,
        router: &Router,
        file: &Path,
        sdl: &str,
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
            std::fs::write(&draft, format!("{sdl}\n# Revision {revision}\n"))?;
            std::fs::rename(&draft, file).context("the supergraph cannot be replaced")?;
        }
        Ok((memory.len(), memory))
    }
}

fn mean(values: &[u64]) -> u64 {
    values.iter().sum::<u64>() / (values.len() as u64).max(1)
}

impl Reloaded {
    /// For people.
    pub fn text(&self) -> String {
        let mebibytes = |bytes: u64| bytes / (1 << 20);
        format!(
            "{} requests, none failed, while {} of {} changed supergraphs were taken over\n\
             half within {:.2} ms, 99 of 100 within {:.2} ms, 999 of 1000 within {:.2} ms\n\
             resident memory: {} MiB in the second quarter, {} MiB in the last",
            self.requests,
            self.reloads,
            self.changes,
            self.median_ms,
            self.p99_ms,
            self.p999_ms,
            mebibytes(self.memory_early),
            mebibytes(self.memory_late),
        )
    }
}
