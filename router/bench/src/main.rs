//! The program `coko-bench`; `make bench-router` runs it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::{Args, Parser, Subcommand, ValueEnum};
use coko_bench::compare::Comparison;
use coko_bench::cores::Cores;
use coko_bench::load::{Connection, Load};
use coko_bench::readers::Readers;
use coko_bench::reload::Reloading;
use coko_bench::router::CommandLine;
use coko_bench::scenario::Scenario;
use coko_bench::subscriptions::{Crowd, Protocol};
use coko_bench::{server, subgraphs};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the router under load, beside a peer when one is given, and the platform under the load of readers.
#[derive(Debug, Parser)]
#[command(name = "coko-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start subgraphs and routers, measure, stop them, and print a table.
    Run(RunArgs),
    /// Open many subscriptions at a router, and print what they take and how soon an event reaches them.
    Subscriptions {
        /// The program `coko`.
        #[arg(long)]
        coko: PathBuf,
        /// Arguments of `coko`, separated by white space.
        #[arg(
            long,
            default_value = "serve router --supergraph {supergraph} --listen 127.0.0.1:{port}"
        )]
        coko_arguments: String,
        /// How many clients, each with a connection of its own.
        #[arg(long, default_value_t = 10_000)]
        clients: usize,
        /// How they subscribe.
        #[arg(long, default_value = "web-socket")]
        protocol: Protocol,
        /// Let no two ask for the same.
        #[arg(long)]
        distinct: bool,
    },
    /// Change the supergraph again and again while the router is under load.
    Reload(ReloadArgs),
    /// Put the mixed load of readers on a platform: they browse, search, read on and buy.
    Readers {
        #[command(flatten)]
        readers: Box<Readers>,
        /// How to print.
        #[arg(long, default_value = "table")]
        format: Format,
    },
    /// Serve the four static subgraphs; the first line printed is the address.
    Subgraphs {
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:4200")]
        listen: SocketAddr,
    },
    /// Print the supergraph of the four.
    Supergraph {
        /// Where they are served.
        #[arg(long, default_value = "127.0.0.1:4200")]
        subgraphs: SocketAddr,
    },
    /// Put load on a router that runs already, for profiling it.
    Load {
        /// Its address.
        #[arg(long)]
        address: SocketAddr,
        /// The operation.
        #[arg(long, default_value = "deep")]
        scenario: Scenario,
        /// For how long.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// Connections that send at once.
        #[arg(long, default_value_t = 16)]
        connections: usize,
    },
}

#[derive(Debug, Args)]
struct RunArgs {
    /// The program `coko`.
    #[arg(long)]
    coko: PathBuf,
    /// Arguments of `coko`, separated by white space.
    #[arg(
        long,
        default_value = "serve router --supergraph {supergraph} --listen 127.0.0.1:{port}"
    )]
    coko_arguments: String,
    /// The peer's command line, words separated by white space. {supergraph}, {port} and {config} are filled in.
    #[arg(long)]
    peer: Option<String>,
    /// The peer's configuration; {supergraph} and {port} are filled in, in a copy that {config} names.
    #[arg(long, requires = "peer")]
    peer_config: Option<PathBuf>,
    /// Turns of each router.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each turn.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Seconds of load before anything is measured.
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    /// Connections that send at once.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Only these operations, separated by commas.
    #[arg(long, value_delimiter = ',')]
    scenarios: Vec<Scenario>,
    /// How to print.
    #[arg(long, default_value = "table")]
    format: Format,
}

#[derive(Debug, Args)]
struct ReloadArgs {
    /// The program `coko`.
    #[arg(long)]
    coko: PathBuf,
    /// Arguments of `coko`, separated by white space.
    #[arg(
        long,
        default_value = "serve router --supergraph {supergraph} --listen 127.0.0.1:{port}"
    )]
    coko_arguments: String,
    /// Seconds of the whole run.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Milliseconds between two changes.
    #[arg(long, default_value_t = 1000)]
    period_ms: u64,
    /// Connections that send at once.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Subscriptions that are open all the time.
    #[arg(long, default_value_t = 100)]
    subscriptions: usize,
    /// How to print.
    #[arg(long, default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let cores = Cores::halved()?;
    if matches!(cli.command, Command::Run(_)) {
        cores.keep_to_load()?;
    }
    // There are as many workers as processors this may use now.
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(until_interrupted(cli, cores))
}

/// Dropping what runs stops the processes that were started.
async fn until_interrupted(cli: Cli, cores: Cores) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = run(cli, cores) => outcome,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminate.recv() => bail!("terminated"),
    }
}

async fn run(cli: Cli, cores: Cores) -> anyhow::Result<()> {
    match cli.command {
        Command::Run(args) => compare(args, cores).await,
        Command::Subscriptions {
            coko,
            coko_arguments,
            clients,
            protocol,
            distinct,
        } => {
            let line = CommandLine {
                name: "coko".to_owned(),
                template: format!("{} {coko_arguments}", coko.display()),
                config: None,
            };
            let crowd = Crowd {
                clients: clients.max(1),
                protocol,
                distinct,
            };
            let figures = crowd.measure(&line, &cores).await?;
            println!("{}", serde_json::to_string_pretty(&figures)?);
            Ok(())
        }
        Command::Reload(args) => reload(args, cores).await,
        Command::Readers { readers, format } => {
            let report = readers.run().await?;
            match format {
                Format::Table => println!("{}", report.table()),
                Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
            }
            Ok(())
        }
        Command::Subgraphs { listen } => {
            let listener = TcpListener::bind(listen).await?;
            println!("{}", listener.local_addr()?);
            Ok(server::serve(listener).await?)
        }
        Command::Supergraph { subgraphs } => {
            println!("{}", subgraphs::supergraph(&format!("http://{subgraphs}"))?);
            Ok(())
        }
        Command::Load {
            address,
            scenario,
            seconds,
            connections,
        } => load(address, scenario, seconds, connections).await,
    }
}

async fn compare(args: RunArgs, cores: Cores) -> anyhow::Result<()> {
    let scenarios = if args.scenarios.is_empty() {
        Scenario::ALL.to_vec()
    } else {
        args.scenarios
    };
    let mut routers = vec![CommandLine {
        name: "coko".to_owned(),
        template: format!("{} {}", args.coko.display(), args.coko_arguments),
        config: None,
    }];
    if let Some(template) = args.peer {
        routers.push(CommandLine {
            name: "peer".to_owned(),
            template,
            config: args.peer_config,
        });
    }
    let comparison = Comparison {
        routers,
        scenarios,
        rounds: args.rounds.max(1),
        duration: Duration::from_secs(args.seconds.max(1)),
        warm_up: Duration::from_secs(args.warm_up),
        connections: args.connections.max(1),
        cores,
    };
    let report = comparison.run().await?;
    match args.format {
        Format::Table => println!("{}", report.table()),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(())
}

async fn reload(args: ReloadArgs, cores: Cores) -> anyhow::Result<()> {
    let reloading = Reloading {
        router: CommandLine {
            name: "coko".to_owned(),
            template: format!("{} {}", args.coko.display(), args.coko_arguments),
            config: None,
        },
        duration: Duration::from_secs(args.seconds),
        period: Duration::from_millis(args.period_ms.max(1)),
        connections: args.connections.max(1),
        subscriptions: args.subscriptions,
        cores,
    };
    let report = reloading.run().await?;
    match args.format {
        Format::Table => println!("{}", report.text()),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(())
}

async fn load(
    address: SocketAddr,
    scenario: Scenario,
    seconds: u64,
    connections: usize,
) -> anyhow::Result<()> {
    let body = scenario.body();
    let expected = Connection::open(address).await?.ask(&body).await?;
    let load = Load {
        address,
        body,
        expected,
        connections,
    };
    let measured = load.run(Duration::from_secs(seconds)).await?;
    let requests = measured.latencies.count();
    println!(
        "{requests} requests in {:.2} s, half of them within {:.2} ms, 99 of 100 within {:.2} ms, answers of {} bytes",
        measured.took.as_secs_f64(),
        measured.latencies.quantile(500).as_secs_f64() * 1000.0,
        measured.latencies.quantile(990).as_secs_f64() * 1000.0,
        load.expected.len()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        Cli::command().debug_assert();
        let parsed = Cli::try_parse_from(["coko-bench", "readers", "--coko", "coko"]);
        assert!(parsed.is_ok(), "{parsed:?}");
        let both = ["coko-bench", "readers", "--coko", "coko", "--pid", "1"];
        assert!(Cli::try_parse_from(both).is_err());
    }
}
