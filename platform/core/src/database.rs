//! A domain's own PostgreSQL: the pool, TLS where the URL asks for it, and migrations.

use std::sync::Arc;
use std::time::Duration;

use diesel::ConnectionResult;
use diesel::migration::MigrationVersion;
use diesel_async::pooled_connection::bb8::RunError;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use diesel_async::{
    AsyncConnection as _, AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection as _,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use futures::FutureExt as _;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::DatabaseConfig;

/// One connection; every query function takes it.
pub type Connection = AsyncPgConnection;

/// A connection on loan from the [`Pool`].
pub type PooledConnection =
    diesel_async::pooled_connection::bb8::PooledConnection<'static, Connection>;

/// The tables of the platform itself (outbox, inbox, dead letters, mail), which come before a domain's own.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/platform");

/// Connections to one domain's database, made on demand and checked before use.
#[derive(Clone)]
pub struct Pool {
    inner: diesel_async::pooled_connection::bb8::Pool<Connection>,
    url: Arc<crate::config::Secret>,
}

impl Pool {
    /// A pool for `config`; no connection is made before the first is asked for, so a database that is down does not
    /// keep a role from starting.
    pub fn new(config: &DatabaseConfig) -> Self {
        let mut manager_config = ManagerConfig::default();
        manager_config.custom_setup = Box::new(|url| establish(url.to_owned()).boxed());
        let manager = AsyncDieselConnectionManager::new_with_config(
            config.database_url.expose(),
            manager_config,
        );
        let inner = diesel_async::pooled_connection::bb8::Pool::builder()
            .max_size(config.database_pool.max(1))
            .connection_timeout(Duration::from_secs(5))
            .idle_timeout(Some(Duration::from_secs(300)))
            .build_unchecked(manager);
        Self {
            inner,
            url: Arc::new(config.database_url.clone()),
        }
    }

    /// Borrows a connection.
    ///
    /// # Errors
    /// When none is free or can be made within five seconds.
    pub async fn get(&self) -> Result<PooledConnection, RunError> {
        self.inner.get_owned().await
    }

    /// A connection of its own outside the pool, for work that holds it for good (LISTEN, advisory locks).
    pub(crate) async fn dedicated(&self) -> ConnectionResult<Connection> {
        establish(self.url.expose().to_owned()).await
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("state", &self.inner.state())
            .finish_non_exhaustive()
    }
}

/// Connects, with TLS by rustls and the machine's root certificates when the URL has `sslmode=require`.
async fn establish(url: String) -> ConnectionResult<Connection> {
    let failed =
        |error: &dyn std::fmt::Display| diesel::ConnectionError::BadConnection(error.to_string());
    let config: tokio_postgres::Config = url.parse().map_err(|error| failed(&error))?;
    let mut connection = if config.get_ssl_mode() == SslMode::Require {
        let (tls, _) = MakeRustlsConnect::with_native_certs()
            .map_err(|errors| failed(&format!("no root certificates: {errors:?}")))?;
        let (client, connection) = config.connect(tls).await.map_err(|error| failed(&error))?;
        Connection::try_from_client_and_connection(client, connection).await?
    } else {
        Connection::establish(&url).await?
    };
    // A statement or an idle transaction that outlives every request would hold locks for nobody.
    connection
        .batch_execute(
            "SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'; SET timezone = 'UTC'",
        )
        .await
        .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// A migration that could not be run, or a database that cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("migration of {database} failed: {reason}")]
pub struct MigrationError {
    database: String,
    reason: String,
}

/// Which way to migrate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Run everything that is pending.
    Up,
    /// Revert the newest applied migration.
    Down,
}

/// What is applied and what is pending, oldest first.
#[derive(Clone, Debug, Default)]
pub struct MigrationStatus {
    /// Versions in the database.
    pub applied: Vec<String>,
    /// Names not yet in the database.
    pub pending: Vec<String>,
}

/// Migrates the database at `url` with the platform's migrations and `domain`'s; returns the versions that were run or reverted.
///
/// Concurrent calls wait for each other on an advisory lock, so every replica may call it at start.
///
/// # Errors
/// When the database cannot be reached or a migration fails; a failed migration leaves nothing of itself behind.
pub async fn migrate(
    url: &str,
    domain: EmbeddedMigrations,
    direction: Direction,
) -> Result<Vec<String>, MigrationError> {
    with_harness(url, move |harness| {
        let run = match direction {
            Direction::Up => {
                let mut run = versions(&harness.run_pending_migrations(MIGRATIONS)?);
                run.extend(versions(&harness.run_pending_migrations(domain)?));
                run
            }
            Direction::Down => match harness.revert_last_migration(domain) {
                Ok(version) => versions(&[version]),
                // Once the domain has none left, the platform's own are next.
                Err(refused) => versions(&[harness
                    .revert_last_migration(MIGRATIONS)
                    .map_err(|_| refused)?]),
            },
        };
        Ok(run)
    })
    .await
}

/// The state of the migrations of the database at `url`.
///
/// # Errors
/// When the database cannot be reached.
pub async fn migration_status(
    url: &str,
    domain: EmbeddedMigrations,
) -> Result<MigrationStatus, MigrationError> {
    with_harness(url, move |harness| {
        let mut status = MigrationStatus::default();
        let mut applied: Vec<_> = harness
            .applied_migrations()?
            .iter()
            .map(ToString::to_string)
            .collect();
        applied.sort();
        status.applied = applied;
        for migrations in [MIGRATIONS, domain] {
            let pending = harness.pending_migrations(migrations)?;
            status
                .pending
                .extend(pending.iter().map(|migration| migration.name().to_string()));
        }
        Ok(status)
    })
    .await
}

fn versions(run: &[MigrationVersion<'_>]) -> Vec<String> {
    run.iter().map(ToString::to_string).collect()
}

type Harness = AsyncMigrationHarness<Connection>;
type HarnessResult<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Runs Diesel's blocking harness on a thread and a runtime of its own, so that it works from any runtime.
async fn with_harness<T: Send + 'static>(
    url: &str,
    work: impl FnOnce(&mut Harness) -> HarnessResult<T> + Send + 'static,
) -> Result<T, MigrationError> {
    /// Any number will do, as long as every process of every version uses the same.
    const LOCK: &str = "SELECT pg_advisory_lock(7306641)";
    let url = url.to_owned();
    let database = url
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .split('?')
        .next()
        .unwrap_or_default()
        .to_owned();
    let (done, result) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let run = || -> HarnessResult<T> {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()?;
            runtime.block_on(async move {
                let mut connection = establish(url).await?;
                connection.batch_execute(LOCK).await?;
                work(&mut AsyncMigrationHarness::new(connection))
            })
        };
        // A caller that went away no longer needs the answer.
        let _ = done.send(run().map_err(|error| error.to_string()));
    });
    result
        .await
        .unwrap_or_else(|_| Err("the migration thread stopped".to_owned()))
        .map_err(|reason| MigrationError { database, reason })
}
