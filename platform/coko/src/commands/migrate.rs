//! `coko migrate`: runs, reverts and lists the migrations of every domain.

use std::process::ExitCode;

use coko_core::database::{self, Direction};
use serde_json::json;

use super::Global;
use super::attached::{Attached, database_key};
use crate::cli::MigrateCommand;
use crate::output::table;
use crate::roles::{SUBGRAPHS, Subgraph};

pub(super) async fn run(global: &Global, command: &MigrateCommand) -> anyhow::Result<ExitCode> {
    let domain = match command {
        MigrateCommand::Up(args) | MigrateCommand::Status(args) => args.domain.as_deref(),
        MigrateCommand::Down { domain } => Some(domain.as_str()),
    };
    let chosen: Vec<&Subgraph> = SUBGRAPHS
        .iter()
        .filter(|subgraph| domain.is_none_or(|domain| domain == subgraph.name))
        .collect();
    let needed: Vec<String> = chosen
        .iter()
        .map(|subgraph| database_key(subgraph.name))
        .collect();
    let attached = Attached::to(global, &needed).await?;
    let outcome = match command {
        MigrateCommand::Up(_) => migrate(global, &attached, &chosen, Direction::Up).await,
        MigrateCommand::Down { .. } => migrate(global, &attached, &chosen, Direction::Down).await,
        MigrateCommand::Status(_) => status(global, &attached, &chosen).await,
    };
    attached.release().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn migrate(
    global: &Global,
    attached: &Attached,
    chosen: &[&Subgraph],
    direction: Direction,
) -> anyhow::Result<()> {
    let mut done = Vec::new();
    for subgraph in chosen {
        let Some(config) = attached.settings.database(subgraph.name)? else {
            continue;
        };
        let step = global.progress.step(format!("migrating {}", subgraph.name));
        let versions = database::migrate(
            config.database_url.expose(),
            (subgraph.migrations)(),
            direction,
        )
        .await?;
        step.done(&format!("{} migrations", versions.len()));
        done.push((subgraph.name, versions));
    }
    let verb = if direction == Direction::Up {
        "applied"
    } else {
        "reverted"
    };
    let value: serde_json::Map<_, _> = done
        .iter()
        .map(|(domain, versions)| ((*domain).to_owned(), json!({ verb: versions })))
        .collect();
    global.output.result(&value, || {
        let lines = done
            .iter()
            .map(|(domain, versions)| match versions.as_slice() {
                [] => format!("{domain}: nothing to do"),
                versions => format!("{domain}: {verb} {}", versions.join(", ")),
            });
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

async fn status(global: &Global, attached: &Attached, chosen: &[&Subgraph]) -> anyhow::Result<()> {
    let mut value = serde_json::Map::new();
    let mut rows = Vec::new();
    for subgraph in chosen {
        let Some(config) = attached.settings.database(subgraph.name)? else {
            continue;
        };
        let status =
            database::migration_status(config.database_url.expose(), (subgraph.migrations)())
                .await?;
        let state =
            |state: &str, name: &String| [subgraph.name.to_owned(), state.to_owned(), name.clone()];
        rows.extend(status.applied.iter().map(|name| state("applied", name)));
        rows.extend(status.pending.iter().map(|name| state("pending", name)));
        value.insert(
            subgraph.name.to_owned(),
            json!({ "applied": status.applied, "pending": status.pending }),
        );
    }
    global
        .output
        .result(&value, || table(["domain", "state", "migration"], &rows));
    Ok(())
}
