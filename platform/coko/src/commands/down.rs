//! `coko down`: stops what `coko up` runs, or what it left behind when it was killed.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use coko_core::servers::Servers;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::Global;
use crate::cli::DownArgs;
use crate::config::Settings;
use crate::home::{Home, Occupant};

/// Longer than the servers take to stop, once nothing of ours uses them.
const PATIENCE: Duration = Duration::from_secs(25);

pub(super) async fn run(global: &Global, args: &DownArgs) -> anyhow::Result<ExitCode> {
    let home = Home::new(&global.home)?;
    if !home.directory().exists() {
        global
            .output
            .result(&json!({ "stopped": [], "purged": false }), || {
                format!("nothing to do: there is no {}", home.directory().display())
            });
        return Ok(ExitCode::SUCCESS);
    }
    let mut stopped = Vec::new();
    if let Some(occupant) = home.occupant() {
        stop(global, &home, &occupant).await?;
        stopped.push(occupant.to_string());
    }
    let occupied = home.occupy("coko down", None)?;
    let orphans = Servers::stop_orphans(&home.servers()?.directory).await;
    stopped.extend(orphans.iter().map(|program| program.name().to_owned()));
    if args.purge {
        home.purge()?;
    }
    drop(occupied);
    global
        .output
        .result(&json!({ "stopped": stopped, "purged": args.purge }), || {
            let stopped = if stopped.is_empty() {
                "nothing was running".to_owned()
            } else {
                format!("stopped {}", stopped.join(", "))
            };
            let data = if args.purge {
                "all data is removed"
            } else {
                "the data is kept; `coko down --purge` removes it"
            };
            format!("{stopped}; {data}")
        });
    Ok(ExitCode::SUCCESS)
}

async fn stop(global: &Global, home: &Home, occupant: &Occupant) -> anyhow::Result<()> {
    let step = global.progress.step(format!("stopping {occupant}"));
    let pid = i32::try_from(occupant.pid)?;
    // The process holds the lock, so the number is still its own.
    kill(Pid::from_raw(pid), Signal::SIGTERM)?;
    // What cannot be read now was not what it was started with either.
    let soft = Settings::load(global.config.as_deref(), None)
        .map(|settings| settings.stop)
        .unwrap_or_default();
    let patience = PATIENCE + Duration::from_millis(soft.notice_ms.saturating_add(soft.grace_ms));
    let begun = Instant::now();
    while home.occupant().is_some() {
        if begun.elapsed() > patience {
            bail!(
                "{occupant} does not stop; `kill -9 {pid}` ends it, and `coko down` then cleans up"
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    step.done("");
    Ok(())
}
