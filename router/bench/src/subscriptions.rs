//! Many open subscriptions: what each takes of the router's memory, and how soon one event has reached all of them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use coko_composition::compose;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::cores::Cores;
use crate::router::{CommandLine, Router};
use crate::subgraphs;
pub use crate::ticks::Protocol;
use crate::ticks::{Followers, Ticks};

/// How long all of them may take to hear of one event.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is opened.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// How many clients, each with a connection of its own.
    pub clients: usize,
    /// How they subscribe.
    pub protocol: Protocol,
    /// Whether no two ask for the same, so that each has a source and an execution of its own.
    pub distinct: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// How they subscribed.
    pub protocol: Protocol,
    /// How many there were.
    pub clients: usize,
    /// Sources that the router opened for them.
    pub sources: usize,
    /// Resident bytes of the router before.
    pub before: u64,
    /// Resident bytes with all of them open and silent.
    pub open: u64,
    /// Resident bytes per client, open and silent.
    pub per_client: u64,
    /// Resident bytes per client after some events.
    pub per_client_after_events: u64,
    /// From an event's sending until the last client has read it, milliseconds; the median of five.
    pub fan_out_ms: f64,
    /// The slowest of the five.
    pub slowest_fan_out_ms: f64,
}

/// How many clients have heard of each tick.
#[derive(Default)]
struct Heard(Vec<AtomicUsize>);

impl Heard {
    fn note(&self, number: usize) {
        if let Some(count) = self.0.get(number) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn of(&self, number: usize) -> usize {
        self.0[number].load(Ordering::Relaxed)
    }
}

/// Ticks before it is clear that everyone follows.
const FIRST_MEASURED: usize = 200;
const MEASURED: usize = 5;

impl Crowd {
    /// Starts a router, opens everything, and measures.
    ///
    /// # Errors
    /// When the router does not start, refuses a client, or an event does not reach everyone.
    pub async fn measure(&self, line: &CommandLine, cores: &Cores) -> anyhow::Result<Figures> {
        let folder = tempfile::tempdir()?;
        let ticks = Ticks::begin().await?;
        let router = start(line, folder.path(), &ticks, cores).await?;
        // What the first clients make the router allocate once is not theirs.
        let heard = Arc::new(Heard(
            (0..FIRST_MEASURED + MEASURED)
                .map(|_| AtomicUsize::new(0))
                .collect(),
        ));
        let warm = self.open(32, &router, &Arc::default()).await?;
        drop(warm);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = router.memory()?;
        let clients = self.open(self.clients, &router, &heard).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let open = router.memory()?;

        let mut number = 0;
        while heard.of(number) < self.clients {
            number += 1;
            if number == FIRST_MEASURED {
                bail!(
                    "only {} of {} clients follow",
                    heard.of(number - 1),
                    self.clients
                );
            }
            ticks.send(number);
            let waited = Instant::now();
            while heard.of(number) < self.clients && waited.elapsed() < Duration::from_secs(2) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let mut times = Vec::with_capacity(MEASURED);
        for number in FIRST_MEASURED..FIRST_MEASURED + MEASURED {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let sent = Instant::now();
            ticks.send(number);
            while heard.of(number) < self.clients {
                if sent.elapsed() > PATIENCE {
                    bail!(
                        "an event reached {} of {} clients",
                        heard.of(number),
                        self.clients
                    );
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            times.push(sent.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        let after = router.memory()?;
        let share = |bytes: u64| bytes.saturating_sub(before) / self.clients.max(1) as u64;
        let figures = Figures {
            protocol: self.protocol,
            clients: self.clients,
            sources: ticks.sources(),
            before,
            open,
            per_client: share(open),
            per_client_after_events: share(after),
            fan_out_ms: times[MEASURED / 2],
            slowest_fan_out_ms: times[MEASURED - 1],
        };
        drop(clients);
        router.stop().await?;
        Ok(figures)
    }

    async fn open(
        &self,
        count: usize,
        router: &Router,
        heard: &Arc<Heard>,
    ) -> anyhow::Result<Followers> {
        let clients = (0..count).map(|client| {
            let heard = heard.clone();
            let hear = move |number| {
                heard.note(number);
                anyhow::Ok(())
            };
            (self.protocol, if self.distinct { client } else { 0 }, hear)
        });
        Followers::open(router.address, clients).await
    }
}

async fn start(
    line: &CommandLine,
    folder: &Path,
    ticks: &Ticks,
    cores: &Cores,
) -> anyhow::Result<Router> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(crate::server::serve(listener));
    let mut sources = subgraphs::sources(&base).to_vec();
    sources.push(ticks.source(0));
    let supergraph = folder.join("supergraph.graphql");
    std::fs::write(&supergraph, compose(&sources)?.sdl)?;
    Router::start(line, &supergraph, folder, cores).await
}
