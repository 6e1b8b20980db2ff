//! Private PostgreSQL, NATS and Redis servers, started from the machine's own binaries.
//!
//! This module owns finding the binaries, running them under a directory on ports of their own, and stopping them. What is
//! in the databases and streams is left to whoever starts them. Servers that run already and are not ours are never touched.
//!
//! A server outlives a process that was killed. The next start on the same directory adopts it when it still answers, and
//! stops it otherwise, so that two servers never share one directory.

mod account;
mod binaries;
mod error;
mod nats;
mod port;
mod postgres;
mod process;
mod redis;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use account::{Account, Place};
pub use binaries::{Program, find, version};
pub use error::ServerError;
pub use nats::NatsServer;
pub use postgres::PostgresServer;
pub use redis::RedisServer;

/// Whether data must survive a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Everything acknowledged is on disk: for `coko up`.
    Durable,
    /// Nothing waits for the disk: for tests, whose data nobody will miss.
    Throwaway,
}

/// The servers of one directory.
#[derive(Debug)]
pub struct Servers {
    /// One PostgreSQL for the databases of all domains.
    pub postgres: Option<PostgresServer>,
    /// NATS with JetStream.
    pub nats: Option<NatsServer>,
    /// Redis, where it is installed.
    pub redis: Option<RedisServer>,
}

/// Which servers to start; Redis only where it is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// PostgreSQL.
    pub postgres: bool,
    /// NATS.
    pub nats: bool,
    /// Redis.
    pub redis: bool,
}

impl Wanted {
    /// All of them.
    pub const ALL: Self = Self {
        postgres: true,
        nats: true,
        redis: true,
    };
}

/// How servers are reached, with their passwords.
#[derive(Clone)]
pub struct Addresses {
    /// `postgres://user:password@host:port/`, to be followed by a database's name.
    postgres: Option<String>,
    /// `nats://user:password@host:port`.
    pub nats: Option<String>,
    /// `redis://:password@host:port`.
    pub redis: Option<String>,
}

impl Addresses {
    /// The URL of `database` on the PostgreSQL server.
    pub fn database(&self, database: &str) -> Option<String> {
        self.postgres
            .as_ref()
            .map(|server| format!("{server}{database}"))
    }
}

impl std::fmt::Debug for Addresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The passwords stay out of logs.
        f.debug_struct("Addresses").finish_non_exhaustive()
    }
}

impl Servers {
    /// Starts those that are wanted under `directory`, all at once, or adopts what an earlier process left behind.
    ///
    /// # Errors
    /// When a program is missing (Redis may be), or a server does not come up; what was started by then is stopped again.
    pub async fn start(
        directory: &Path,
        durability: Durability,
        wanted: Wanted,
    ) -> Result<Self, ServerError> {
        let [postgres, nats, redis] = folders(directory);
        let postgres = async {
            if wanted.postgres {
                return PostgresServer::start(&postgres, durability).await.map(Some);
            }
            Ok(None)
        };
        let nats = async {
            if wanted.nats {
                return NatsServer::start(&nats).await.map(Some);
            }
            Ok(None)
        };
        let redis = async {
            if wanted.redis && find(Program::Redis).is_some() {
                return RedisServer::start(&redis, durability).await.map(Some);
            }
            Ok(None)
        };
        let (postgres, nats, redis) = tokio::join!(postgres, nats, redis);
        Ok(Self {
            postgres: postgres?,
            nats: nats?,
            redis: redis?,
        })
    }

    /// How they are reached.
    pub fn addresses(&self) -> Addresses {
        Addresses {
            postgres: self.postgres.as_ref().map(|server| server.url("")),
            nats: self.nats.as_ref().map(NatsServer::url),
            redis: self.redis.as_ref().map(RedisServer::url),
        }
    }

    /// How servers are reached that another process runs under `directory`, as far as they run.
    pub fn running(directory: &Path) -> Addresses {
        let [postgres, nats, redis] = folders(directory);
        Addresses {
            postgres: PostgresServer::running(&postgres),
            nats: NatsServer::running(&nats),
            redis: RedisServer::running(&redis),
        }
    }

    /// Stops all of them, softly, then hard.
    pub async fn stop(&mut self) {
        let postgres = async {
            if let Some(postgres) = &mut self.postgres {
                postgres.stop().await;
            }
        };
        let nats = async {
            if let Some(nats) = &mut self.nats {
                nats.stop().await;
            }
        };
        let redis = async {
            if let Some(redis) = &mut self.redis {
                redis.stop().await;
            }
        };
        tokio::join!(postgres, nats, redis);
    }

    /// Leaves them running when this value goes away; the next start on the directory adopts them.
    pub fn detach(&mut self) {
        if let Some(postgres) = &mut self.postgres {
            postgres.detach();
        }
        if let Some(nats) = &mut self.nats {
            nats.detach();
        }
        if let Some(redis) = &mut self.redis {
            redis.detach();
        }
    }

    /// Stops whatever an earlier process left running under `directory`; returns the programs that were stopped.
    pub async fn stop_orphans(directory: &Path) -> Vec<Program> {
        let [postgres, nats, redis] = folders(directory);
        let (postgres, nats, redis) = tokio::join!(
            PostgresServer::stop_orphan(&postgres),
            NatsServer::stop_orphan(&nats),
            RedisServer::stop_orphan(&redis),
        );
        let found = [
            (Program::Postgres, postgres),
            (Program::Nats, nats),
            (Program::Redis, redis),
        ];
        found
            .into_iter()
            .filter_map(|(program, stopped)| stopped.then_some(program))
            .collect()
    }
}

fn folders(directory: &Path) -> [PathBuf; 3] {
    ["postgres", "nats", "redis"].map(|name| directory.join(name))
}

/// The password of a server that has been started before.
fn known_password(directory: &Path) -> Option<String> {
    std::fs::read_to_string(directory.join("password"))
        .ok()
        .map(|text| text.trim().to_owned())
}

/// The password of the server in `directory`, made at the first call and kept in a file that only its owner reads.
fn password(directory: &Path) -> Result<String, ServerError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = directory.join("password");
    if let Ok(known) = std::fs::read_to_string(&path)
        && known.trim().len() >= 32
    {
        return Ok(known.trim().to_owned());
    }
    let fresh = hex::encode(crate::ids::Entropy::system().bytes::<24>());
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(fresh.as_bytes()));
    written.map_err(|error| ServerError::file(&path, error))?;
    Ok(fresh)
}

/// `path` made absolute, because servers change their working directory.
fn absolute(path: &Path) -> Result<PathBuf, ServerError> {
    std::path::absolute(path).map_err(|error| ServerError::file(path, error))
}
