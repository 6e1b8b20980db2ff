//! GraphQL errors as they appear in an answer (specification section 7.1.2) and their closed list of codes.
//!
//! What a client may see of a subgraph's own error is decided in `execute`; this module only holds the shapes.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// One step of an error's `path`: a response key (alias or field name) or a list index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathSegment {
    /// A response key.
    Key(Box<str>),
    /// A zero-based position in a list.
    Index(u32),
}

/// The codes this crate puts in `extensions.code`, a part of the platform's closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request itself is not usable, for example an unknown operation name.
    BadRequest,
    /// A variable does not fit its declared type.
    ValidationFailed,
    /// The caller may not do this, for example introspect a schema that is closed.
    Forbidden,
    /// A subgraph could not be reached or did not answer with a GraphQL response.
    DownstreamUnavailable,
    /// A subgraph, or the whole request, took longer than its deadline.
    Timeout,
    /// The answer would be larger than the limit.
    PayloadTooLarge,
    /// A subgraph failed, or broke the contract of its schema.
    Internal,
}

impl ErrorCode {
    /// The code as clients read it, for example `DOWNSTREAM_UNAVAILABLE`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::ValidationFailed => "VALIDATION_FAILED",
            Self::Forbidden => "FORBIDDEN",
            Self::DownstreamUnavailable => "DOWNSTREAM_UNAVAILABLE",
            Self::Timeout => "TIMEOUT",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// One entry of an answer's `errors` list.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphQLError {
    /// What went wrong, for a developer reading the answer.
    pub message: Cow<'static, str>,
    /// Where in the document, as (line, column), both from 1.
    pub locations: Vec<(usize, usize)>,
    /// Where in the answer; `None` when the error concerns the whole request.
    pub path: Option<Vec<PathSegment>>,
    /// `extensions`, always with `code`, and `service` when a subgraph is the cause.
    pub extensions: Map<String, Value>,
}

impl GraphQLError {
    /// An error with a code and no position.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        let mut extensions = Map::new();
        extensions.insert("code".to_owned(), Value::from(code.as_str()));
        Self {
            message: message.into(),
            locations: Vec::new(),
            path: None,
            extensions,
        }
    }

    /// The same error, at a position of the answer.
    #[must_use]
    pub fn at(mut self, path: Vec<PathSegment>) -> Self {
        self.path = Some(path);
        self
    }

    /// The same error with the name of the subgraph that caused it.
    #[must_use]
    pub fn from_service(mut self, service: &str) -> Self {
        self.extensions
            .insert("service".to_owned(), Value::from(service));
        self
    }

    /// The value of `extensions.code`.
    pub fn code(&self) -> Option<&str> {
        self.extensions.get("code").and_then(Value::as_str)
    }

    /// The error as a JSON object, keys in the specification's order.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("message".to_owned(), Value::from(self.message.as_ref()));
        if !self.locations.is_empty() {
            let locations = self
                .locations
                .iter()
                .map(|(line, column)| serde_json::json!({ "line": line, "column": column }));
            object.insert("locations".to_owned(), locations.collect());
        }
        if let Some(path) = &self.path {
            let path = path.iter().map(|segment| match segment {
                PathSegment::Key(key) => Value::from(key.as_ref()),
                PathSegment::Index(index) => Value::from(*index),
            });
            object.insert("path".to_owned(), path.collect());
        }
        object.insert(
            "extensions".to_owned(),
            Value::Object(self.extensions.clone()),
        );
        Value::Object(object)
    }
}
