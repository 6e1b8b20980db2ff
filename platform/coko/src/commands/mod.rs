//! The table of commands: one file a verb.

mod attached;
mod cache;
mod completions;
mod config;
mod dictionaries;
mod doctor;
mod down;
mod event_page;
mod events;
mod health;
mod import;
mod library;
mod migrate;
mod operations;
mod plan;
mod rebuild;
mod recommend;
mod schema;
mod search;
mod serve;
mod servers;
mod token;
mod up;

pub(crate) use self::operations::sha256;
pub(crate) use self::rebuild::rebuildable;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::output::Output;
use crate::progress::Progress;

/// A check found something; the command itself worked.
const FOUND: u8 = 3;

/// What all commands are given.
#[derive(Clone, Debug)]
struct Global {
    output: Output,
    progress: Progress,
    config: Option<PathBuf>,
    home: PathBuf,
}

/// Runs the command of `cli` to its end; failures are printed here.
pub fn main(cli: Cli) -> ExitCode {
    let output = Output::new(cli.format);
    // Before there are threads: the process takes memory and time away from itself, and does nothing else.
    if let Command::InspectFile { media_type, limits } = &cli.command {
        return match coko_file::process::apart::inspect(media_type, limits) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                output.failure(&error.into());
                ExitCode::FAILURE
            }
        };
    }
    let global = Global {
        output,
        progress: Progress::new(output.is_json()),
        config: cli.config,
        home: cli.home,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(global, cli.command)),
        Err(error) => Err(error.into()),
    };
    outcome.unwrap_or_else(|error| {
        output.failure(&error);
        ExitCode::FAILURE
    })
}

async fn run(global: Global, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up(args) => Box::pin(up::run(&global, &args)).await,
        Command::Down(args) => down::run(&global, &args).await,
        Command::Serve(args) => Box::pin(serve::run(&global, &args)).await,
        Command::Migrate(command) => migrate::run(&global, &command).await,
        Command::Config(command) => config::run(&global, &command),
        Command::Schema(args) => schema::run(&global, &args),
        Command::Operations(command) => operations::run(&global, &command).await,
        Command::Token(command) => token::run(&global, &command),
        Command::Import(command) => import::run(&global, &command).await,
        Command::Search(command) => search::run(&global, &command).await,
        Command::Events(command) => events::run(&global, &command).await,
        Command::Rebuild(args) => rebuild::run(&global, &args).await,
        Command::Recommend(command) => recommend::run(&global, &command),
        Command::Cache(command) => cache::run(&global, &command).await,
        Command::Dictionaries(command) => dictionaries::run(&global, &command).await,
        Command::Doctor => doctor::run(&global).await,
        Command::Plan(args) => plan::run(&global, &args),
        Command::Completions { shell } => completions::run(shell),
        Command::Health { url } => health::run(&global, &url).await,
        Command::Servers(command) => servers::run(&global, &command).await,
        Command::InspectFile { .. } => anyhow::bail!("a file is looked at without anything else"),
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        // Without a handler for SIGTERM, SIGINT is all there is to wait for.
        Err(_) => drop(interrupt.await),
    }
}
