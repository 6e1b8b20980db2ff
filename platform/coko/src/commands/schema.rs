//! `coko schema`: the contracts that are generated, committed, and checked to be fresh.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use coko_core::events;
use serde_json::json;

use super::event_page;
use super::operations::{document, sha256};
use super::plan::read;
use super::{FOUND, Global};
use crate::cli::SchemaArgs;
use crate::live;
use crate::roles::SUBGRAPHS;
use crate::stack::supergraph_sdl;

/// Where operations are written by hand, one folder a client, and where their manifests go.
const OPERATIONS: &str = "operations";

pub(super) fn run(global: &Global, args: &SchemaArgs) -> anyhow::Result<ExitCode> {
    let below = |folder: &Path, files: BTreeMap<PathBuf, String>| -> Vec<(PathBuf, String)> {
        let placed = files.into_iter();
        placed
            .map(|(path, text)| (folder.join(path), text))
            .collect()
    };
    let mut contracts = below(&args.dir, contracts(&args.dir)?);
    contracts.extend(below(&args.docs, reference()?));
    contracts.push((
        args.guide.join("events.md"),
        event_page::page(&events::catalogue()?),
    ));
    let stale: Vec<String> = contracts
        .iter()
        .filter(|(path, text)| std::fs::read_to_string(path).ok().as_ref() != Some(text))
        .map(|(path, _)| path.display().to_string())
        .collect();
    if args.check {
        global
            .output
            .result(&json!({ "stale": stale }), || match stale.as_slice() {
                [] => format!("{} contracts are fresh", contracts.len()),
                stale => format!(
                    "stale: {}\nrun `make schema` and commit what it writes",
                    stale.join(", ")
                ),
            });
        return Ok(if stale.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(FOUND)
        });
    }
    for (path, text) in &contracts {
        write(path, text)?;
    }
    global
        .output
        .result(&json!({ "written": stale }), || match stale.as_slice() {
            [] => format!("{} contracts were fresh already", contracts.len()),
            changed => format!("written: {}", changed.join(", ")),
        });
    Ok(ExitCode::SUCCESS)
}

/// Every contract by its path below `directory`, from which the operations are read.
fn contracts(directory: &Path) -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let mut contracts = BTreeMap::new();
    for subgraph in SUBGRAPHS {
        let sdl = format!("{}\n", (subgraph.sdl)().trim_end());
        contracts.insert(PathBuf::from(format!("{}.graphql", subgraph.name)), sdl);
    }
    contracts.insert(
        PathBuf::from(format!("{}.graphql", live::NAME)),
        live::SDL.to_owned(),
    );
    let supergraph = format!("{}\n", supergraph_sdl(SUBGRAPHS)?.trim_end());
    for event in events::catalogue()? {
        let value = json!({ "domain": event.domain, "type": event.kind, "version": event.version, "data": event.sample });
        let name = format!("{}.v{}.json", event.kind, event.version);
        contracts.insert(
            Path::new("events").join(event.domain).join(name),
            pretty(&value)?,
        );
    }
    for (client, operations) in operations_by_client(&directory.join(OPERATIONS))? {
        let manifest = manifest(&client, &operations, &supergraph)?;
        contracts.insert(
            Path::new(OPERATIONS).join(format!("{client}.json")),
            manifest,
        );
    }
    contracts.insert(PathBuf::from("supergraph.graphql"), supergraph);
    Ok(contracts)
}

/// What can be configured, for editors and for people.
fn reference() -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let schema = pretty(&coko_gateway::config::config_schema())?;
    let page = coko_gateway::config::config_reference();
    Ok([
        (PathBuf::from("config.schema.json"), schema),
        (PathBuf::from("configuration.md"), page),
    ]
    .into())
}

/// The documents of every client: file stem -> document, by the name of the client's folder.
fn operations_by_client(
    directory: &Path,
) -> anyhow::Result<BTreeMap<String, BTreeMap<String, String>>> {
    let mut clients = BTreeMap::new();
    for client in entries(directory)? {
        let Some(name) = client
            .file_name()
            .and_then(|name| name.to_str())
            .filter(|_| client.is_dir())
        else {
            continue;
        };
        let mut operations = BTreeMap::new();
        for file in entries(&client)? {
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            if let Some(stem) = stem
                && file
                    .extension()
                    .is_some_and(|extension| extension == "graphql")
            {
                operations.insert(stem.to_owned(), document(&read(&file)?).to_owned());
            }
        }
        clients.insert(name.to_owned(), operations);
    }
    Ok(clients)
}

fn entries(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let listed = std::fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    listed.with_context(|| format!("{} cannot be listed", directory.display()))
}

/// A manifest in Apollo's format; each document must fit the supergraph and bear its file's name.
fn manifest(
    client: &str,
    operations: &BTreeMap<String, String>,
    supergraph: &str,
) -> anyhow::Result<String> {
    let mut listed = Vec::new();
    for (name, document) in operations {
        coko_gateway::explain(supergraph, document, Some(name))
            .with_context(|| format!("the operation {name} of the client {client} does not fit"))?;
        let kind = ["mutation", "subscription"]
            .into_iter()
            .find(|kind| document.contains(&format!("{kind} {name}")));
        listed.push(json!({
            "id": sha256(document),
            "name": name,
            "type": kind.unwrap_or("query"),
            "body": document,
        }));
    }
    pretty(
        &json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": listed }),
    )
}

fn pretty(value: &serde_json::Value) -> anyhow::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let prepared = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    prepared
        .and_then(|()| std::fs::write(path, text))
        .with_context(|| format!("{} cannot be written", path.display()))
}
