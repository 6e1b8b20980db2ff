//! What prevents a composition, in words a person can act on.

use std::fmt;

use graphql_composition::diagnostics::{
    CompositeSchemasErrorCode as Code, CompositeSchemasPostMergeValidationErrorCode as PostMerge,
    CompositeSchemasPreMergeValidationErrorCode as PreMerge,
    CompositeSchemasSourceSchemaValidationErrorCode as Source,
};

/// One reason why composition failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// The subgraph at fault, when it is one alone.
    pub subgraph: Option<String>,
    /// The code of the Composite Schemas specification, where it has one.
    pub code: Option<&'static str>,
    /// What was found.
    pub message: String,
}

impl Diagnostic {
    pub(crate) fn general(message: impl Into<String>) -> Self {
        Self {
            subgraph: None,
            code: None,
            message: message.into(),
        }
    }

    pub(crate) fn in_subgraph(name: &str, message: impl Into<String>) -> Self {
        Self {
            subgraph: Some(name.to_owned()),
            code: None,
            message: message.into(),
        }
    }

    fn from_found(found: &graphql_composition::diagnostics::Diagnostic) -> Self {
        let (subgraph, message) = split_subgraph(found.message());
        let code = found.composite_schemas_error_code().and_then(code_name);
        Self {
            subgraph: subgraph.map(str::to_owned),
            code,
            message: message.to_owned(),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(subgraph) = &self.subgraph {
            write!(f, "[{subgraph}] ")?;
        }
        if let Some(code) = self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Composition failed; every reason found is listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("composition failed:{}", listed(.diagnostics))]
pub struct CompositionError {
    /// The reasons, sorted; never empty.
    pub diagnostics: Vec<Diagnostic>,
}

impl CompositionError {
    pub(crate) fn one(message: impl Into<String>) -> Self {
        Self {
            diagnostics: vec![Diagnostic::general(message)],
        }
    }

    pub(crate) fn from_found(found: &graphql_composition::Diagnostics) -> Self {
        let mut diagnostics: Vec<Diagnostic> = found
            .iter()
            .filter(|diagnostic| diagnostic.severity().is_error())
            .map(Diagnostic::from_found)
            .collect();
        diagnostics.sort();
        diagnostics.dedup();
        Self { diagnostics }
    }
}

fn listed(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str("\n- ");
        text.push_str(&diagnostic.to_string());
    }
    text
}

/// The merge writes the subgraph in front of the message, as `[name] message` or `[name]: message`.
fn split_subgraph(message: &str) -> (Option<&str>, &str) {
    let split = message
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'));
    match split {
        Some((name, rest)) => (Some(name), rest.trim_start_matches(':').trim_start()),
        None => (None, message),
    }
}

fn code_name(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::SourceSchema(Source::QueryRootTypeInaccessible) => "QUERY_ROOT_TYPE_INACCESSIBLE",
        Code::SourceSchema(Source::LookupReturnsNonNullableType) => {
            "LOOKUP_RETURNS_NON_NULLABLE_TYPE"
        }
        Code::SourceSchema(Source::OverrideFromSelf) => "OVERRIDE_FROM_SELF",
        Code::SourceSchema(Source::ProvidesDirectiveInFieldsArgument) => {
            "PROVIDES_DIRECTIVE_IN_FIELDS_ARGUMENT"
        }
        Code::PreMerge(PreMerge::TypeKindMismatch) => "TYPE_KIND_MISMATCH",
        Code::PreMerge(PreMerge::OverrideSourceHasOverride) => "OVERRIDE_SOURCE_HAS_OVERRIDE",
        Code::PostMerge(PostMerge::InvalidFieldSharing) => "INVALID_FIELD_SHARING",
        _ => return None,
    })
}
