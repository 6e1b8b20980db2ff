//! `router/docs/metrics.md` names what there is, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

/// The metrics that the source of a crate records.
fn recorded(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            recorded(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for kind in ["counter", "gauge", "histogram"] {
                for call in text.split(&format!("metrics::{kind}!(")).skip(1) {
                    let name = call.trim_start().strip_prefix('"');
                    let name = name.and_then(|rest| rest.split('"').next());
                    names.extend(name.map(str::to_owned));
                }
            }
        }
    }
}

#[test]
fn every_metric_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut names = BTreeSet::new();
    for folder in ["router/gateway/src", "platform/core/src"] {
        recorded(&root.join(folder), &mut names);
    }
    let page = std::fs::read_to_string(root.join("router/docs/metrics.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<String> = rows
        .flat_map(|row| row.split(" | ").next().unwrap_or_default().split(", "))
        .map(|name| name.trim_matches(['`', ' ']).to_owned())
        .collect();
    assert_eq!(documented, names);
}
