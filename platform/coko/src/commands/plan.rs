//! `coko plan`: the query plan of an operation, without a router running.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;

use super::Global;
use crate::cli::PlanArgs;

pub(super) fn run(global: &Global, args: &PlanArgs) -> anyhow::Result<ExitCode> {
    let supergraph = read(&args.supergraph)?;
    let document = read(&args.file)?;
    let plan = coko_gateway::explain(&supergraph, &document, args.operation.as_deref())
        .with_context(|| format!("{} cannot be planned", args.file.display()))?;
    global.output.result(
        &json!({ "plan": plan.json, "fetches": plan.fetches }),
        || plan.text.clone(),
    );
    Ok(ExitCode::SUCCESS)
}

/// A text file, or an error that names it.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}
