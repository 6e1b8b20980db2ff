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
            "coko-bench" => &["coko-core", "coko-composition"],
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

/// Events that nobody hears yet, and why they are said all the same. What is heard has no line here.
const UNHEARD: &[(&str, &str)] = &[
    (
        "publication::ManuscriptSubmitted",
        "reviewers work from their queue; the event is the history of it",
    ),
    (
        "publication::RoyaltyAccrued",
        "payees are told by the month's statement; the event is for whoever keeps books elsewhere",
    ),
    (
        "reading::AnnotationShared",
        "for whoever shows what others share",
    ),
    (
        "router::CachePurged",
        "routers hear it of each other, outside the consumers",
    ),
];

/// Every source that is not a test's, and neither declares nor documents events.
fn listening_sources() -> String {
    let mut text: String = subgraph_sources()
        .into_iter()
        .map(|(_, _, text)| text)
        .collect();
    for file in ["live.rs", "invalidation.rs"] {
        let path = root().join("platform/coko/src").join(file);
        let source = fs::read_to_string(path).unwrap();
        text.push_str(source.split("[cfg(test)]").next().unwrap_or_default());
    }
    text
}

/// `domain::Type` of every event of the catalogue.
fn events() -> Vec<String> {
    let path = root().join("platform/core/src/events/mod.rs");
    let source = fs::read_to_string(path).unwrap();
    let described = source.split("describe::<").skip(1);
    described
        .filter_map(|rest| rest.split_once('>'))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.contains("::"))
        .collect()
}

#[test]
fn every_event_is_said_and_heard_or_says_why_not() {
    let sources = listening_sources();
    let events = events();
    assert!(events.len() > 40, "{events:?}");
    for event in &events {
        let (domain, name) = event.split_once("::").unwrap();
        let heard = ["on", "of", "of_book", "event"]
            .iter()
            .any(|call| sources.contains(&format!("{call}::<{name}>")));
        let excused = UNHEARD.iter().any(|(known, _)| known == event);
        assert!(
            heard || excused,
            "nobody hears {event}: add a consumer, or a line here that says why not"
        );
        assert!(
            !(heard && excused),
            "{event} is heard: take its line out of UNHEARD"
        );
        // What a domain that is not written yet will say has a payload before it has a speaker.
        let domain_is_there = root().join("subgraphs").join(domain).is_dir();
        let said = sources.contains(&format!("{name} {{")) || sources.contains(&format!("{name}("));
        assert!(said || !domain_is_there, "nobody says {event}");
    }
    for (known, _) in UNHEARD {
        assert!(
            events.iter().any(|event| event == known),
            "{known} is no event"
        );
    }
}

/// Whoever holds something of people says it when they ask, and forgets it when they leave.
#[test]
fn every_domain_exports_and_forgets_people() {
    /// Domains that hold nothing of anybody: none so far.
    const EXEMPT: &[&str] = &[];
    let mut domains: BTreeMap<String, String> = BTreeMap::new();
    for (subgraph, _, text) in subgraph_sources() {
        domains.entry(subgraph).or_default().push_str(&text);
    }
    for (domain, text) in domains {
        if domain == "auth" || EXEMPT.contains(&domain.as_str()) {
            continue;
        }
        assert!(
            text.contains("on::<UserDeleted>"),
            "{domain} does not hear that people leave"
        );
        assert!(
            text.contains("export::task("),
            "{domain} has no part in copies of one's data"
        );
        assert!(
            coko_core::export::DOMAINS.contains(&domain.as_str()),
            "{domain} is not among coko_core::export::DOMAINS"
        );
    }
}
