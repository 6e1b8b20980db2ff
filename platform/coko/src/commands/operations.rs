//! `coko operations`: persisted operations, checked and hashed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use coko_core::service::Nats;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::attached::Attached;
use super::plan::read;
use super::{FOUND, Global};
use crate::cli::OperationsCommand;
use crate::config::missing;
use crate::output::table;
use crate::registry::Registry;

pub(super) async fn run(global: &Global, command: &OperationsCommand) -> anyhow::Result<ExitCode> {
    match command {
        OperationsCommand::Publish {
            file,
            client,
            supergraph,
        } => publish(global, file, client, supergraph).await,
        OperationsCommand::Withdraw { id, client } => withdraw(global, client, id).await,
        OperationsCommand::List => list(global).await,
        OperationsCommand::Hash { file } => hash(global, file),
        OperationsCommand::Check { file, supergraph } => check(global, file, supergraph),
    }
}

fn hash(global: &Global, file: &Path) -> anyhow::Result<ExitCode> {
    let operations = operations_of(file)?;
    let hashes: BTreeMap<&String, String> = operations
        .iter()
        .map(|(id, document)| (id, sha256(document)))
        .collect();
    global.output.result(&hashes, || match hashes.len() {
        // Alone on its line it can be used in a shell's command substitution.
        1 => hashes.values().cloned().collect(),
        _ => {
            let lines = hashes.iter().map(|(id, hash)| format!("{hash}  {id}"));
            lines.collect::<Vec<_>>().join(
                "
",
            )
        }
    });
    Ok(ExitCode::SUCCESS)
}

fn check(global: &Global, file: &Path, supergraph: &Path) -> anyhow::Result<ExitCode> {
    let schema = read(supergraph)?;
    let mut rows = Vec::new();
    let mut value = serde_json::Map::new();
    let mut faults = 0;
    for (id, document) in operations_of(file)? {
        let (state, detail) = match coko_gateway::explain(&schema, &document, None) {
            Ok(plan) => ("ok", format!("{} calls to subgraphs", plan.fetches)),
            Err(error) => {
                faults += 1;
                ("wrong", error.to_string())
            }
        };
        value.insert(id.clone(), json!({ "state": state, "detail": detail }));
        rows.push([state.to_owned(), id, detail]);
    }
    global
        .output
        .result(&value, || table(["state", "operation", "detail"], &rows));
    Ok(if faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FOUND)
    })
}

/// Publishes what fits the supergraph, all of it or nothing.
async fn publish(
    global: &Global,
    file: &Path,
    client: &str,
    supergraph: &Path,
) -> anyhow::Result<ExitCode> {
    let schema = read(supergraph)?;
    let mut documents = Vec::new();
    for (id, document) in operations_of(file)? {
        coko_gateway::explain(&schema, &document, None)
            .with_context(|| format!("the operation {id} does not fit; nothing is published"))?;
        documents.push(document);
    }
    let (registry, attached) = registry(global).await?;
    let outcome = registry.publish(client, &documents).await;
    attached.release().await;
    outcome?;
    let ids: Vec<String> = documents.iter().map(|document| sha256(document)).collect();
    global
        .output
        .result(&json!({ "client": client, "published": ids }), || {
            ids.join("\n")
        });
    Ok(ExitCode::SUCCESS)
}

async fn withdraw(global: &Global, client: &str, id: &str) -> anyhow::Result<ExitCode> {
    let (registry, attached) = registry(global).await?;
    let outcome = registry.withdraw(client, id).await;
    attached.release().await;
    let found = outcome?;
    global.output.result(&json!({ "withdrawn": found }), || {
        if found {
            format!("{id} of {client} is withdrawn")
        } else {
            format!("{client} has published no {id}")
        }
    });
    Ok(if found {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FOUND)
    })
}

async fn list(global: &Global) -> anyhow::Result<ExitCode> {
    let (registry, attached) = registry(global).await?;
    let listed = registry.list().await;
    attached.release().await;
    let listed = listed?;
    let value: Vec<_> = listed
        .iter()
        .map(|(client, id)| json!({ "client": client, "id": id }))
        .collect();
    global.output.result(&value, || {
        let rows: Vec<[String; 2]> = listed.iter().cloned().map(Into::into).collect();
        table(["client", "operation"], &rows)
    });
    Ok(ExitCode::SUCCESS)
}

/// The registry on the configured broker.
async fn registry(global: &Global) -> anyhow::Result<(Registry, Attached)> {
    let key = "nats.url".to_owned();
    let attached = Attached::to(global, std::slice::from_ref(&key)).await?;
    let nats = &attached.settings.nats;
    let url = nats.url.as_ref().ok_or_else(|| missing(&key))?;
    let connected = Nats::connect(url.expose(), "operations", nats.replicas).await;
    let connected = connected
        .map_err(anyhow::Error::msg)
        .context("the broker cannot be used (nats.url)")?;
    Ok((Registry::new(connected), attached))
}

/// The operations of a file by id: one by the file's name for a GraphQL document, several for a manifest.
pub(super) fn operations_of(file: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let text = read(file)?;
    if file
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        let listed = coko_gateway::parse_manifest(text.as_bytes()).map_err(anyhow::Error::msg);
        return listed.with_context(|| format!("{} is not an operations manifest", file.display()));
    }
    let name = file
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned());
    Ok(vec![(name.unwrap_or_default(), document(&text).to_owned())])
}

/// The document of a file as manifests hold it: without the white space around it, which editors add.
pub(super) fn document(text: &str) -> &str {
    text.trim()
}

/// The id of a document: its SHA-256 in hexadecimal.
pub(crate) fn sha256(document: &str) -> String {
    hex::encode(Sha256::digest(document.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_hashed_without_the_white_space_around_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("books.graphql");
        std::fs::write(&file, "\n{ __typename }\n").unwrap();
        let found = operations_of(&file).unwrap();
        assert_eq!(found, [("books".to_owned(), "{ __typename }".to_owned())]);
        assert_eq!(
            sha256("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        std::fs::write(folder.path().join("m.json"), "[]").unwrap();
        assert!(operations_of(&folder.path().join("m.json")).is_err());
        assert!(
            operations_of(&folder.path().join("none"))
                .unwrap_err()
                .to_string()
                .contains("none")
        );
    }
}
