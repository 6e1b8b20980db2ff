//! Processes of the `coko` binary.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long a role may take to say where it listens.
const START: Duration = Duration::from_secs(60);

/// The `coko` binary of this build, beside the test program.
///
/// # Errors
/// When it was not built: `cargo build -p coko` in the same profile.
pub fn coko() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test
        .parent()
        .and_then(|deps| deps.parent())
        .context("the test program lies outside a target folder")?;
    let binary = folder.join("coko");
    if !binary.is_file() {
        bail!(
            "{} is missing; run `cargo build -p coko` first",
            binary.display()
        );
    }
    Ok(binary)
}

/// One running process with the roles it serves.
#[derive(Debug)]
pub struct Role {
    child: Child,
    /// Where each role listens.
    pub addresses: BTreeMap<String, SocketAddr>,
}

impl Role {
    /// Starts `coko serve` with `arguments` and waits until every role listens.
    ///
    /// # Errors
    /// When it ends before, with what it said.
    pub async fn start(
        arguments: &[String],
        environment: &BTreeMap<String, String>,
        log: PathBuf,
    ) -> Result<Self> {
        let stderr = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)?;
        let mut child = Command::new(coko()?)
            .args(["--format", "json", "serve"])
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(environment)
            .current_dir(log.parent().context("the log lies in no folder")?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child
            .stdout
            .take()
            .context("standard output is not piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(START, lines.next_line()).await;
        let Ok(Ok(Some(line))) = first else {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            bail!("`coko serve {}` did not start: {said}", arguments.join(" "));
        };
        let said: serde_json::Value =
            serde_json::from_str(&line).with_context(|| format!("`{line}`"))?;
        let addresses = said["listening"]
            .as_object()
            .context("the line does not say where roles listen")?;
        let addresses = addresses
            .iter()
            .map(|(role, address)| {
                let address = address.as_str().context("an address is text")?;
                Ok((role.clone(), address.parse()?))
            })
            .collect::<Result<_>>()?;
        Ok(Self { child, addresses })
    }

    /// SIGKILL: the process gets no chance to finish anything.
    pub async fn kill(&mut self) -> Result<()> {
        self.child
            .kill()
            .await
            .context("the process cannot be killed")
    }
}
