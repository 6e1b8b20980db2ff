//! Measuring routers beside one another: the same load, in turns, on the same machine.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::cores::Cores;
use crate::histogram::Histogram;
use crate::load::Load;
use crate::process;
use crate::report::{Figures, Report, Round};
use crate::router::{CommandLine, Router};
use crate::scenario::Scenario;
use crate::subgraphs::supergraph;

/// What is to be measured, and how long.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Ours first; ratios are of the first to the second.
    pub routers: Vec<CommandLine>,
    /// The operations.
    pub scenarios: Vec<Scenario>,
    /// Turns of each router.
    pub rounds: usize,
    /// Of each turn.
    pub duration: Duration,
    /// Before the first turn of each router.
    pub warm_up: Duration,
    /// Connections that send at once.
    pub connections: usize,
    /// Where routers run.
    pub cores: Cores,
}

/// The subgraphs in a process of their own, which ends with this value.
pub(crate) struct Backend {
    child: Child,
    address: String,
}

/// A router in one scenario.
struct Contestant {
    router: Router,
    load: Load,
    latencies: Histogram,
    rounds: Vec<Round>,
}

impl Comparison {
    /// Runs everything, and stops everything.
    ///
    /// # Errors
    /// When a router does not start or answers wrongly, or differently from the other.
    pub async fn run(&self) -> anyhow::Result<Report> {
        let folder = tempfile::tempdir()?;
        let mut backend = Backend::start().await?;
        let file = folder.path().join("supergraph.graphql");
        std::fs::write(&file, supergraph(&format!("http://{}", backend.address))?)?;
        let mut figures = Vec::new();
        for scenario in &self.scenarios {
            figures.extend(
                self.scenario(*scenario, &backend, &file, folder.path())
                    .await?,
            );
        }
        backend.stop().await?;
        Ok(Report {
            connections: self.connections,
            seconds_per_round: self.duration.as_secs_f64(),
            figures,
        })
    }

    /// Every router is started anew, so that peak memory is that of the scenario.
    async fn scenario(
        &self,
        scenario: Scenario,
        backend: &Backend,
        supergraph: &Path,
        folder: &Path,
    ) -> anyhow::Result<Vec<Figures>> {
        let mut contestants = Vec::with_capacity(self.routers.len());
        for line in &self.routers {
            let router = Router::start(line, supergraph, folder, &self.cores).await?;
            contestants.push(self.contestant(router, scenario).await?);
        }
        agree(&contestants)?;
        for contestant in &contestants {
            contestant.load.run(self.warm_up).await?;
        }
        for round in 0..self.rounds {
            for contestant in &mut contestants {
                eprintln!(
                    "{}, round {} of {}: {}",
                    scenario.name(),
                    round + 1,
                    self.rounds,
                    contestant.router.name
                );
                contestant.turn(self.duration, backend).await?;
            }
        }
        let mut figures = Vec::with_capacity(contestants.len());
        for contestant in contestants {
            figures.push(Figures::new(
                &contestant.router.name,
                scenario,
                contestant.load.expected.len(),
                &contestant.latencies,
                contestant.rounds,
                contestant.router.peak_memory()?,
            ));
            contestant.router.stop().await?;
        }
        Ok(figures)
    }

    async fn contestant(&self, router: Router, scenario: Scenario) -> anyhow::Result<Contestant> {
        let expected = router
            .ask(scenario)
            .await
            .with_context(|| format!("{} fails {}", router.name, scenario.name()))?;
        Ok(Contestant {
            load: Load {
                address: router.address,
                body: scenario.body(),
                expected,
                connections: self.connections,
            },
            router,
            latencies: Histogram::default(),
            rounds: Vec::new(),
        })
    }
}

impl Contestant {
    async fn turn(&mut self, duration: Duration, backend: &Backend) -> anyhow::Result<()> {
        let others = || Ok::<_, anyhow::Error>(backend.cpu_time()? + own_cpu_time()?);
        let (before, others_before) = (self.router.cpu_time()?, others()?);
        let measured = self.load.run(duration).await?;
        self.rounds.push(Round {
            requests: measured.latencies.count(),
            seconds: measured.took.as_secs_f64(),
            router_cpu_seconds: self.router.cpu_time()?.saturating_sub(before).as_secs_f64(),
            other_cpu_seconds: others()?.saturating_sub(others_before).as_secs_f64(),
        });
        self.latencies.merge(&measured.latencies);
        Ok(())
    }
}

/// Whoever answers something else does less or other work, and is no peer.
fn agree(contestants: &[Contestant]) -> anyhow::Result<()> {
    let data = |answer: &Bytes| -> anyhow::Result<Json> {
        let mut answer: Json = serde_json::from_slice(answer)?;
        Ok(answer["data"].take())
    };
    let Some((first, others)) = contestants.split_first() else {
        return Ok(());
    };
    for other in others {
        if data(&first.load.expected)? != data(&other.load.expected)? {
            bail!(
                "{} and {} answer the same operation differently",
                first.router.name,
                other.router.name
            );
        }
    }
    Ok(())
}

impl Backend {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let program: PathBuf = std::env::current_exe()?;
        let mut child = Command::new(program)
            .args(["subgraphs", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("its output is not piped")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address).await?;
        let address = address.trim().to_owned();
        if address.is_empty() {
            bail!("the subgraphs did not start");
        }
        Ok(Self { child, address })
    }

    /// Where they are served.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    fn cpu_time(&self) -> anyhow::Result<Duration> {
        process::cpu_time(self.child.id().context("the subgraphs are gone")?)
    }
}

fn own_cpu_time() -> anyhow::Result<Duration> {
    process::cpu_time(std::process::id())
}
