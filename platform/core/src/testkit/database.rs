//! A database per test, cloned from a template that was migrated once.

use diesel_async::{AsyncConnection as _, RunQueryDsl as _, SimpleAsyncConnection as _};
use diesel_migrations::EmbeddedMigrations;
use sha2::{Digest as _, Sha256};

use crate::config::DatabaseConfig;
use crate::database::{self, Connection, Direction, Pool};
use crate::ids::Entropy;

/// The variable that names the PostgreSQL server for tests; its role must be allowed to create databases.
const POSTGRES_VARIABLE: &str = "COKO_TEST_POSTGRES_URL";

/// A database of one test's own, dropped with it.
#[derive(Debug)]
pub struct TestDatabase {
    /// Connections to it.
    pub pool: Pool,
    /// Its URL.
    pub url: String,
    name: String,
    server: String,
}

impl TestDatabase {
    /// Clones the migrated template of `domain`, making the template first if no test has yet.
    ///
    /// # Panics
    /// When there is no server: tests are run by `make test`, or `coko servers run -- cargo nextest run`.
    pub async fn new(domain: &str, migrations: fn() -> EmbeddedMigrations) -> Self {
        let server = server_url();
        let template = template(&server, domain, migrations).await;
        let name = format!(
            "test_{domain}_{}",
            hex::encode(Entropy::system().bytes::<8>())
        );
        let mut admin = connect(&server).await;
        execute(
            &mut admin,
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        let url = with_database(&server, &name);
        let config = DatabaseConfig {
            database_pool: 6,
            ..DatabaseConfig::new(&url)
        };
        Self {
            pool: Pool::new(&config),
            url,
            name,
            server,
        }
    }

    /// The configuration that reaches it.
    pub fn config(&self) -> DatabaseConfig {
        DatabaseConfig::new(&self.url)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // Dropping needs a connection and so a runtime, which may be ending around us.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            if let Ok(runtime) = runtime {
                runtime.block_on(async {
                    let mut admin = connect(&server).await;
                    // A database that cannot be dropped goes with the private server.
                    let _ = admin
                        .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                        .await;
                });
            }
        });
        let _ = dropping.join();
    }
}

fn server_url() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration but this variable"
    )]
    let url = std::env::var(POSTGRES_VARIABLE);
    url.unwrap_or_else(|_| {
        panic!("{POSTGRES_VARIABLE} is not set; run `make test`, or `coko servers run -- cargo nextest run`")
    })
}

/// The template's name holds a digest of the migrations, so that a changed migration makes a new template.
async fn template(server: &str, domain: &str, migrations: fn() -> EmbeddedMigrations) -> String {
    let mut digest = Sha256::new();
    for source in [database::MIGRATIONS, migrations()] {
        let found = diesel::migration::MigrationSource::<diesel::pg::Pg>::migrations(&source);
        for migration in found.unwrap_or_default() {
            digest.update(migration.name().to_string());
        }
    }
    digest.update(build_stamp());
    let name = format!(
        "template_{domain}_{}",
        &hex::encode(digest.finalize())[..12]
    );
    let mut admin = connect(server).await;
    // One test makes the template, the others wait for it.
    execute(&mut admin, "SELECT pg_advisory_lock(7306643)").await;
    let known: i64 =
        diesel::sql_query("SELECT count(*) AS count FROM pg_database WHERE datname = $1")
            .bind::<diesel::sql_types::Text, _>(&name)
            .get_result::<Count>(&mut admin)
            .await
            .map_or(0, |row| row.count);
    if known == 0 {
        let draft = format!("{name}_draft");
        execute(
            &mut admin,
            &format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"),
        )
        .await;
        execute(&mut admin, &format!("CREATE DATABASE {draft}")).await;
        database::migrate(&with_database(server, &draft), migrations(), Direction::Up)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        execute(
            &mut admin,
            &format!("ALTER DATABASE {draft} RENAME TO {name}"),
        )
        .await;
    }
    execute(&mut admin, "SELECT pg_advisory_unlock(7306643)").await;
    name
}

/// Tells one build of the tests from another, as an edited migration keeps its name: the test program's time of change.
fn build_stamp() -> Vec<u8> {
    let changed = std::env::current_exe()
        .and_then(std::fs::metadata)
        .and_then(|metadata| metadata.modified())
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    changed.map_or_else(Vec::new, |since| since.as_nanos().to_be_bytes().to_vec())
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

async fn connect(url: &str) -> Connection {
    Connection::establish(url)
        .await
        .unwrap_or_else(|error| panic!("the PostgreSQL server for tests does not answer: {error}"))
}

async fn execute(connection: &mut Connection, sql: &str) {
    connection
        .batch_execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn with_database(server: &str, name: &str) -> String {
    let mut url =
        url::Url::parse(server).unwrap_or_else(|error| panic!("{POSTGRES_VARIABLE}: {error}"));
    url.set_path(name);
    url.to_string()
}
