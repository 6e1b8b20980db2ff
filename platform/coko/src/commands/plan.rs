//! `coko plan`: the query plan of an operation, without a router running.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use coko_gateway::{OverrideContext, Question};
use serde_json::json;

use super::Global;
use crate::cli::PlanArgs;

pub(super) fn run(global: &Global, args: &PlanArgs) -> anyhow::Result<ExitCode> {
    let supergraph = read(&args.supergraph)?;
    let document = read(&args.file)?;
    let variables = args.variables.as_deref().map(variables).transpose()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the argument's range is checked: 0 to 100"
    )]
    let number = (args.share * 100_000_000.0) as u64;
    let question = Question {
        supergraph: &supergraph,
        document: &document,
        operation: args.operation.as_deref(),
        variables,
        overrides: OverrideContext {
            labels: args.labels.iter().cloned().collect(),
            number,
        },
    };
    let plan = coko_gateway::explain_with(question)
        .with_context(|| format!("{} cannot be planned", args.file.display()))?;
    global.output.result(
        &json!({ "plan": plan.json, "fetches": plan.fetches }),
        || plan.text.clone(),
    );
    Ok(ExitCode::SUCCESS)
}

/// Variables as JSON, or in a file that `@` names.
fn variables(text: &str) -> anyhow::Result<serde_json::Map<String, serde_json::Value>> {
    let json = match text.strip_prefix('@') {
        Some(file) => read(Path::new(file))?,
        None => text.to_owned(),
    };
    serde_json::from_str(&json).context("the variables are no JSON object")
}

/// A text file, or an error that names it.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}
