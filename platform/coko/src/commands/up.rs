//! `coko up`: the whole platform on this machine, and everything of it stopped again.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use axum::body::Body;
use axum::http::{Request, header};
use coko_auth::DemoAccount;
use coko_core::database::{self, Direction};
use coko_core::ids::Entropy;
use coko_core::lifecycle::Shutdown;
use coko_core::servers::{Durability, Place, Servers, Wanted};
use coko_core::telemetry::{self, TelemetryConfig};
use coko_gateway::SupergraphSource;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use super::attached::{context, database_key, private_defaults};
use super::{Global, interrupted, library};
use crate::cli::UpArgs;
use crate::config::Settings;
use crate::home::{Account, Home};
use crate::roles::{self, SUBGRAPHS};
use crate::stack::{Running, Stack, supergraph_sdl};

/// The first query: books with their contributors and prices from catalog, the viewer from auth, in one request.
const FIRST_QUERY: &str = include_str!("first_query.graphql");

/// Written beside the data once the sample is in, so that a restart does not look again.
const SAMPLE_MARK: &str = "sample";
/// The same once some of its books have something to read.
const LIBRARY_MARK: &str = "library";

/// What a person needs to begin.
#[derive(Debug, Serialize)]
struct Announcement {
    endpoint: String,
    accounts: Vec<SignedIn>,
    query: String,
}

/// A demo account with a token of today.
#[derive(Debug, Serialize)]
struct SignedIn {
    #[serde(flatten)]
    account: Account,
    token: Option<String>,
}

pub(super) async fn run(global: &Global, args: &UpArgs) -> anyhow::Result<ExitCode> {
    let home = Home::new(&global.home)?;
    if let Some(occupant) = home.occupant() {
        bail!(home.refusal(&occupant));
    }
    let listener = TcpListener::bind(("127.0.0.1", args.port))
        .await
        .with_context(|| {
            format!(
                "port {} cannot be used; choose another with --port",
                args.port
            )
        })?;
    let base = format!("http://{}", listener.local_addr()?);
    let _occupied = home.occupy("coko up", Some(&format!("{base}/graphql")))?;
    if args.reset {
        Servers::stop_orphans(&home.servers()?.directory).await;
        home.purge_contents()?;
    }
    let entropy = Entropy::system();
    let secrets = home.secrets(&entropy)?;
    let settings = Settings::load(global.config.as_deref(), Some(&secrets))?;
    let _telemetry = telemetry::init(&telemetry_config(&settings, args.verbose), "coko")
        .map_err(anyhow::Error::msg)?;

    let place = home.servers()?;
    let mut servers = start_servers(global, &settings, &place).await?;
    let outcome = Box::pin(serve(
        global,
        args,
        &base,
        &home,
        settings,
        listener,
        &mut servers,
        &place,
    ))
    .await;
    // After a hard stop they are gone already, and this finds nothing to do.
    servers.stop().await;
    outcome
}

/// Warnings only, for people, unless more is asked for: the terminal belongs to the announcement.
fn telemetry_config(settings: &Settings, verbose: bool) -> TelemetryConfig {
    let mut config = settings.telemetry.clone();
    if config.log.is_none() && !verbose {
        // That a server goes away is said by us; its clients need not repeat it.
        config.log = Some("warn,fred=off,async_nats=off".to_owned());
    }
    config.pretty = true;
    config
}

/// Starts those servers that nothing configured stands in for.
async fn start_servers(
    global: &Global,
    settings: &Settings,
    place: &Place,
) -> anyhow::Result<Servers> {
    if place.moved {
        let reason = "the user postgres, who runs the servers because this is root, cannot reach the home folder";
        eprintln!("  data is in {}: {reason}", place.directory.display());
    }
    let configured = |key: &str| settings.is_set(key);
    let wanted = Wanted {
        postgres: !SUBGRAPHS
            .iter()
            .all(|subgraph| configured(&database_key(subgraph.name))),
        nats: !configured("nats.url"),
        redis: !configured("redis.url"),
    };
    let step = global.progress.step("PostgreSQL, NATS and Redis");
    let servers = Servers::start(&place.directory, Durability::Durable, wanted).await?;
    let ports = [
        servers
            .postgres
            .as_ref()
            .map(|server| format!("PostgreSQL on {}", server.port())),
        servers
            .nats
            .as_ref()
            .map(|server| format!("NATS on {}", server.port())),
        servers
            .redis
            .as_ref()
            .map(|server| format!("Redis on {}", server.port())),
    ];
    let ports: Vec<String> = ports.into_iter().flatten().collect();
    step.done(&ports.join(", "));
    Ok(servers)
}

#[expect(
    clippy::too_many_arguments,
    reason = "the one place where everything comes together"
)]
async fn serve(
    global: &Global,
    args: &UpArgs,
    base: &str,
    home: &Home,
    settings: Settings,
    listener: TcpListener,
    servers: &mut Servers,
    place: &Place,
) -> anyhow::Result<ExitCode> {
    let mut defaults = private_defaults(home, &servers.addresses());
    defaults["public"] = json!({ "url": base });
    // A token that was pasted somewhere should last a working day.
    defaults["auth"]["lifetimes"] = json!({ "access_minutes": 12 * 60 });
    let simulator = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("the provider simulator finds no port")?;
    simulated(
        &mut defaults,
        base,
        &format!("http://{}", simulator.local_addr()?),
    );
    let settings = settings.with_defaults(&defaults)?;
    let roles: Vec<&str> = roles::names().collect();
    let supergraph = SupergraphSource::Sdl(supergraph_sdl(SUBGRAPHS)?);
    let stack = Stack::parse(&settings, &roles, Some(supergraph))?;
    migrate(global, &settings, servers).await?;

    let shutdown = Shutdown::with(settings.stop);
    let step = global.progress.step("roles");
    let listeners = HashMap::from([
        (roles::ROUTER.to_owned(), listener),
        (roles::SIMULATOR.to_owned(), simulator),
    ]);
    let running = Box::pin(stack.start(listeners, &shutdown)).await?;
    step.done(&roles.join(", "));

    let accounts = if args.no_sample {
        Vec::new()
    } else {
        seed(global, &running, home, servers, &place.directory).await?
    };
    let accounts = sign_in(&running, accounts).await?;
    fill_library(global, &running, &accounts, &place.directory).await?;
    let announcement = Announcement {
        endpoint: format!("{base}/graphql"),
        accounts,
        query: FIRST_QUERY.trim().to_owned(),
    };
    global.output.result(&announcement, || announcement.text());
    stop(&shutdown, servers).await
}

/// Has payment and notification use the simulator at `simulator` for every provider, and the simulator send its notices to `base`.
fn simulated(defaults: &mut Value, base: &str, simulator: &str) {
    for (provider, path) in [
        ("wave", "wave"),
        ("orange_money", "orange-money"),
        ("stripe", "stripe"),
        ("paypal", "paypal"),
    ] {
        defaults["payment"][provider]["base_url"] = format!("{simulator}/{path}").into();
    }
    defaults["notification"]["twilio"]["base_url"] = format!("{simulator}/twilio").into();
    for url in ["base_url", "metadata_url"] {
        defaults["notification"]["fcm"][url] = format!("{simulator}/fcm").into();
    }
    defaults["simulator"] = json!({ "webhook_url": base, "public_url": simulator });
}

/// Creates the databases that private PostgreSQL lacks, and migrates all of them at once.
async fn migrate(global: &Global, settings: &Settings, servers: &Servers) -> anyhow::Result<()> {
    let step = global.progress.step("databases");
    let each = SUBGRAPHS.iter().map(|subgraph| async move {
        let config = settings
            .database(subgraph.name)?
            .context("no database is configured")?;
        let name = format!("coko_{}", subgraph.name);
        if let Some(postgres) = &servers.postgres
            && postgres.url(&name) == config.database_url.expose()
        {
            postgres.ensure_database(&name).await?;
        }
        let run = database::migrate(
            config.database_url.expose(),
            (subgraph.migrations)(),
            Direction::Up,
        )
        .await?;
        Ok::<_, anyhow::Error>(run.len())
    });
    let run: usize = futures::future::try_join_all(each).await?.into_iter().sum();
    step.done(&format!("{run} migrations run"));
    Ok(())
}

/// The sample catalogue and the demo accounts, in private databases only: their passwords are no secret.
async fn seed(
    global: &Global,
    running: &Running,
    home: &Home,
    servers: &Servers,
    directory: &Path,
) -> anyhow::Result<Vec<Account>> {
    let mark = directory.join(SAMPLE_MARK);
    let pool = |name: &str| {
        running
            .pools
            .get(name)
            .with_context(|| format!("the role {name} does not run"))
    };
    if servers.postgres.is_none() {
        return Ok(Vec::new());
    }
    let accounts = home.accounts(&Entropy::system())?;
    if std::fs::read_to_string(&mark).is_ok_and(|version| version == env!("CARGO_PKG_VERSION")) {
        return Ok(accounts);
    }
    let step = global.progress.step("sample catalogue and demo accounts");
    let context = context();
    coko_catalog::seed_sample(pool(coko_catalog::NAME)?, &context).await?;
    let demo: Vec<DemoAccount> = accounts.iter().map(demo_account).collect();
    coko_auth::seed_demo(pool(coko_auth::NAME)?, &context, &demo).await?;
    std::fs::write(&mark, env!("CARGO_PKG_VERSION"))
        .with_context(|| format!("{} cannot be written", mark.display()))?;
    step.done("");
    Ok(accounts)
}

/// Gives some of the sample's books something to read, once, and the demo reader the right to.
async fn fill_library(
    global: &Global,
    running: &Running,
    accounts: &[SignedIn],
    directory: &Path,
) -> anyhow::Result<()> {
    let mark = directory.join(LIBRARY_MARK);
    let token = |role: &str| {
        let account = accounts.iter().find(|account| account.account.role == role);
        account.and_then(|account| account.token.as_deref())
    };
    let (Some(admin), Some(reader)) = (token("admin"), token("reader")) else {
        return Ok(());
    };
    if mark.exists() {
        return Ok(());
    }
    let router = running.router.as_ref().context("the router does not run")?;
    let step = global.progress.step("books to read");
    let count = library::fill(router, admin, reader).await?;
    std::fs::write(&mark, "").with_context(|| format!("{} cannot be written", mark.display()))?;
    step.done(&format!("{count} books"));
    Ok(())
}

fn demo_account(account: &Account) -> DemoAccount {
    let (display_name, roles): (&str, &[&str]) = match account.role.as_str() {
        "author" => ("Awa Ndiaye", &["author"]),
        "publisher" => ("Éditions du Fleuve", &["publisher"]),
        "admin" => ("Coko", &["admin"]),
        _ => ("Ibrahima Diallo", &[]),
    };
    DemoAccount {
        email: account.email.clone(),
        password: account.password.clone(),
        display_name: display_name.to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
    }
}

/// Signs the accounts in through the router, which also shows that it works.
async fn sign_in(running: &Running, accounts: Vec<Account>) -> anyhow::Result<Vec<SignedIn>> {
    const LOGIN: &str = "mutation Login($input: LoginInput!) { login(input: $input) { tokens { accessToken } errors { message } } }";
    let router = running.router.as_ref().context("the router does not run")?;
    let mut signed_in = Vec::with_capacity(accounts.len());
    for account in accounts {
        let input =
            json!({ "email": account.email, "password": account.password, "device": "coko up" });
        let answer = ask(router, LOGIN, &json!({ "input": input })).await?;
        let token = answer["data"]["login"]["tokens"]["accessToken"]
            .as_str()
            .map(str::to_owned);
        if token.is_none() {
            // The password may have been changed since, which is the account's right.
            tracing::warn!(account = account.email, %answer, "the demo account cannot sign in");
        }
        signed_in.push(SignedIn { account, token });
    }
    Ok(signed_in)
}

async fn ask(router: &axum::Router, query: &str, variables: &Value) -> anyhow::Result<Value> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let request = Request::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))?;
    let response = match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await?;
    serde_json::from_slice(&bytes).context("the router's answer is not JSON")
}

/// Waits for Ctrl-C or SIGTERM, and stops softly, as `stop` is configured; a second one, or a grace period that passes,
/// stops hard.
async fn stop(shutdown: &Shutdown, servers: &mut Servers) -> anyhow::Result<ExitCode> {
    let failed = shutdown.token();
    tokio::select! {
        () = interrupted() => {}
        // A listener that fails begins the stop by itself.
        () = failed.cancelled() => {}
    }
    eprintln!("stopping; once more stops at once");
    let softly = async {
        if !failed.is_cancelled() {
            shutdown.announce().await;
        }
        shutdown.wait().await
    };
    let clean = tokio::select! {
        clean = softly => clean,
        () = interrupted() => false,
    };
    servers.stop().await;
    if !clean {
        bail!("stopped hard: not everything had ended");
    }
    Ok(ExitCode::SUCCESS)
}

impl Announcement {
    fn text(&self) -> String {
        let mut lines = vec![
            String::new(),
            format!(
                "Coko runs at {}  (open it in a browser to explore)",
                self.endpoint
            ),
        ];
        if !self.accounts.is_empty() {
            lines.extend([String::new(), "accounts".to_owned()]);
        }
        for SignedIn { account, .. } in &self.accounts {
            lines.push(format!(
                "  {:<10} {:<26} {}",
                account.role, account.email, account.password
            ));
        }
        for SignedIn { account, token } in &self.accounts {
            if let Some(token) = token {
                lines.extend([
                    String::new(),
                    format!("{}=\"{token}\"", account.role.to_uppercase()),
                ]);
            }
        }
        let header = if self.accounts.is_empty() {
            ""
        } else {
            " -H \"Authorization: Bearer $READER\""
        };
        let query = self.query.split_whitespace().collect::<Vec<_>>().join(" ");
        lines.extend([
            String::new(),
            "a first query".to_owned(),
            format!(
                "  curl -s {} -H 'Content-Type: application/json'{header} \\",
                self.endpoint
            ),
            format!("    -d '{}'", json!({ "query": query })),
            String::new(),
            "Ctrl-C stops everything; the data stays until `coko down --purge`".to_owned(),
        ]);
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_query_fits_the_supergraph() {
        let supergraph = supergraph_sdl(SUBGRAPHS).unwrap();
        let plan = coko_gateway::explain(&supergraph, FIRST_QUERY, None).unwrap();
        assert!(plan.fetches >= 2, "{}", plan.text);
        assert!(
            !FIRST_QUERY.contains('\''),
            "it is printed between single quotes"
        );
    }

    #[test]
    fn the_announcement_can_be_pasted() {
        let announcement = Announcement {
            endpoint: "http://127.0.0.1:4000/graphql".to_owned(),
            accounts: vec![SignedIn {
                account: Account {
                    role: "reader".to_owned(),
                    email: "reader@coko.example".to_owned(),
                    password: "secret".to_owned(),
                },
                token: Some("TOKEN".to_owned()),
            }],
            query: "{\n  me { id }\n}".to_owned(),
        };
        let text = announcement.text();
        assert!(
            text.contains("READER=\"TOKEN\"") && text.contains("Bearer $READER"),
            "{text}"
        );
        assert!(text.contains(r#"-d '{"query":"{ me { id } }"}'"#), "{text}");
    }
}
