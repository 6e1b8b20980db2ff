//! A platform of its own for one run: `coko up` in a folder that is removed afterwards.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::accounts::Announcement;

/// How it is configured: many accounts from one address, and payers who pay.
const SETTINGS: &str = include_str!("../../readers.toml");

/// A running platform, which ends with this value.
pub(super) struct Platform {
    child: Child,
    program: PathBuf,
    folder: TempDir,
}

impl Platform {
    /// Starts `program`, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not start; it has said why.
    pub(super) async fn start(program: &Path) -> anyhow::Result<(Self, Announcement)> {
        let folder = tempfile::tempdir()?;
        let settings = folder.path().join("coko.toml");
        std::fs::write(&settings, SETTINGS)?;
        let child = Command::new(program)
            .arg("--config")
            .arg(&settings)
            .arg("--home")
            .arg(home(&folder))
            .args(["--format", "json", "up", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("`{}` cannot be started", program.display()))?;
        let mut platform = Self {
            child,
            program: program.to_owned(),
            folder,
        };
        let announcement = platform.announcement().await?;
        Ok((platform, announcement))
    }

    /// Its process.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Where its letters are.
    pub(super) fn letters(&self) -> PathBuf {
        home(&self.folder).join("letters")
    }

    /// What it prints once it is ready: one JSON value on several lines.
    async fn announcement(&mut self) -> anyhow::Result<Announcement> {
        let output = self
            .child
            .stdout
            .take()
            .context("its output is not piped")?;
        let mut lines = BufReader::new(output).lines();
        let mut text = String::new();
        while let Some(line) = lines.next_line().await? {
            text.push_str(&line);
            if let Ok(announcement) = serde_json::from_str(&text) {
                return Ok(announcement);
            }
        }
        bail!("`coko up` ended before it was ready")
    }
}

fn home(folder: &TempDir) -> PathBuf {
    folder.path().join("home")
}

impl Drop for Platform {
    /// Stops it softly, servers and all, and removes its data, also what lies outside the folder because the servers' user
    /// cannot reach it.
    fn drop(&mut self) {
        let purged = std::process::Command::new(&self.program)
            .arg("--home")
            .arg(home(&self.folder))
            .args(["down", "--purge"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        if !purged.is_ok_and(|status| status.success()) {
            eprintln!(
                "the platform in {} was not stopped cleanly",
                self.folder.path().display()
            );
        }
    }
}
