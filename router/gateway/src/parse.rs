//! Stage 5: from text to a syntax tree, with what could make that expensive refused first.

use coko_core::Code;
use graphql_tools::static_graphql::query::{Definition, Document, OperationDefinition};

use crate::config::Limits;
use crate::lexical;
use crate::refusal::{GraphQLError, Refusal};

/// Brackets of any kind that may be open at once: what the parser's own recursion takes.
const NESTING: usize = 49;

/// Parses a document.
///
/// # Errors
/// `COST_LIMIT_EXCEEDED` for too many tokens or too deep a nesting, `GRAPHQL_PARSE_FAILED` with the place otherwise.
pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Document, Refusal> {
    let extent = lexical::measure(text, limits.tokens);
    if extent.tokens > limits.tokens {
        return Err(Refusal::limit(
            "tokens",
            limits.tokens as u64,
            format!("more than {}", limits.tokens),
        ));
    }
    // The configured depth counts fields, through fragments, and is checked on the tree; this protects the making of it.
    if extent.nesting > NESTING {
        return Err(Refusal::limit(
            "depth",
            limits.depth as u64,
            extent.nesting as u64,
        ));
    }
    graphql_tools::parser::parse_query::<String>(text)
        .map(graphql_tools::parser::query::Document::into_static)
        .map_err(|error| {
            let place = error.0.position;
            let said = error.to_string();
            // The first line repeats the place.
            let reasons: Vec<&str> = said
                .lines()
                .skip(1)
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .collect();
            let message = format!("The document does not parse: {}", reasons.join("; "));
            Refusal::graphql(vec![
                GraphQLError::new(Code::GraphqlParseFailed, message).at(place.line, place.column),
            ])
        })
}

/// The operation that is asked for: the one of that name, or the only one.
///
/// # Errors
/// `BAD_REQUEST` when there is none, or several and no name.
pub(crate) fn select<'d>(
    document: &'d Document,
    name: Option<&str>,
) -> Result<&'d OperationDefinition, Refusal> {
    let mut operations = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Operation(operation) => Some(operation),
            Definition::Fragment(_) => None,
        });
    let missing = |message: String| {
        Err(Refusal::graphql(vec![GraphQLError::new(
            Code::BadRequest,
            message,
        )]))
    };
    match name {
        Some(name) => match operations.find(|operation| operation_name(operation) == Some(name)) {
            Some(operation) => Ok(operation),
            None => missing(format!("The document has no operation called {name:?}.")),
        },
        None => match (operations.next(), operations.next()) {
            (Some(operation), None) => Ok(operation),
            (None, _) => missing("The document has no operation.".to_owned()),
            (Some(_), Some(_)) => missing(
                "The document has several operations: say which with \"operationName\".".to_owned(),
            ),
        },
    }
}

/// The name of an operation, if it has one.
pub(crate) fn operation_name(operation: &OperationDefinition) -> Option<&str> {
    match operation {
        OperationDefinition::SelectionSet(_) => None,
        OperationDefinition::Query(query) => query.name.as_deref(),
        OperationDefinition::Mutation(mutation) => mutation.name.as_deref(),
        OperationDefinition::Subscription(subscription) => subscription.name.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<Code> {
        parse(text, &Limits::default())
            .err()
            .map(|refusal| refusal.code())
    }

    #[test]
    fn hostile_documents_are_refused_before_the_parser_sees_them() {
        assert_eq!(code(&"{a".repeat(10_000)), Some(Code::CostLimitExceeded));
        assert_eq!(
            code(&format!(
                "{{ a(b: {}1{}) }}",
                "[".repeat(10_000),
                "]".repeat(10_000)
            )),
            Some(Code::CostLimitExceeded)
        );
        assert_eq!(code(&"a ".repeat(2_000_000)), Some(Code::CostLimitExceeded));
        assert_eq!(code(&"(".repeat(49)), Some(Code::GraphqlParseFailed));
        for text in [
            "",
            "{",
            "{ a ",
            "}",
            "{ a(b: ) }",
            "{ a \"b\" }",
            "query",
            "\u{0}",
            "{ \"\"\" }",
        ] {
            assert_eq!(code(text), Some(Code::GraphqlParseFailed), "{text:?}");
        }
        assert_eq!(code("{ a }"), None);
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let refusal = parse("{\n  a(b: }\n}", &Limits::default()).unwrap_err();
        assert_eq!(refusal.errors[0].locations[0].0, 2);
        assert!(
            refusal.errors[0].message.contains('}'),
            "{}",
            refusal.errors[0].message
        );
    }

    #[test]
    fn the_operation_is_chosen_by_name() {
        let document = parse(
            "query A { a } query B { b } fragment F on T { c }",
            &Limits::default(),
        )
        .unwrap();
        assert_eq!(
            operation_name(select(&document, Some("B")).unwrap()),
            Some("B")
        );
        for name in [None, Some("C"), Some("F")] {
            assert_eq!(
                select(&document, name).unwrap_err().code(),
                Code::BadRequest
            );
        }
    }
}
