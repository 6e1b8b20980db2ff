//! One query over all eleven subgraphs: planned by the router's planner, printed, answered in one response; and how long that takes.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use coko_tests::{Client, Shape, Stack};
use serde_json::{Value, json};

use super::eventually;
use super::purchase::bought;

/// How often the query is run to see how long it takes.
const RUNS: usize = 200;

/// A book's page as an application shows it at once: the reader (auth), their books and place (reading), level (gamification), orders
/// (payment) and unread news (notification); the book (catalog), its files (file), ratings (community) and what is like it
/// (recommendation); the terms for authors (publication), and what operators switched on (admin).
const EVERYTHING: &str = "query Everything($book: ID!) {
  me { displayName level { number } library(first: 3) { nodes { book { title } isReadable } } }
  orders(first: 3) { nodes { status } }
  unreadCount
  book(id: $book) {
    title
    inMyLibrary
    files { kind }
    ratingSummary { ratingCount }
    similar(first: 3) { nodes { book { title } } }
  }
  publishingTerms { platformShare }
  features { key on }
}";

/// The subgraphs that a plan asks.
fn asked(plan: &Value, subgraphs: &mut BTreeSet<String>) {
    match plan {
        Value::Object(fields) => {
            if let Some(name) = fields.get("serviceName").and_then(Value::as_str) {
                subgraphs.insert(name.to_lowercase());
            }
            fields.values().for_each(|value| asked(value, subgraphs));
        }
        Value::Array(values) => values.iter().for_each(|value| asked(value, subgraphs)),
        _ => {}
    }
}

/// The plan goes to every subgraph there is.
async fn planned(stack: &Stack, document: &Path) {
    let supergraph = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/supergraph.graphql");
    let (supergraph, document) = (
        supergraph.display().to_string(),
        document.display().to_string(),
    );
    let plan = ["plan", "--supergraph", &supergraph, &document];
    println!("{}", stack.command(&plan).await.unwrap());
    let said = [&["--format", "json"], &plan[..]].concat();
    let said: Value = serde_json::from_str(&stack.command(&said).await.unwrap()).unwrap();
    let mut subgraphs = BTreeSet::new();
    asked(&said["plan"], &mut subgraphs);
    let all: BTreeSet<String> = coko_core::export::DOMAINS
        .iter()
        .chain(&["auth"])
        .map(|domain| (*domain).to_owned())
        .collect();
    assert_eq!(all.len(), 11);
    assert_eq!(subgraphs, all, "{said:#}");
}

/// What everything answers, without what has not come about yet.
async fn answered(reader: &Client, book: &Value) -> Value {
    eventually("everything", async || {
        let answer = reader.run_with(EVERYTHING, json!({ "book": book })).await;
        let data = answer.unwrap().ok().clone();
        let told = data["unreadCount"].as_i64().is_some_and(|count| count > 0);
        let earned = data["me"]["level"]["number"].is_i64();
        (told && earned).then_some(data)
    })
    .await
}

/// The value below which this share of sorted durations lies.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

async fn journey(shape: Shape) {
    let stack = Stack::start(shape).await.unwrap();
    let purchase = bought(&stack, "Aminata").await;
    let (reader, book) = (&purchase.reader, &purchase.book["id"]);
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("everything.graphql");
    std::fs::write(&document, EVERYTHING).unwrap();
    planned(&stack, &document).await;

    let data = answered(reader, book).await;
    assert_eq!(data["me"]["displayName"], "Aminata");
    let library = json!([{ "book": { "title": "Une si longue lettre" }, "isReadable": true }]);
    assert_eq!(data["me"]["library"]["nodes"], library);
    assert_eq!(data["orders"]["nodes"], json!([{ "status": "FULFILLED" }]));
    let found = &data["book"];
    assert_eq!(found["title"], "Une si longue lettre");
    assert_eq!(found["inMyLibrary"], true);
    assert_eq!(found["files"], json!([]));
    assert_eq!(found["ratingSummary"]["ratingCount"], 0);
    assert!(found["similar"]["nodes"].is_array(), "{found}");
    assert!(data["publishingTerms"]["platformShare"].is_i64(), "{data}");
    assert!(data["features"].is_array(), "{data}");

    let mut took = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let begun = Instant::now();
        let answer = reader.run_with(EVERYTHING, json!({ "book": book })).await;
        took.push(begun.elapsed());
        answer.unwrap().ok();
    }
    took.sort();
    println!(
        "eleven subgraphs in one query ({shape:?}), {RUNS} runs: p50 {:?}, p95 {:?}",
        percentile(&took, 50),
        percentile(&took, 95)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process() {
    journey(Shape::OneProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_process_per_role() {
    journey(Shape::ProcessPerRole).await;
}
