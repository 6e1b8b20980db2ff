//! The invariants of ARCHITECTURE.md that reading the sources can check.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The members that each member's ordinary dependencies name.
fn arrows() -> BTreeMap<String, Vec<String>> {
    let workspace: toml::Table = fs::read_to_string(root().join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let mut arrows = BTreeMap::new();
    for member in members {
        let path = root().join(member.as_str().unwrap()).join("Cargo.toml");
        let manifest: toml::Table = fs::read_to_string(path).unwrap().parse().unwrap();
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        let ours = dependencies
            .into_iter()
            .flat_map(toml::Table::keys)
            .filter(|name| name.starts_with("coko"))
            .cloned()
            .collect();
        arrows.insert(
            manifest["package"]["name"].as_str().unwrap().to_owned(),
            ours,
        );
    }
    arrows
}

#[test]
fn arrows_point_one_way() {
    for (member, dependencies) in arrows() {
        let allowed: &[&str] = match member.as_str() {
            "coko-core" | "coko-composition" | "coko-pdf" => &[],
            "coko-bench" => &["coko-composition"],
            "coko-executor" | "coko-onix" => &["coko-core"],
            "coko-gateway" => &["coko-core", "coko-executor", "coko-composition"],
            "coko" | "coko-tests" => continue,
            _subgraph => &["coko-core", "coko-onix", "coko-pdf"],
        };
        for dependency in dependencies {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{member} must not depend on {dependency}"
            );
        }
    }
}

/// Every Rust file of the subgraphs with its path inside `src`.
fn subgraph_sources() -> Vec<(String, PathBuf, String)> {
    let mut sources = Vec::new();
    for subgraph in fs::read_dir(root().join("subgraphs")).unwrap().flatten() {
        let source = subgraph.path().join("src");
        let mut folders = vec![source.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let inside = path.strip_prefix(&source).unwrap().to_path_buf();
                    let name = subgraph.file_name().to_string_lossy().into_owned();
                    // What follows the tests' heading, `#[cfg(test)]` or `#![cfg(test)]`, may do as it likes.
                    let text = fs::read_to_string(path).unwrap();
                    let text = text
                        .split("[cfg(test)]")
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                    sources.push((name, inside, text));
                }
            }
        }
    }
    assert!(!sources.is_empty());
    sources
}

/// Whether a file is `<noun>.rs` or lies in `<noun>/`.
fn belongs(path: &Path, noun: &str) -> bool {
    path.starts_with(noun) || path == Path::new(&format!("{noun}.rs"))
}

#[test]
fn only_the_store_speaks_diesel() {
    for (subgraph, path, text) in subgraph_sources() {
        let speaks = [
            "RunQueryDsl",
            "sql_query",
            "diesel::insert_into",
            "diesel::update",
            "diesel::delete",
            "diesel::select",
        ]
        .iter()
        .any(|word| text.contains(word));
        assert!(
            !speaks || belongs(&path, "store") || belongs(&path, "tables"),
            "{subgraph}/{} speaks Diesel",
            path.display()
        );
    }
}

#[test]
fn only_commands_open_transactions() {
    for (subgraph, path, text) in subgraph_sources() {
        assert!(
            !text.contains(".transaction(") || belongs(&path, "commands"),
            "{subgraph}/{} opens a transaction",
            path.display()
        );
    }
}

/// Models derive what Diesel reads them with, and that is all they know of it.
#[test]
fn models_do_no_input_or_output() {
    for (subgraph, path, text) in subgraph_sources() {
        if belongs(&path, "model") {
            for word in [
                "async fn",
                "tokio",
                "reqwest",
                "std::fs",
                "std::net",
                "diesel_async",
            ] {
                assert!(
                    !text.contains(word),
                    "{subgraph}/{} mentions {word}",
                    path.display()
                );
            }
        }
    }
}
