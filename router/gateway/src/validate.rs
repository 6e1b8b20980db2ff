//! Stage 6: does the document fit the schema (specification, section 5) and the limits?

use std::sync::LazyLock;

use coko_core::Code;
use graphql_tools::static_graphql::query::{Document, OperationDefinition};
use graphql_tools::validation::rules::default_rules_validation_plan;
use graphql_tools::validation::validate::{ValidationPlan, validate as run_rules};

use crate::config::Config;
use crate::deferral;
use crate::document;
use crate::refusal::{GraphQLError, Refusal};
use crate::snapshot::Snapshot;
use crate::suggest::with_suggestion;

static RULES: LazyLock<ValidationPlan> = LazyLock::new(default_rules_validation_plan);

/// Validates a document against the limits and the schema that clients see.
///
/// # Errors
/// `COST_LIMIT_EXCEEDED` and `GRAPHQL_VALIDATION_FAILED`, the latter with every error found, up to the configured number.
pub(crate) fn validate(
    snapshot: &Snapshot,
    config: &Config,
    parsed: &Document,
    operation: &OperationDefinition,
) -> Result<(), Refusal> {
    document::check_limits(parsed, operation, &config.limits)?;
    let schema = snapshot.supergraph.public_schema();
    let mut found = run_rules(schema, parsed, &RULES);
    document::unknown_meta_fields(parsed, schema.query_type_name(), &mut found);
    deferral::misplaced(parsed, schema, &mut found);
    if found.is_empty() {
        return Ok(());
    }
    let errors = found
        .into_iter()
        .take(config.limits.errors.max(1))
        .map(|error| {
            // A suggestion names what a stranger could only guess.
            let message = if config.suggestions {
                with_suggestion(&error.message, snapshot.supergraph.public_schema())
            } else {
                error.message
            };
            let places = error.locations.iter();
            places.fold(
                GraphQLError::new(Code::GraphqlValidationFailed, message),
                |error, place| error.at(place.line, place.column),
            )
        });
    Err(Refusal::graphql(errors.collect()))
}
