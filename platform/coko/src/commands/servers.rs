//! `coko servers`: private servers by themselves, for tests and development.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use coko_core::servers::{Durability, Servers, Wanted};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::Global;
use crate::cli::ServersCommand;
use crate::home::Home;

pub(super) async fn run(global: &Global, command: &ServersCommand) -> anyhow::Result<ExitCode> {
    match command {
        ServersCommand::Run { command } => run_with(global, command).await,
        ServersCommand::Start { dir } => start(global, dir).await,
        ServersCommand::Stop { dir, remove } => stop(global, dir, *remove).await,
    }
}

/// The variables that tests read, with the addresses of `servers`.
fn variables(servers: &Servers) -> Vec<(&'static str, String)> {
    let addresses = servers.addresses();
    let found = [
        ("COKO_TEST_POSTGRES_URL", addresses.database("postgres")),
        ("COKO_TEST_NATS_URL", addresses.nats),
        ("COKO_TEST_REDIS_URL", addresses.redis),
    ];
    found
        .into_iter()
        .filter_map(|(name, url)| Some((name, url?)))
        .collect()
}

async fn run_with(global: &Global, command: &[String]) -> anyhow::Result<ExitCode> {
    let tests = Home::new(&global.home)?.directory().join("tests");
    sweep(&tests).await;
    // A folder for each run, so that several may run at once.
    let home = Home::new(&tests.join(std::process::id().to_string()))?;
    let _occupied = home.occupy("coko servers run", None)?;
    let step = global.progress.step("starting private servers");
    let mut servers = Servers::start(
        &home.servers()?.directory,
        Durability::Throwaway,
        Wanted::ALL,
    )
    .await?;
    step.done("");
    let outcome = child(command, &variables(&servers)).await;
    servers.stop().await;
    home.purge()?;
    outcome
}

/// Removes what runs that were killed left behind.
async fn sweep(tests: &Path) {
    let entries: Vec<PathBuf> = std::fs::read_dir(tests)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    for entry in entries {
        let Ok(home) = Home::new(&entry) else {
            continue;
        };
        if home.occupant().is_some() {
            continue;
        }
        if let Ok(place) = home.servers() {
            Servers::stop_orphans(&place.directory).await;
        }
        if let Err(error) = home.purge() {
            eprintln!("{error:#}");
        }
    }
}

/// Runs the command to its end. Ctrl-C reaches it by itself, as it shares our terminal; SIGTERM is handed on.
async fn child(
    command: &[String],
    variables: &[(&'static str, String)],
) -> anyhow::Result<ExitCode> {
    use tokio::signal::unix::{SignalKind, signal};
    let (program, arguments) = command
        .split_first()
        .context("there is no command to run")?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .spawn()
        .with_context(|| format!("`{program}` cannot be run"))?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(exit_code(status?)),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {
                if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
                    // It may have ended just now.
                    let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
                }
            }
        }
    }
}

/// The command's own code; 128 and the signal when it was killed, as shells have it.
fn exit_code(status: std::process::ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

async fn start(global: &Global, directory: &Path) -> anyhow::Result<ExitCode> {
    let home = Home::new(directory)?;
    let _occupied = home.occupy("coko servers start", None)?;
    let step = global.progress.step("starting private servers");
    let mut servers = Servers::start(
        &home.servers()?.directory,
        Durability::Throwaway,
        Wanted::ALL,
    )
    .await?;
    step.done("");
    let variables = variables(&servers);
    let lines = variables.iter().map(|(name, url)| {
        format!(
            "export {name}={url}
"
        )
    });
    let text = lines.collect::<Vec<_>>().concat();
    let file = home.directory().join("env");
    std::fs::write(&file, &text)
        .with_context(|| format!("{} cannot be written", file.display()))?;
    servers.detach();
    let value: serde_json::Map<_, _> = variables
        .iter()
        .map(|(name, url)| ((*name).to_owned(), json!(url)))
        .collect();
    global.output.result(&value, || text);
    Ok(ExitCode::SUCCESS)
}

async fn stop(global: &Global, directory: &Path, remove: bool) -> anyhow::Result<ExitCode> {
    let home = Home::new(directory)?;
    let occupied = home.occupy("coko servers stop", None)?;
    let stopped = Servers::stop_orphans(&home.servers()?.directory).await;
    if remove {
        home.purge()?;
    }
    drop(occupied);
    let names: Vec<&str> = stopped.iter().map(|program| program.name()).collect();
    global.output.result(
        &json!({ "stopped": names, "removed": remove }),
        || match names.as_slice() {
            [] => "nothing was running".to_owned(),
            names => format!("stopped {}", names.join(", ")),
        },
    );
    Ok(ExitCode::SUCCESS)
}
