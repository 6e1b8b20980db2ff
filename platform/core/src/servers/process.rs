//! One server process: started in a group of its own, watched, stopped softly, then hard.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::account::Account;
use super::binaries::Program;
use super::error::ServerError;

/// How long a soft stop may take.
const SOFT: Duration = Duration::from_secs(10);
/// How long a start may take; recovery after a crash is part of it.
const START: Duration = Duration::from_secs(60);
/// How long the last owner of a server waits for it when it goes away without stopping it.
const LAST_WAIT: Duration = Duration::from_secs(3);
/// Between two looks at a process or a port.
const POLL: Duration = Duration::from_millis(20);

/// A process that runs a server: our child, or one that an earlier process of ours left behind.
#[derive(Debug)]
pub(super) struct Process {
    program: Program,
    pid: Pid,
    child: Option<Child>,
    /// What the server writes to.
    log: PathBuf,
    soft: Signal,
    /// Part of the command line by which the process is known again.
    mark: String,
    detached: bool,
}

impl Process {
    /// Starts `command` as `account`, its output appended to a fresh log in `directory`.
    pub(super) fn spawn(
        program: Program,
        mut command: Command,
        account: &Account,
        directory: &Path,
        soft: Signal,
        mark: String,
    ) -> Result<Self, ServerError> {
        let log = directory.join("server.log");
        // The log before this one is kept, as it may say why that server ended.
        let _ = std::fs::rename(&log, directory.join("server.log.1"));
        let file = File::create(&log).map_err(|error| ServerError::file(&log, error))?;
        let again = file
            .try_clone()
            .map_err(|error| ServerError::file(&log, error))?;
        account.apply(&mut command);
        // In a group of its own, Ctrl-C on the terminal does not reach it: we stop it after those who use it.
        let child = command
            .process_group(0)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(again)
            .spawn()
            .map_err(|error| ServerError::Failed {
                program,
                reason: error.to_string(),
                log: String::new(),
            })?;
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        Ok(Self {
            program,
            pid,
            child: Some(child),
            log,
            soft,
            mark,
            detached: false,
        })
    }

    /// The process `pid` of an earlier start, if it is alive and its command line has `mark`.
    pub(super) fn adopt(
        program: Program,
        pid: i32,
        directory: &Path,
        soft: Signal,
        mark: String,
    ) -> Option<Self> {
        let found = Self {
            program,
            pid: Pid::from_raw(pid),
            child: None,
            log: directory.join("server.log"),
            soft,
            mark,
            detached: false,
        };
        (pid > 1 && runs(pid, &found.mark)).then_some(found)
    }

    /// The process id.
    pub(super) fn pid(&self) -> u32 {
        u32::try_from(self.pid.as_raw()).unwrap_or(0)
    }

    /// Leaves the process running when this value goes away.
    pub(super) fn detach(&mut self) {
        self.detached = true;
    }

    /// Whether it still runs.
    pub(super) fn is_alive(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => runs(self.pid.as_raw(), &self.mark),
        }
    }

    /// Waits until `ready` says so.
    ///
    /// # Errors
    /// When the process ends first, or a minute passes; the process is stopped then.
    pub(super) async fn wait_until<F: Future<Output = bool>>(
        &mut self,
        ready: impl Fn() -> F,
    ) -> Result<(), ServerError> {
        let begun = Instant::now();
        while begun.elapsed() < START {
            if ready().await {
                return Ok(());
            }
            if !self.is_alive() {
                return Err(self.failed("it ended"));
            }
            tokio::time::sleep(POLL).await;
        }
        self.kill().await;
        Err(self.failed(&format!(
            "it did not answer within {} seconds",
            START.as_secs()
        )))
    }

    /// Asks it to stop and waits; after ten seconds it is killed.
    pub(super) async fn stop(&mut self) {
        if !self.is_alive() {
            return;
        }
        self.signal(self.soft);
        if !self.ends_within(SOFT).await {
            tracing::warn!(
                program = self.program.name(),
                pid = self.pid(),
                "did not stop softly and is killed"
            );
            self.kill().await;
        }
    }

    /// Ends it at once, as a crash would.
    pub(super) async fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.ends_within(SOFT).await;
    }

    async fn ends_within(&mut self, limit: Duration) -> bool {
        let begun = Instant::now();
        while self.is_alive() {
            if begun.elapsed() > limit {
                return false;
            }
            tokio::time::sleep(POLL).await;
        }
        true
    }

    fn signal(&self, signal: Signal) {
        // A process that is gone needs no signal.
        let _ = kill(self.pid, signal);
    }

    fn failed(&self, reason: &str) -> ServerError {
        ServerError::Failed {
            program: self.program,
            reason: reason.to_owned(),
            log: tail(&self.log),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.detached || !self.is_alive() {
            return;
        }
        self.signal(self.soft);
        let begun = Instant::now();
        while self.is_alive() && begun.elapsed() < LAST_WAIT {
            std::thread::sleep(POLL);
        }
        if self.is_alive() {
            self.signal(Signal::SIGKILL);
            if let Some(child) = &mut self.child {
                // It was just killed, so this returns at once and leaves no zombie.
                let _ = child.wait();
            }
        }
    }
}

/// Whether process `pid` is alive (not a zombie) and its command line contains `mark`.
fn runs(pid: i32, mark: &str) -> bool {
    command_line(pid).is_some_and(|line| line.contains(mark))
}

/// The command line of a live process, arguments parted by spaces.
fn command_line(pid: i32) -> Option<String> {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    if Path::new("/proc/self").exists() {
        // The state follows the command's name, which is in parentheses and may itself contain any character.
        let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
        let state = stat.rsplit_once(") ")?.1.chars().next()?;
        if matches!(state, 'Z' | 'X') {
            return None;
        }
        let line = std::fs::read(folder.join("cmdline")).ok()?;
        return Some(String::from_utf8_lossy(&line).replace('\0', " "));
    }
    let output = Command::new("ps")
        .args(["-ww", "-o", "stat=,command=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!line.is_empty() && !line.starts_with('Z')).then_some(line)
}

/// The last ten lines of a log.
pub(super) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

/// The number in the first line of a pid file.
pub(super) fn pid_in(file: &Path) -> Option<i32> {
    std::fs::read_to_string(file)
        .ok()?
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()
}
