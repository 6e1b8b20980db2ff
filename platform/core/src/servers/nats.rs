//! A private NATS server with JetStream.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::account::Account;
use super::binaries::{self, Program};
use super::error::ServerError;
use super::process::{self, Process};
use super::{absolute, password, port};

const USER: &str = "coko";

/// A NATS server with JetStream under a directory of its own, on 127.0.0.1, with a password.
#[derive(Debug)]
pub struct NatsServer {
    process: Process,
    directory: PathBuf,
    port: u16,
    password: String,
}

impl NatsServer {
    /// Starts the server of `directory`; adopts one that an earlier process left running.
    ///
    /// # Errors
    /// When `nats-server` is missing or does not come up.
    pub async fn start(directory: &Path) -> Result<Self, ServerError> {
        let directory = absolute(directory)?;
        Account::for_servers()?.create_directory(&directory)?;
        let password = password(&directory)?;
        if let Some(mut process) = orphan(&directory) {
            let port = port::remembered(&directory).unwrap_or(0);
            if answers_soon(port, &mut process).await {
                return Ok(Self {
                    process,
                    directory,
                    port,
                    password,
                });
            }
            process.stop().await;
        }
        let (process, port) = launch(&directory, &password).await?;
        Ok(Self {
            process,
            directory,
            port,
            password,
        })
    }

    /// `nats://…`, with the password.
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

    /// Starts it again after [`NatsServer::stop`] or [`NatsServer::kill`], on the same port if that is still free.
    ///
    /// # Errors
    /// As [`NatsServer::start`].
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.process.stop().await;
        (self.process, self.port) = launch(&self.directory, &self.password).await?;
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
    format!("nats://{USER}:{password}@127.0.0.1:{port}")
}

async fn launch(directory: &Path, password: &str) -> Result<(Process, u16), ServerError> {
    let binary = binaries::find(Program::Nats).ok_or(ServerError::Missing {
        program: Program::Nats,
    })?;
    let account = Account::for_servers()?;
    let mut attempts = 0;
    loop {
        let port = port::claim(directory)?;
        let config = config_file(directory);
        std::fs::write(&config, configuration(directory, port, password))
            .and_then(|()| private(&config))
            .map_err(|error| ServerError::file(&config, error))?;
        account.own(&config)?;
        let mut command = Command::new(&binary);
        command.arg("--config").arg(&config);
        let mark = config.display().to_string();
        let mut process = Process::spawn(
            Program::Nats,
            command,
            &account,
            directory,
            Signal::SIGTERM,
            mark,
        )?;
        match process.wait_until(|| answers(port)).await {
            Ok(()) => return Ok((process, port)),
            Err(ServerError::Failed { log, .. })
                if attempts < 5 && log.contains("address already in use") =>
            {
                attempts += 1;
                port::forget(directory);
            }
            Err(error) => return Err(error),
        }
    }
}

/// What NATS 2.9 and all later ones understand.
fn configuration(directory: &Path, port: u16, password: &str) -> String {
    let quoted = |path: PathBuf| serde_json::Value::from(path.display().to_string());
    format!(
        "server_name: coko\n\
         listen: \"127.0.0.1:{port}\"\n\
         pid_file: {pid}\n\
         max_payload: 4MB\n\
         authorization {{ user: {USER}, password: \"{password}\" }}\n\
         jetstream {{ store_dir: {store}, max_memory_store: 64MB, max_file_store: 16GB }}\n",
        pid = quoted(pid_file(directory)),
        store = quoted(directory.join("data")),
    )
}

fn private(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
}

fn config_file(directory: &Path) -> PathBuf {
    directory.join("nats.conf")
}

fn pid_file(directory: &Path) -> PathBuf {
    directory.join("nats.pid")
}

/// The server that runs with the configuration of `directory`, if any.
fn orphan(directory: &Path) -> Option<Process> {
    let pid = process::pid_in(&pid_file(directory))?;
    let mark = config_file(directory).display().to_string();
    Process::adopt(Program::Nats, pid, directory, Signal::SIGTERM, mark)
}

async fn answers_soon(port: u16, process: &mut Process) -> bool {
    for _ in 0..50 {
        if answers(port).await {
            return true;
        }
        if !process.is_alive() {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

/// Whether a server greets on `port` and says that JetStream is up.
async fn answers(port: u16) -> bool {
    let greeting = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let mut text = Vec::new();
        let mut part = [0; 1024];
        while !text.ends_with(b"\r\n") && text.len() < 16_384 {
            let read = stream.read(&mut part).await.ok()?;
            if read == 0 {
                return None;
            }
            text.extend_from_slice(&part[..read]);
        }
        let info: serde_json::Value = serde_json::from_slice(text.strip_prefix(b"INFO ")?).ok()?;
        info["jetstream"].as_bool()
    };
    matches!(
        tokio::time::timeout(Duration::from_secs(2), greeting).await,
        Ok(Some(true))
    )
}
