//! A private Redis.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::account::Account;
use super::binaries::{self, Program};
use super::error::ServerError;
use super::process::{self, Process};
use super::{Durability, absolute, password, port};

/// A Redis server under a directory of its own, on 127.0.0.1, with a password.
#[derive(Debug)]
pub struct RedisServer {
    process: Process,
    directory: PathBuf,
    durability: Durability,
    port: u16,
    password: String,
}

impl RedisServer {
    /// Starts the server of `directory`; adopts one that an earlier process left running.
    ///
    /// # Errors
    /// When Redis is missing or does not come up.
    pub async fn start(directory: &Path, durability: Durability) -> Result<Self, ServerError> {
        let directory = absolute(directory)?;
        Account::for_servers()?.create_directory(&directory)?;
        let password = password(&directory)?;
        if let Some(mut process) = orphan(&directory) {
            let port = port::remembered(&directory).unwrap_or(0);
            if answers(port, &password).await {
                return Ok(Self {
                    process,
                    directory,
                    durability,
                    port,
                    password,
                });
            }
            process.stop().await;
        }
        let (process, port) = launch(&directory, durability, &password).await?;
        Ok(Self {
            process,
            directory,
            durability,
            port,
            password,
        })
    }

    /// `redis://…`, with the password.
    pub fn url(&self) -> String {
        server_url(self.port, &self.password)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Stops it softly, then hard.
    pub async fn stop(&mut self) {
        self.process.stop().await;
    }

    /// Ends it at once, as a crash would.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Starts it again after [`RedisServer::stop`] or [`RedisServer::kill`], on the same port if that is still free.
    ///
    /// # Errors
    /// As [`RedisServer::start`].
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.process.stop().await;
        (self.process, self.port) =
            launch(&self.directory, self.durability, &self.password).await?;
        Ok(())
    }

    pub(super) fn detach(&mut self) {
        self.process.detach();
    }

    /// The URL of the server that runs in `directory`.
    pub(super) fn running(directory: &Path) -> Option<String> {
        let directory = absolute(directory).ok()?;
        // Looking at another process's server must not stop it.
        orphan(&directory)?.detach();
        Some(server_url(
            port::remembered(&directory)?,
            &super::known_password(&directory)?,
        ))
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

fn server_url(port: u16, password: &str) -> String {
    format!("redis://:{password}@127.0.0.1:{port}")
}

async fn launch(
    directory: &Path,
    durability: Durability,
    password: &str,
) -> Result<(Process, u16), ServerError> {
    let binary = binaries::find(Program::Redis).ok_or(ServerError::Missing {
        program: Program::Redis,
    })?;
    let account = Account::for_servers()?;
    let mut attempts = 0;
    loop {
        let port = port::claim(directory)?;
        let config = directory.join("redis.conf");
        std::fs::write(
            &config,
            configuration(directory, durability, port, password),
        )
        .and_then(|()| private(&config))
        .map_err(|error| ServerError::file(&config, error))?;
        account.own(&config)?;
        let mut command = Command::new(&binary);
        command.arg(&config);
        let mut process = Process::spawn(
            Program::Redis,
            command,
            &account,
            directory,
            Signal::SIGTERM,
            mark(port),
        )?;
        match process.wait_until(|| answers(port, password)).await {
            Ok(()) => return Ok((process, port)),
            Err(ServerError::Failed { log, .. })
                if attempts < 5 && log.contains("Address already in use") =>
            {
                attempts += 1;
                port::forget(directory);
            }
            Err(error) => return Err(error),
        }
    }
}

fn configuration(directory: &Path, durability: Durability, port: u16, password: &str) -> String {
    let quoted = |path: &Path| serde_json::Value::from(path.display().to_string());
    let persistence = match durability {
        Durability::Durable => "save 300 1\nappendonly yes\nappendfsync everysec\n",
        Durability::Throwaway => "save \"\"\nappendonly no\n",
    };
    format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\ndaemonize no\nlogfile \"\"\n\
         dir {dir}\npidfile {pid}\n{persistence}",
        dir = quoted(directory),
        pid = quoted(&pid_file(directory)),
    )
}

fn private(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
}

fn pid_file(directory: &Path) -> PathBuf {
    directory.join("redis.pid")
}

/// Redis rewrites its command line to its name and the address it listens on.
fn mark(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// The server that listens on the port of `directory`, if any.
fn orphan(directory: &Path) -> Option<Process> {
    let pid = process::pid_in(&pid_file(directory))?;
    let port = port::remembered(directory)?;
    Process::adopt(Program::Redis, pid, directory, Signal::SIGTERM, mark(port))
}

/// Whether a server on `port` accepts our password and has its data loaded.
async fn answers(port: u16, password: &str) -> bool {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream
            .write_all(format!("AUTH {password}\r\nPING\r\nQUIT\r\n").as_bytes())
            .await
            .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer.starts_with("+OK") && answer.contains("+PONG"))
    };
    matches!(
        tokio::time::timeout(Duration::from_secs(2), exchange).await,
        Ok(Some(true))
    )
}
