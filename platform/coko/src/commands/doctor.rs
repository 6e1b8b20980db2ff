//! `coko doctor`: what is missing or misconfigured on this machine, and what to do about it.

use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;

use coko_core::database;
use coko_core::servers::{self, Account, Program, Servers};
use coko_core::service::Nats;
use futures::TryStreamExt as _;
use serde::Serialize;

use super::attached::private_defaults;
use super::{FOUND, Global};
use crate::config::Settings;
use crate::home::Home;
use crate::output::table;
use crate::roles::{self, SUBGRAPHS};
use crate::stack::Stack;

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(4);

const BROKER_ADVICE: &str = "check nats.url; the server needs JetStream (`nats-server -js`)";
const REDIS_ADVICE: &str =
    "check redis.url; without Redis every process caches and limits for itself";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// Works, though not with everything.
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    state: State,
    found: String,
    /// What to do; empty when nothing.
    advice: String,
}

impl Finding {
    fn ok(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state: State::Ok,
            found: found.into(),
            advice: String::new(),
        }
    }

    fn bad(
        state: State,
        what: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            state,
            found: found.into(),
            advice: advice.into(),
        }
    }
}

pub(super) async fn run(global: &Global) -> anyhow::Result<ExitCode> {
    let mut findings: Vec<Finding> = Program::ALL.into_iter().map(program).collect();
    let home = Home::new(&global.home)?;
    findings.push(account());
    findings.push(place(&home));
    findings.push(occupant(&home));
    match settings(global, &home) {
        Ok(settings) => {
            findings.push(Finding::ok("configuration", "every source can be read"));
            findings.extend(roles_configured(&settings));
            for subgraph in SUBGRAPHS {
                findings.extend(database_of(&settings, subgraph).await);
            }
            findings.extend(broker(&settings).await);
            findings.extend(redis(&settings).await);
        }
        Err(error) => findings.push(Finding::bad(
            State::Fail,
            "configuration",
            format!("{error:#}"),
            "correct that setting",
        )),
    }
    let failed = findings.iter().any(|finding| finding.state == State::Fail);
    global.output.result(&findings, || report(&findings));
    Ok(if failed {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn report(findings: &[Finding]) -> String {
    let rows: Vec<[String; 3]> = findings
        .iter()
        .map(|finding| {
            let state = match finding.state {
                State::Ok => "ok",
                State::Warn => "warn",
                State::Fail => "FAIL",
            };
            [
                state.to_owned(),
                finding.what.clone(),
                finding.found.clone(),
            ]
        })
        .collect();
    let mut text = table(["", "what", "found"], &rows);
    let todo: Vec<&Finding> = findings
        .iter()
        .filter(|finding| !finding.advice.is_empty())
        .collect();
    if todo.is_empty() {
        text.push_str("\neverything is in order\n");
    } else {
        text.push_str("\nto do:\n");
        text.extend(
            todo.iter()
                .map(|finding| format!("- {}: {}\n", finding.what, finding.advice)),
        );
    }
    text
}

fn program(program: Program) -> Finding {
    match servers::find(program) {
        Some(path) => {
            let version =
                servers::version(&path).unwrap_or_else(|| "of unknown version".to_owned());
            Finding::ok(program.name(), format!("{version} at {}", path.display()))
        }
        None if program.is_optional() => {
            let advice = format!("optional; {}", program.advice());
            Finding::bad(
                State::Warn,
                program.name(),
                "not installed; caches and limits stay in each process",
                advice,
            )
        }
        None => Finding::bad(
            State::Fail,
            program.name(),
            "not installed",
            program.advice(),
        ),
    }
}

fn account() -> Finding {
    const WHAT: &str = "servers' user";
    match Account::for_servers() {
        Ok(Account::Own) => Finding::ok(WHAT, "you"),
        Ok(Account::Switched { uid, .. }) => {
            Finding::ok(WHAT, format!("postgres (user {uid}), because this is root"))
        }
        Err(error) => Finding::bad(
            State::Fail,
            WHAT,
            error.to_string(),
            "install PostgreSQL from packages, or run as an ordinary user",
        ),
    }
}

fn place(home: &Home) -> Finding {
    const WHAT: &str = "servers' data";
    match home.servers() {
        Ok(place) if place.moved => {
            let reason = "the user postgres cannot reach the home folder";
            Finding::ok(
                WHAT,
                format!("{}, because {reason}", place.directory.display()),
            )
        }
        Ok(place) => Finding::ok(WHAT, place.directory.display().to_string()),
        Err(error) => Finding::bad(
            State::Fail,
            WHAT,
            error.to_string(),
            "choose another home folder with --home",
        ),
    }
}

fn occupant(home: &Home) -> Finding {
    const WHAT: &str = "port 4000";
    if let Some(occupant) = home.occupant() {
        return Finding::ok("running", occupant.to_string());
    }
    match TcpListener::bind(("127.0.0.1", 4000)) {
        Ok(_) => Finding::ok(WHAT, "free for `coko up`"),
        Err(error) => Finding::bad(
            State::Warn,
            WHAT,
            error.to_string(),
            "start with another one: `coko up --port 4010`",
        ),
    }
}

/// What commands would see: the sources, and the private servers as far as they run.
fn settings(global: &Global, home: &Home) -> anyhow::Result<Settings> {
    let secrets = home.directory().join("secrets.toml");
    let secrets = secrets.is_file().then_some(secrets);
    let settings = Settings::load(global.config.as_deref(), secrets.as_deref())?;
    let Some(_) = secrets else {
        return Ok(settings);
    };
    let directory = home.servers()?.directory;
    Ok(settings.with_defaults(&private_defaults(home, &Servers::running(&directory)))?)
}

/// Each role that anything is configured for, parsed as `coko serve` would.
fn roles_configured(settings: &Settings) -> Vec<Finding> {
    let touched = roles::names()
        .filter(|name| settings.is_set(&format!("{name}.database_url")) || *name == roles::ROUTER);
    touched
        .map(|name| match Stack::parse(settings, &[name], None) {
            Ok(_) => Finding::ok(format!("role {name}"), "configured"),
            Err(error) => Finding::bad(
                State::Fail,
                format!("role {name}"),
                format!("{error:#}"),
                "set it, or let `coko up` do it",
            ),
        })
        .collect()
}

async fn database_of(settings: &Settings, subgraph: &roles::Subgraph) -> Option<Finding> {
    let what = format!("database {}", subgraph.name);
    let config = settings.database(subgraph.name).ok()??;
    let asked = database::migration_status(config.database_url.expose(), (subgraph.migrations)());
    Some(match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(status)) if status.pending.is_empty() => {
            Finding::ok(what, format!("{} migrations applied", status.applied.len()))
        }
        Ok(Ok(status)) => {
            let advice = format!("`coko migrate up {}`", subgraph.name);
            Finding::bad(
                State::Warn,
                what,
                format!("{} migrations pending", status.pending.len()),
                advice,
            )
        }
        Ok(Err(error)) => Finding::bad(
            State::Fail,
            what,
            error.to_string(),
            format!("check {}.database_url", subgraph.name),
        ),
        Err(_) => Finding::bad(
            State::Fail,
            what,
            "does not answer",
            format!("check {}.database_url", subgraph.name),
        ),
    })
}

async fn broker(settings: &Settings) -> Option<Finding> {
    let url = settings.nats.url.as_ref()?;
    let asked = async {
        let nats = Nats::connect(url.expose(), "coko-doctor", 1).await?;
        // The names of streams are told alike by every version of the server, account figures are not.
        let names: Vec<String> = nats
            .jetstream
            .stream_names()
            .try_collect()
            .await
            .map_err(|error| error.to_string())?;
        Ok::<_, String>(names.len())
    };
    Some(match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(streams)) => Finding::ok("broker", format!("JetStream with {streams} streams")),
        Ok(Err(error)) => Finding::bad(State::Fail, "broker", error, BROKER_ADVICE),
        Err(_) => Finding::bad(State::Fail, "broker", "does not answer", BROKER_ADVICE),
    })
}

async fn redis(settings: &Settings) -> Option<Finding> {
    use fred::interfaces::ClientLike as _;
    let url = settings.redis.url.as_ref()?;
    let asked = async {
        let client = coko_core::redis::connect(url.expose())?;
        client
            .wait_for_connect()
            .await
            .map_err(|error| error.to_string())?;
        client
            .ping::<String>(None)
            .await
            .map_err(|error| error.to_string())
    };
    Some(match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => Finding::ok("Redis", "answers"),
        Ok(Err(error)) => Finding::bad(State::Warn, "Redis", error, REDIS_ADVICE),
        Err(_) => Finding::bad(State::Warn, "Redis", "does not answer", REDIS_ADVICE),
    })
}
