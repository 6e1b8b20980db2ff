//! Query plans for people and programs, without a gateway running (`coko plan`).

use std::time::Duration;

use coko_executor::{
    OverrideContext, PlanCancellation, Supergraph, coerce_variables, normalize, plan_with_overrides,
};
use graphql_tools::static_graphql::query::Document;
use graphql_tools::validation::rules::default_rules_validation_plan;
use graphql_tools::validation::validate::validate;

use crate::document::unknown_meta_fields;

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
    /// The variables do not fit the operation.
    #[error("the variables do not fit the operation:{0}")]
    Variables(String),
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
    explain_with(Question {
        supergraph: supergraph_sdl,
        document,
        operation: operation_name,
        ..Question::default()
    })
}

/// What to plan.
#[derive(Clone, Debug, Default)]
pub struct Question<'a> {
    /// The supergraph's SDL.
    pub supergraph: &'a str,
    /// The GraphQL document.
    pub document: &'a str,
    /// Which operation, when the document has several.
    pub operation: Option<&'a str>,
    /// Variables. With them the plan is the one that runs: without what `@skip` and `@include` leave out.
    pub variables: Option<serde_json::Map<String, serde_json::Value>>,
    /// The labels of progressive `@override`s that are on, and the request's number for `percent(n)`.
    pub overrides: OverrideContext,
}

/// Plans one operation of a document as it runs for some request.
///
/// # Errors
/// [`ExplainError`] says at which step and why.
pub fn explain_with(question: Question<'_>) -> Result<Explanation, ExplainError> {
    let supergraph = Supergraph::parse(question.supergraph)
        .map_err(|error| ExplainError::Supergraph(error.to_string()))?;
    let parsed = graphql_tools::parser::parse_query::<String>(question.document)
        .map_err(|error| ExplainError::Parse(error.to_string()))?
        .into_static();
    check(&supergraph, &parsed)?;
    let normalized = normalize(&supergraph, &parsed, question.operation)
        .map_err(|error| ExplainError::Operation(error.to_string()))?;
    let cancellation = PlanCancellation::with_timeout(Duration::from_secs(60));
    let plan = plan_with_overrides(&supergraph, &normalized, question.overrides, &cancellation)
        .map_err(|error| ExplainError::Plan(error.to_string()))?;
    let Some(variables) = question.variables else {
        return Ok(Explanation {
            text: plan.pretty(),
            json: plan.json(),
            fetches: plan.fetches(),
        });
    };
    let variables = coerce_variables(&supergraph, &normalized, &variables).map_err(|errors| {
        let listed = errors.iter().map(|error| format!("\n- {}", error.message));
        ExplainError::Variables(listed.collect())
    })?;
    let running = plan.query_plan_with(&variables);
    let json = serde_json::to_value(&running).unwrap_or_default();
    Ok(Explanation {
        text: running.map(|plan| plan.to_string()).unwrap_or_default(),
        fetches: count_fetches(&json),
        json,
    })
}

/// Lists everything that does not fit the schema.
fn check(supergraph: &Supergraph, parsed: &Document) -> Result<(), ExplainError> {
    let mut found = validate(
        supergraph.public_schema(),
        parsed,
        &default_rules_validation_plan(),
    );
    let query_type = supergraph.public_schema().query_type_name();
    unknown_meta_fields(parsed, query_type, &mut found);
    if found.is_empty() {
        return Ok(());
    }
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
    Err(ExplainError::Validation(listed))
}

fn count_fetches(json: &serde_json::Value) -> usize {
    match json {
        serde_json::Value::Array(items) => items.iter().map(count_fetches).sum(),
        serde_json::Value::Object(object) => {
            let kind = object.get("kind").and_then(serde_json::Value::as_str);
            let own = usize::from(matches!(kind, Some("Fetch" | "BatchFetch")));
            own + object.values().map(count_fetches).sum::<usize>()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUPERGRAPH: &str = include_str!("../../../schema/supergraph.graphql");

    fn ask(
        document: &str,
        variables: Option<serde_json::Value>,
    ) -> Result<Explanation, ExplainError> {
        explain_with(Question {
            supergraph: SUPERGRAPH,
            document,
            variables: variables.and_then(|given| given.as_object().cloned()),
            ..Question::default()
        })
    }

    #[test]
    fn with_variables_the_plan_is_the_one_that_runs() {
        let document = "query($all: Boolean!) { __typename allSeries(first: 1) @include(if: $all) { nodes { id } } }";
        let whole = ask(document, None).unwrap();
        assert_eq!(whole.fetches, 1);
        let variables = |all| Some(serde_json::json!({ "all": all }));
        assert_eq!(ask(document, variables(true)).unwrap().fetches, 1);
        assert!(matches!(
            ask(document, Some(serde_json::json!({}))),
            Err(ExplainError::Variables(_))
        ));
        assert!(matches!(
            ask("{ __typename2 }", None),
            Err(ExplainError::Validation(_))
        ));
    }
}
