//! A private PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use super::account::Account;
use super::binaries::{self, Program};
use super::error::ServerError;
use super::process::{self, Process};
use super::{Durability, absolute, password, port};

/// The superuser of the cluster.
const USER: &str = "coko";
/// A path of a socket must fit into `sun_path`, which is 104 bytes on macOS, with the socket's own name.
const LONGEST_SOCKET_FOLDER: usize = 80;

/// A PostgreSQL server under a directory of its own, on 127.0.0.1, with a password.
#[derive(Debug)]
pub struct PostgresServer {
    process: Process,
    setup: Setup,
    port: u16,
}

/// What a start needs to know, kept for a restart.
#[derive(Clone, Debug)]
struct Setup {
    directory: PathBuf,
    durability: Durability,
    account: Account,
    binary: PathBuf,
    password: String,
}

impl PostgresServer {
    /// Starts the server of `directory`, creating its cluster at the first call; adopts one that an earlier process left running.
    ///
    /// # Errors
    /// When PostgreSQL is missing or of another version than the data, or does not come up.
    pub async fn start(directory: &Path, durability: Durability) -> Result<Self, ServerError> {
        let directory = absolute(directory)?;
        let account = Account::for_servers()?;
        account.create_directory(&directory)?;
        let setup = Setup {
            binary: binary(&directory)?,
            password: password(&directory)?,
            directory,
            durability,
            account,
        };
        if !setup.data().join("PG_VERSION").exists() {
            setup.create_cluster().await?;
        }
        if let Some(adopted) = setup.adopt().await {
            return Ok(adopted);
        }
        setup.launch().await
    }

    /// `postgres://…` of `database`, as the superuser.
    pub fn url(&self, database: &str) -> String {
        self.setup.url(self.port, database)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the postmaster.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Stops it: connections are closed, what is committed is on disk (fast shutdown), then hard.
    pub async fn stop(&mut self) {
        self.process.stop().await;
    }

    /// Ends it at once, as a crash would.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Starts it again after [`PostgresServer::stop`] or [`PostgresServer::kill`], on the same port if that is still free.
    ///
    /// # Errors
    /// As [`PostgresServer::start`].
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.process.stop().await;
        *self = self.setup.clone().launch().await?;
        Ok(())
    }

    pub(super) fn detach(&mut self) {
        self.process.detach();
    }

    /// The URL of the server that runs in `directory`, up to the database's name.
    pub(super) fn running(directory: &Path) -> Option<String> {
        let directory = absolute(directory).ok()?;
        // Looking at another process's server must not stop it.
        orphan(&directory)?.detach();
        Some(server_url(
            port::remembered(&directory)?,
            &super::known_password(&directory)?,
        ))
    }

    /// Creates `database` unless it is there; returns whether it was created.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn ensure_database(&self, database: &str) -> Result<bool, ServerError> {
        let refused = |error: tokio_postgres::Error| {
            failed(format!(
                "the database {database} cannot be created: {error}"
            ))
        };
        let url = self.url("postgres");
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .map_err(refused)?;
        let connection = tokio::spawn(connection);
        let known = client
            .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&database])
            .await
            .map_err(refused)?
            .is_some();
        if !known {
            let quoted = database.replace('"', "\"\"");
            client
                .batch_execute(&format!("CREATE DATABASE \"{quoted}\""))
                .await
                .map_err(refused)?;
        }
        connection.abort();
        Ok(!known)
    }

    /// Stops the server that an earlier process left running in `directory`; returns whether there was one.
    pub(super) async fn stop_orphan(directory: &Path) -> bool {
        let Ok(directory) = absolute(directory) else {
            return false;
        };
        match orphan(&directory) {
            Some(mut process) => {
                process.stop().await;
                true
            }
            None => false,
        }
    }
}

impl Setup {
    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn url(&self, port: u16, database: &str) -> String {
        format!("{}{database}", server_url(port, &self.password))
    }

    /// Creates the cluster beside its place and moves it there whole, so that an interrupted creation is begun anew.
    async fn create_cluster(&self) -> Result<(), ServerError> {
        let draft = self.directory.join("data.new");
        if draft.exists() {
            std::fs::remove_dir_all(&draft).map_err(|error| ServerError::file(&draft, error))?;
        }
        let secret = self.directory.join("password");
        self.account.own(&secret)?;
        // Unicode case rules come with the locale; the first is everywhere on Linux, the second on macOS.
        let mut reason = String::new();
        for locale in ["C.UTF-8", "en_US.UTF-8", "C"] {
            let mut command = Command::new(self.binary.with_file_name("initdb"));
            command
                .arg("--pgdata")
                .arg(&draft)
                .arg("--pwfile")
                .arg(&secret)
                .args([
                    "--username",
                    USER,
                    "--auth",
                    "scram-sha-256",
                    "--encoding",
                    "UTF8",
                    "--no-sync",
                ])
                .args(["--locale", locale, "--lc-messages", "C"])
                .current_dir(&self.directory)
                .stdin(Stdio::null());
            self.account.apply(&mut command);
            let output = tokio::process::Command::from(command)
                .output()
                .await
                .map_err(|error| failed(format!("initdb cannot be run: {error}")))?;
            if output.status.success() {
                let data = self.data();
                return std::fs::rename(&draft, &data)
                    .map_err(|error| ServerError::file(&data, error));
            }
            String::from_utf8_lossy(&output.stderr)
                .trim()
                .clone_into(&mut reason);
            if !reason.contains("locale") {
                break;
            }
        }
        Err(failed(format!("initdb failed: {reason}")))
    }

    /// The server of an earlier process, if it runs and answers; one that does not answer is stopped.
    async fn adopt(&self) -> Option<PostgresServer> {
        let mut process = orphan(&self.directory)?;
        let port = port::remembered(&self.directory).unwrap_or(0);
        for _ in 0..50 {
            if self.answers(port).await {
                tracing::debug!(
                    pid = process.pid(),
                    "adopted the PostgreSQL of an earlier process"
                );
                return Some(PostgresServer {
                    process,
                    setup: self.clone(),
                    port,
                });
            }
            if !process.is_alive() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        process.stop().await;
        None
    }

    async fn launch(self) -> Result<PostgresServer, ServerError> {
        // After a crash the old server's children may hold its memory for a moment, and a port found free may be taken.
        let mut attempts = 0;
        loop {
            let port = port::claim(&self.directory)?;
            match self.try_launch(port).await {
                Ok(process) => {
                    return Ok(PostgresServer {
                        process,
                        setup: self,
                        port,
                    });
                }
                Err(ServerError::Failed { log, .. }) if attempts < 20 && is_transient(&log) => {
                    attempts += 1;
                    if log.contains("Address already in use") {
                        port::forget(&self.directory);
                    }
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_launch(&self, port: u16) -> Result<Process, ServerError> {
        let stale = self.data().join("postmaster.pid");
        if process::pid_in(&stale).is_some() && orphan(&self.directory).is_none() {
            // Its process is gone; the number may meanwhile be another's, which would keep PostgreSQL from starting.
            let _ = std::fs::remove_file(&stale);
        }
        let mut command = Command::new(&self.binary);
        command.arg("-D").arg(self.data());
        for setting in self.settings(port) {
            command.arg("-c").arg(setting);
        }
        let mark = mark(&self.directory);
        // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        let mut process = Process::spawn(
            Program::Postgres,
            command,
            &self.account,
            &self.directory,
            Signal::SIGINT,
            mark,
        )?;
        process.wait_until(|| self.answers(port)).await?;
        Ok(process)
    }

    fn settings(&self, port: u16) -> Vec<String> {
        let sockets = if self.directory.as_os_str().len() <= LONGEST_SOCKET_FOLDER {
            self.directory.display().to_string()
        } else {
            String::new()
        };
        let mut settings = vec![
            format!("port={port}"),
            format!("unix_socket_directories={sockets}"),
            "unix_socket_permissions=0700".to_owned(),
        ];
        let fixed = [
            "listen_addresses=127.0.0.1",
            "max_connections=300",
            "shared_buffers=128MB",
            "max_wal_size=1GB",
            // Nobody replicates a private server.
            "wal_level=minimal",
            "max_wal_senders=0",
            "jit=off",
            "timezone=UTC",
            "log_timezone=UTC",
            "logging_collector=off",
            "log_destination=stderr",
        ];
        settings.extend(fixed.map(str::to_owned));
        if self.durability == Durability::Throwaway {
            let fast = [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                // A test that ends while one of its connections is being made leaves it half open, and to drop a database is to
                // wait for it.
                "authentication_timeout=3s",
            ];
            settings.extend(fast.map(str::to_owned));
        }
        settings
    }

    /// Whether a server on `port` accepts our password.
    async fn answers(&self, port: u16) -> bool {
        let url = self.url(port, "postgres");
        let attempt = tokio_postgres::connect(&url, tokio_postgres::NoTls);
        matches!(
            tokio::time::timeout(Duration::from_secs(2), attempt).await,
            Ok(Ok(_))
        )
    }
}

fn failed(reason: String) -> ServerError {
    ServerError::Failed {
        program: Program::Postgres,
        reason,
        log: String::new(),
    }
}

fn server_url(port: u16, password: &str) -> String {
    format!("postgres://{USER}:{password}@127.0.0.1:{port}/")
}

/// The newest binary, or the one of the version that wrote the data.
fn binary(directory: &Path) -> Result<PathBuf, ServerError> {
    let missing = || ServerError::Missing {
        program: Program::Postgres,
    };
    let data = directory.join("data");
    let Ok(wrote) = std::fs::read_to_string(data.join("PG_VERSION")) else {
        return binaries::find(Program::Postgres).ok_or_else(missing);
    };
    let wrote = wrote.trim();
    let mut installed = Vec::new();
    for binary in binaries::all(Program::Postgres) {
        let version = binaries::version(&binary).unwrap_or_default();
        let major = version.split('.').next().unwrap_or_default().to_owned();
        if major == wrote {
            return Ok(binary);
        }
        installed.push(major);
    }
    if installed.is_empty() {
        return Err(missing());
    }
    Err(ServerError::Version {
        path: data,
        found: wrote.to_owned(),
        installed: installed.join(", "),
    })
}

/// The postmaster that runs on the data of `directory`, if any.
fn orphan(directory: &Path) -> Option<Process> {
    let pid = process::pid_in(&directory.join("data").join("postmaster.pid"))?;
    Process::adopt(
        Program::Postgres,
        pid,
        directory,
        Signal::SIGINT,
        mark(directory),
    )
}

fn mark(directory: &Path) -> String {
    directory.join("data").display().to_string()
}

fn is_transient(log: &str) -> bool {
    log.contains("pre-existing shared memory block") || log.contains("Address already in use")
}
