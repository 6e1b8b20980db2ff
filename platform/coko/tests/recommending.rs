//! `coko recommend evaluate`, as people use it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use coko_recommendation::model::engine::synthetic::{Shape, ratings};
use serde_json::Value;

/// Names a file of real ratings, `user,item,rating`, such as those of goodbooks-10k.
const REAL: &str = "COKO_TEST_RATINGS";

const SHAPE: Shape = Shape {
    readers: 400,
    books: 300,
    genres: 10,
    each: 20,
};

fn evaluate(file: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_coko"))
        .args(["--format", "json", "recommend", "evaluate"])
        .arg(file)
        .args(more)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn report(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["training_seconds"].as_f64().unwrap() > 0.0);
    report["training_seconds"] = Value::Null;
    report
}

fn quality(report: &Value, method: &str, measure: &str) -> f64 {
    let methods = report["methods"].as_array().unwrap();
    let found = methods.iter().find(|judged| judged["method"] == method);
    found.unwrap()[measure].as_f64().unwrap()
}

/// What readers have in common is found: clearly better than what everyone reads.
fn check(report: &Value, factor: f64) {
    for measure in ["ndcg_at_10", "recall_at_10", "precision_at_10"] {
        let popularity = quality(report, "popularity", measure);
        let hybrid = quality(report, "hybrid", measure);
        assert!(hybrid > factor * popularity, "{measure}: {report:#}");
        assert!(popularity > quality(report, "random", measure), "{measure}");
    }
}

#[test]
fn ratings_from_a_file_are_evaluated_the_same_under_one_seed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ratings.csv");
    let mut text = "user,item,rating\n".to_owned();
    for (reader, book, rating) in ratings(SHAPE, 1).ratings {
        writeln!(text, "u{reader},b{book},{rating}").unwrap();
    }
    std::fs::write(&file, text).unwrap();
    let first = report(&evaluate(&file, &["--seed", "7", "--threads", "1"]));
    check(&first, 2.0);
    assert_eq!(first["tested"], 400);
    let again = report(&evaluate(&file, &["--seed", "7", "--threads", "3"]));
    assert_eq!(again, first);
    let other = report(&evaluate(&file, &["--seed", "8", "--readers", "50"]));
    assert_eq!(other["tested"], 50);
}

#[test]
fn what_cannot_be_evaluated_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ratings.csv");
    for (text, expected) in [
        (None, "cannot be read"),
        (Some("user,item,rating\n1,2,3\n1,x\n"), "line 3"),
        (Some("user,item,rating\n1,2,3\n"), "nobody in the file"),
    ] {
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let output = evaluate(&file, &[]);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn real_ratings_are_better_guessed_than_by_popularity() {
    let Some(file) = std::env::var_os(REAL) else {
        println!("skipped: {REAL} does not name a file of ratings");
        return;
    };
    check(
        &report(&evaluate(Path::new(&file), &["--readers", "2000"])),
        1.0,
    );
}
