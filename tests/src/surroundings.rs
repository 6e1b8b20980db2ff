//! What a stack is given: databases, payment providers, and the variables by which its processes find them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use coko_core::clock::Clock;
use coko_core::database::Connection;
use coko_core::ids::Entropy;
use coko_core::servers::NatsServer;
use coko_provider_simulator::{Scenario, Simulator};
use diesel_async::{AsyncConnection as _, SimpleAsyncConnection as _};
use serde_json::json;
use tokio::net::TcpListener;

use crate::stack::SUBGRAPHS;

/// A variable that tests are given.
pub(crate) fn variable(name: &str) -> Result<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration but this variable"
    )]
    let value = std::env::var(name);
    value.with_context(|| {
        format!("{name} is not set; run `make test`, or `coko servers run -- cargo nextest run`")
    })
}

/// A database for each subgraph: its name and URL.
pub(crate) async fn create_databases(server: &str) -> Result<BTreeMap<&'static str, String>> {
    let mut admin = Connection::establish(server).await?;
    let mark: String = Entropy::system().digits(9);
    let mut databases = BTreeMap::new();
    for domain in SUBGRAPHS {
        let name = format!("stack_{mark}_{domain}");
        admin
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await?;
        let (base, _) = server
            .rsplit_once('/')
            .context("the server's URL names no database")?;
        databases.insert(domain, format!("{base}/{name}"));
    }
    Ok(databases)
}

/// A simulator in this process, and the variables by which payment and notification find it.
pub(crate) async fn simulator(environment: &mut BTreeMap<String, String>) -> Result<Simulator> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    for (provider, path) in [
        ("WAVE", "wave"),
        ("ORANGE_MONEY", "orange-money"),
        ("STRIPE", "stripe"),
        ("PAYPAL", "paypal"),
    ] {
        let name = format!("COKO_PAYMENT_{provider}__BASE_URL");
        environment.insert(name, format!("{base}/{path}"));
    }
    for (setting, path) in [
        ("TWILIO__BASE_URL", "twilio"),
        ("FCM__BASE_URL", "fcm"),
        ("FCM__METADATA_URL", "fcm"),
    ] {
        let name = format!("COKO_NOTIFICATION_{setting}");
        environment.insert(name, format!("{base}/{path}"));
    }
    let secret = environment.get("COKO_SIMULATOR_WEBHOOK_SECRET");
    let config = serde_json::from_value(json!({
        "webhook_secret": secret,
        "public_url": base,
        "scenario": Scenario::Success,
    }))?;
    let simulator = Simulator::new(config, Clock::system(), Entropy::system());
    let router = simulator.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(simulator)
}

/// The settings in `table` as variables; a nested key is written with two underscores.
fn variables(environment: &mut BTreeMap<String, String>, prefix: &str, table: &toml::Value) {
    for (key, value) in table.as_table().into_iter().flatten() {
        let name = format!("{prefix}{}", key.to_uppercase());
        match value.as_str() {
            Some(text) => {
                environment.insert(name, text.to_owned());
            }
            None => variables(environment, &format!("{name}__"), value),
        }
    }
}

/// The variables that configure every process of a stack.
pub(crate) fn environment(
    folder: &Path,
    nats: &NatsServer,
    databases: &BTreeMap<&'static str, String>,
) -> Result<BTreeMap<String, String>> {
    let home = coko::home::Home::new(&folder.join("home"))?;
    let secrets: toml::Table =
        std::fs::read_to_string(home.secrets(&Entropy::system())?)?.parse()?;
    let mut environment = BTreeMap::from([
        ("HOME".to_owned(), folder.display().to_string()),
        ("COKO_ENVIRONMENT".to_owned(), "development".to_owned()),
        ("COKO_NATS_URL".to_owned(), nats.url()),
        (
            "COKO_MAIL_FOLDER".to_owned(),
            folder.join("letters").display().to_string(),
        ),
        (
            "COKO_AUTH_TEXTS__FOLDER".to_owned(),
            folder.join("texts").display().to_string(),
        ),
        (
            "COKO_FILE_FOLDER".to_owned(),
            folder.join("files").display().to_string(),
        ),
        // What readers do is to show at once.
        (
            "COKO_RECOMMENDATION_TIMERS__REFRESH_MILLIS".to_owned(),
            "500".to_owned(),
        ),
        (
            "COKO_RECOMMENDATION_TIMERS__KEEP_SECONDS".to_owned(),
            "0".to_owned(),
        ),
        // A worker that is killed is followed soon.
        (
            "COKO_FILE_LIFETIMES__LEASE_SECONDS".to_owned(),
            "3".to_owned(),
        ),
    ]);
    for (section, table) in &secrets {
        let prefix = format!("COKO_{}_", section.to_uppercase());
        variables(&mut environment, &prefix, table);
    }
    // One machine registers many readers here.
    environment.insert(
        "COKO_AUTH_LIMITS__REGISTER__PERMITS".to_owned(),
        "1000".to_owned(),
    );
    environment.insert(
        "COKO_AUTH_LIMITS__REGISTER__SECONDS".to_owned(),
        "60".to_owned(),
    );
    for (domain, url) in databases {
        environment.insert(
            format!("COKO_{}_DATABASE_URL", domain.to_uppercase()),
            url.clone(),
        );
        // Small pools, as several stacks share one server.
        environment.insert(
            format!("COKO_{}_DATABASE_POOL", domain.to_uppercase()),
            "8".to_owned(),
        );
    }
    Ok(environment)
}
