//! Query plans for people and programs, without a gateway running (`coko plan`).

use std::time::Duration;

use coko_executor::{PlanCancellation, Supergraph, normalize};
use graphql_tools::validation::rules::default_rules_validation_plan;
use graphql_tools::validation::validate::validate;

/// A query plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The plan in the notation of federation's tools.
    pub text: String,
    /// The plan as data.
    pub json: serde_json::Value,
    /// Calls to subgraphs in it.
    pub fetches: usize,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The supergraph cannot be served.
    #[error("the supergraph cannot be used: {0}")]
    Supergraph(String),
    /// The document does not parse.
    #[error("the document does not parse: {0}")]
    Parse(String),
    /// The document does not fit the schema.
    #[error("the document does not fit the schema:{0}")]
    Validation(String),
    /// There is no such operation, or several.
    #[error("{0}")]
    Operation(String),
    /// The planner cannot plan it.
    #[error("the operation cannot be planned: {0}")]
    Plan(String),
}

/// Plans one operation of a document.
///
/// # Errors
/// [`ExplainError`] says at which step and why.
pub fn explain(
    supergraph_sdl: &str,
    document: &str,
    operation_name: Option<&str>,
) -> Result<Explanation, ExplainError> {
    let supergraph = Supergraph::parse(supergraph_sdl)
        .map_err(|error| ExplainError::Supergraph(error.to_string()))?;
    let parsed = graphql_tools::parser::parse_query::<String>(document)
        .map_err(|error| ExplainError::Parse(error.to_string()))?
        .into_static();
    let found = validate(
        supergraph.public_schema(),
        &parsed,
        &default_rules_validation_plan(),
    );
    if !found.is_empty() {
        let mut listed = String::new();
        for error in &found {
            let place = error
                .locations
                .first()
                .map(|place| format!(" (line {}, column {})", place.line, place.column));
            listed.push_str("\n- ");
            listed.push_str(&error.message);
            listed.push_str(&place.unwrap_or_default());
        }
        return Err(ExplainError::Validation(listed));
    }
    let normalized = normalize(&supergraph, &parsed, operation_name)
        .map_err(|error| ExplainError::Operation(error.to_string()))?;
    let cancellation = PlanCancellation::with_timeout(Duration::from_secs(60));
    let plan = coko_executor::plan(&supergraph, &normalized, &cancellation)
        .map_err(|error| ExplainError::Plan(error.to_string()))?;
    Ok(Explanation {
        text: plan.pretty(),
        json: plan.json(),
        fetches: plan.fetches(),
    })
}
