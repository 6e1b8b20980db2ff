//! A router under test: a program started from a command line, and stopped when it is dropped.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::process::{Child, Command};

use crate::cores::Cores;
use crate::load::Connection;
use crate::process;
use crate::scenario::Scenario;

/// How long a router may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a router is started.
#[derive(Debug, Clone)]
pub struct CommandLine {
    /// Its name in tables.
    pub name: String,
    /// Program and arguments, separated by white space. `{supergraph}` stands for the supergraph's file, `{port}` for the
    /// port to listen on, `{config}` for a copy of `config`.
    pub template: String,
    /// A file in which `{supergraph}` and `{port}` stand for the same.
    pub config: Option<PathBuf>,
}

/// A running router.
pub struct Router {
    /// Its name in tables.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    pid: u32,
    log: PathBuf,
}

impl Router {
    /// Starts it, and waits until it answers. What it needs and says goes into `folder`.
    ///
    /// # Errors
    /// When it does not start or does not answer.
    pub async fn start(
        line: &CommandLine,
        supergraph: &Path,
        folder: &Path,
        cores: &Cores,
    ) -> anyhow::Result<Self> {
        // The port is free now; a program that takes only a number cannot be given the socket itself.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let words = line.fill(supergraph, port, folder)?;
        let (program, arguments) = words
            .split_first()
            .with_context(|| format!("the command line of {} is empty", line.name))?;
        let log = folder.join(format!("{}-{port}.log", line.name));
        let output = File::create(&log)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true);
        let child = cores
            .on_router(|| command.spawn())
            .with_context(|| format!("`{program}` cannot be started"))?;
        let mut router = Self {
            name: line.name.clone(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            pid: child.id().context("it ended at once")?,
            child,
            log,
        };
        router.wait().await?;
        Ok(router)
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Err(error) = self.ask(Scenario::Small).await else {
                return Ok(());
            };
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "{} ended with {status}; it said:\n{}",
                    self.name,
                    self.said()
                );
            }
            if Instant::now() > deadline {
                let said = self.said();
                return Err(
                    error.context(format!("{} does not answer; it said:\n{said}", self.name))
                );
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Sends one request over a connection of its own.
    ///
    /// # Errors
    /// When the answer is not data without errors.
    pub async fn ask(&self, scenario: Scenario) -> anyhow::Result<bytes::Bytes> {
        let mut connection = Connection::open(self.address).await?;
        connection.ask(&scenario.body()).await
    }

    /// The CPU time it has used so far.
    ///
    /// # Errors
    /// When it is gone.
    pub fn cpu_time(&self) -> anyhow::Result<Duration> {
        process::cpu_time(self.pid).with_context(|| format!("{} is gone", self.name))
    }

    /// The most memory it has had so far, in bytes.
    ///
    /// # Errors
    /// When it is gone.
    pub fn peak_memory(&self) -> anyhow::Result<u64> {
        process::peak_memory(self.pid).with_context(|| format!("{} is gone", self.name))
    }

    /// The memory it has now, in bytes.
    ///
    /// # Errors
    /// When it is gone.
    pub fn memory(&self) -> anyhow::Result<u64> {
        process::memory(self.pid).with_context(|| format!("{} is gone", self.name))
    }

    /// How many lines of what it printed hold `text`.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn logged(&self, text: &str) -> anyhow::Result<usize> {
        let printed = std::fs::read(&self.log)?;
        let printed = String::from_utf8_lossy(&printed);
        Ok(printed.lines().filter(|line| line.contains(text)).count())
    }

    /// Stops it.
    ///
    /// # Errors
    /// When it cannot be stopped.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// The end of what it printed.
    fn said(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl CommandLine {
    fn fill(&self, supergraph: &Path, port: u16, folder: &Path) -> anyhow::Result<Vec<String>> {
        let placed = |text: &str| {
            text.replace("{supergraph}", &supergraph.to_string_lossy())
                .replace("{port}", &port.to_string())
        };
        let mut template = self.template.clone();
        if template.contains("{config}") {
            let source = self.config.as_ref().with_context(|| {
                format!(
                    "the command line of {} asks for {{config}}, and no file is given for it",
                    self.name
                )
            })?;
            let text = std::fs::read_to_string(source)
                .with_context(|| format!("{} cannot be read", source.display()))?;
            // Programs tell formats by the extension.
            let extension = source.extension().unwrap_or_default();
            let copy = folder
                .join(format!("{}-{port}", self.name))
                .with_extension(extension);
            std::fs::write(&copy, placed(&text))?;
            template = template.replace("{config}", &copy.to_string_lossy());
        }
        Ok(template.split_whitespace().map(placed).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_the_line_and_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("peer.yaml");
        std::fs::write(&config, "file: {supergraph}\nport: {port}\n").unwrap();
        let mut line = CommandLine {
            name: "peer".to_owned(),
            template: "env X={config}  router --port {port}".to_owned(),
            config: Some(config),
        };
        let words = line
            .fill(Path::new("/s.graphql"), 4100, folder.path())
            .unwrap();
        let copy = folder.path().join("peer-4100.yaml");
        assert_eq!(
            words,
            [
                "env",
                &format!("X={}", copy.display()),
                "router",
                "--port",
                "4100"
            ]
        );
        assert_eq!(
            std::fs::read_to_string(copy).unwrap(),
            "file: /s.graphql\nport: 4100\n"
        );
        line.config = None;
        let error = line.fill(Path::new("/s"), 1, folder.path()).unwrap_err();
        assert!(error.to_string().contains("{config}"));
    }
}
