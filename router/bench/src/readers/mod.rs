//! The mixed workload of readers: they browse, search, read on and buy, as many requests a second as are asked for, on a
//! platform that runs or that is started for it.

mod accounts;
mod arrivals;
mod client;
mod fault;
mod figures;
mod mix;
mod operations;
mod platform;
mod shelf;
mod workload;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use url::Url;

use self::arrivals::Arrivals;
use self::client::{Client, Endpoint};
use self::figures::Reading;
pub use self::figures::{Figures, Report, Usage};
pub use self::mix::{Kind, Mix};
use self::platform::Platform;
use self::shelf::Shelf;
use self::workload::Workload;
use crate::process;

/// How long each sort of request may take to work for the first time: services hear of books by events.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is measured, and how.
#[derive(Debug, Clone, clap::Args)]
#[group(id = "workload")]
pub struct Readers {
    /// The endpoint of a platform that runs.
    #[arg(long, default_value = "http://127.0.0.1:4000/graphql")]
    endpoint: Url,
    /// The program `coko`: starts a platform for this run instead, and removes it afterwards.
    #[arg(long, conflicts_with_all = ["endpoint", "letters", "accounts", "pid"])]
    coko: Option<PathBuf>,
    /// Requests that arrive in a second.
    #[arg(long, default_value_t = 833, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// For how long.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Seconds of the same before anything is measured.
    #[arg(long, default_value_t = 5)]
    warm_up: u64,
    /// The share of each kind of request.
    #[arg(long, default_value = "browse=60,search=15,progress=20,purchase=5")]
    mix: Mix,
    /// Accounts that are signed up for this run.
    #[arg(long = "readers", default_value_t = 200)]
    people: usize,
    /// The folder that the platform's letters come into; signing up takes the link in them.
    #[arg(long, default_value = ".coko/letters")]
    letters: PathBuf,
    /// A file of what `coko up --format json` printed, whose accounts read as well.
    #[arg(long)]
    accounts: Option<PathBuf>,
    /// Providers to pay with, in turns, separated by commas; all that are offered, but for the wallet, when not given.
    #[arg(long, value_delimiter = ',')]
    providers: Vec<String>,
    /// Connections that the readers share.
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// Seconds after which a request is given up.
    #[arg(long, default_value_t = 30)]
    timeout: u64,
    /// The process of `coko`, whose CPU time and memory are to be shown.
    #[arg(long)]
    pid: Option<u32>,
}

/// Whom the load is put on.
struct Target {
    endpoint: Url,
    /// Of accounts that are there already.
    tokens: Vec<String>,
    letters: PathBuf,
    pid: Option<u32>,
}

impl Readers {
    /// Signs readers up, sees that every sort of request works, and runs the load.
    ///
    /// # Errors
    /// When the platform does not answer, or some sort of request does not work before the load begins. What fails later
    /// is counted.
    pub async fn run(&self) -> anyhow::Result<Report> {
        let Some(program) = &self.coko else {
            let tokens = self.accounts.as_deref().map(accounts::demo_tokens);
            let target = Target {
                endpoint: self.endpoint.clone(),
                tokens: tokens.transpose()?.unwrap_or_default(),
                letters: self.letters.clone(),
                pid: self.pid,
            };
            return self.measure(target).await;
        };
        let (platform, announcement) = Platform::start(program).await?;
        let target = Target {
            endpoint: announcement.endpoint.clone(),
            tokens: announcement.into_tokens(),
            letters: platform.letters(),
            pid: platform.pid(),
        };
        self.measure(target).await
    }

    async fn measure(&self, target: Target) -> anyhow::Result<Report> {
        let endpoint = Arc::new(Endpoint::new(&target.endpoint)?);
        let mut tokens = target.tokens;
        if self.people > 0 {
            eprintln!("signing up {} readers", self.people);
            tokens.extend(accounts::sign_up(&endpoint, &target.letters, self.people).await?);
        }
        ensure!(
            !tokens.is_empty(),
            "there are no readers; give --readers or --accounts"
        );
        let many = tokens.len();
        let workload = Arc::new(self.prepare(&endpoint, tokens).await?);
        let warm_up = self.arrivals(0, self.warm_up);
        let measured = self.arrivals(warm_up.count, self.seconds);
        self.ensure_room(&workload, warm_up.count + measured.count)?;
        let clients = (0..self.connections.max(1)).map(|_| Client::new(&endpoint));
        let (_, _, clients) = warm_up.send(&workload, clients.collect()).await?;

        let usage = || {
            let used = target.pid.map(process::cpu_time).transpose()?;
            let own = process::cpu_time(std::process::id())?;
            Ok::<_, anyhow::Error>((used.unwrap_or_default(), own))
        };
        eprintln!("{} requests a second for {} s", self.rate, self.seconds);
        let before = usage().context("the process given with --pid cannot be measured")?;
        let (tally, took, clients) = measured.send(&workload, clients).await?;
        let after = usage().context("the platform's process has ended")?;
        let peak = target.pid.map(process::peak_memory).transpose()?;
        let reading = Reading {
            process: peak.map(|peak| (after.0.saturating_sub(before.0), peak)),
            own: after.1.saturating_sub(before.1),
        };
        let people = (many, clients.len());
        Ok(Report::new(self.rate, people, &tally, took, reading))
    }

    fn arrivals(&self, first: u64, seconds: u64) -> Arrivals {
        Arrivals {
            first,
            count: u64::from(self.rate) * seconds,
            rate: self.rate,
            patience: Duration::from_secs(self.timeout.max(1)),
        }
    }

    /// Reads the catalogue, and has every sort of request answered well once, which also makes the router know all
    /// operations and their plans.
    async fn prepare(
        &self,
        endpoint: &Arc<Endpoint>,
        tokens: Vec<String>,
    ) -> anyhow::Result<Workload> {
        let mut client = Client::new(endpoint);
        let shelf = Shelf::read(endpoint).await?;
        let readers = accounts::readers(tokens);
        let mut providers = Vec::new();
        if self.mix.of(Kind::Purchase, 1) > 0 {
            let token = readers.first().map(|reader| reader.token.as_str());
            providers = self.offered(&mut client, token).await?;
            ensure!(!shelf.for_sale.is_empty(), "no book is for sale");
        }
        let workload = Workload::new(readers, shelf, providers, &self.mix);
        let mut number = u64::MAX;
        for step in workload.steps() {
            let begun = Instant::now();
            loop {
                number -= 1;
                let request = workload.make(step, number)?;
                let (operation, variables) = (request.operation, &request.variables);
                let answer = client
                    .run(Some(request.token), operation, variables)
                    .await?;
                let Some(code) = fault::code(&answer) else {
                    break;
                };
                if begun.elapsed() > PATIENCE {
                    bail!("{} is answered with {code}: {answer}", operation.name);
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        Ok(workload)
    }

    /// The providers to pay with.
    async fn offered(
        &self,
        client: &mut Client,
        token: Option<&str>,
    ) -> anyhow::Result<Vec<String>> {
        if !self.providers.is_empty() {
            return Ok(self.providers.clone());
        }
        let answer = client
            .run(token, &operations::WAYS_TO_PAY, &json!({}))
            .await?;
        let offered = answer["data"]["paymentProviders"].as_array();
        let offered = offered.with_context(|| format!("no provider is offered: {answer}"))?;
        let names = offered.iter().filter_map(Value::as_str);
        let providers: Vec<String> = names
            .filter(|name| *name != "WALLET")
            .map(str::to_owned)
            .collect();
        ensure!(
            !providers.is_empty(),
            "no provider is offered but the wallet"
        );
        Ok(providers)
    }

    /// Nobody buys a book twice, so many purchases need many readers.
    fn ensure_room(&self, workload: &Workload, requests: u64) -> anyhow::Result<()> {
        let (needed, room) = (self.mix.of(Kind::Purchase, requests), workload.room());
        ensure!(
            needed <= room,
            "{needed} purchases are to be made, and these readers can make {room}; give more --readers"
        );
        Ok(())
    }
}
