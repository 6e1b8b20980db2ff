//! Requests that end before they are executed: coded errors, the HTTP status and headers that go with them.

use coko_core::Code;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

/// One entry of a response's `errors`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GraphQLError {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Line and column in the document, both from 1.
    pub(crate) locations: Vec<(usize, usize)>,
    /// Response names from the root to the field at fault.
    pub(crate) path: Vec<String>,
    /// Further `extensions`.
    pub(crate) details: Map<String, Value>,
}

impl GraphQLError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            locations: Vec::new(),
            path: Vec::new(),
            details: Map::new(),
        }
    }

    pub(crate) fn at(mut self, line: usize, column: usize) -> Self {
        self.locations.push((line, column));
        self
    }

    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// The entry as JSON, with the code and the request id among its `extensions`.
    pub(crate) fn to_json(&self, request_id: &str) -> Value {
        let mut entry = Map::new();
        entry.insert("message".to_owned(), Value::from(self.message.as_str()));
        if !self.locations.is_empty() {
            let locations = self
                .locations
                .iter()
                .map(|(line, column)| json!({"line": line, "column": column}));
            entry.insert("locations".to_owned(), locations.collect());
        }
        if !self.path.is_empty() {
            entry.insert(
                "path".to_owned(),
                self.path.iter().map(String::as_str).collect(),
            );
        }
        let mut extensions = self.details.clone();
        extensions.insert("code".to_owned(), Value::from(self.code.as_str()));
        extensions.insert("requestId".to_owned(), Value::from(request_id));
        entry.insert("extensions".to_owned(), Value::Object(extensions));
        Value::Object(entry)
    }
}

/// Who the status is for (GraphQL over HTTP, section 6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// The HTTP request itself is refused: the status says so whatever the media type.
    Http(StatusCode),
    /// The request was well-formed and its GraphQL part is refused: `application/json` answers 200 for it, for clients
    /// that look into the body only; `application/graphql-response+json` answers with the given status.
    GraphQL(StatusCode),
}

/// A request that ends here.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) level: Level,
    pub(crate) errors: Vec<GraphQLError>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// The HTTP request is refused, with the status that its code stands for.
    pub(crate) fn http(code: Code, message: impl Into<String>) -> Self {
        Self::http_with(code.http_status(), code, message)
    }

    /// The HTTP request is refused with a status of its own.
    pub(crate) fn http_with(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self {
            level: Level::Http(status),
            errors: vec![GraphQLError::new(code, message)],
            headers: Vec::new(),
        }
    }

    /// The document or its variables are refused.
    pub(crate) fn graphql(errors: Vec<GraphQLError>) -> Self {
        let status = errors
            .first()
            .map_or(StatusCode::BAD_REQUEST, |error| error.code.http_status());
        Self {
            level: Level::GraphQL(status),
            errors,
            headers: Vec::new(),
        }
    }

    /// More than a limit allows: `limit` is its name in the configuration.
    pub(crate) fn limit(limit: &'static str, allowed: u64, found: impl Into<Value>) -> Self {
        let found = found.into();
        let counted = found
            .as_str()
            .map_or_else(|| found.to_string(), str::to_owned);
        let message = format!("The operation's {limit}: {counted}; at most {allowed} is accepted.");
        let error = GraphQLError::new(Code::CostLimitExceeded, message)
            .with("limit", limit)
            .with("allowed", allowed)
            .with("found", found);
        Self::graphql(vec![error])
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The method is not for this: `allow` lists those that are.
    pub(crate) fn method(allow: &'static str, message: &str) -> Self {
        Self::http_with(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest, message)
            .header(header::ALLOW, HeaderValue::from_static(allow))
    }

    /// The code of the first error, for logs and metrics.
    pub(crate) fn code(&self) -> Code {
        self.errors
            .first()
            .map_or(Code::Internal, |error| error.code)
    }
}

impl From<coko_core::Error> for Refusal {
    fn from(error: coko_core::Error) -> Self {
        let mut refusal = Self::http(error.code(), plain(error.message()));
        if let Some(wait) = error.retry_after() {
            refusal = refusal.header(header::RETRY_AFTER, seconds(wait));
        }
        if error.code() == Code::Unauthenticated {
            refusal = refusal.header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        refusal
    }
}

/// Seconds for `Retry-After`, rounded up so that a client that waits them is let in.
pub(crate) fn seconds(wait: std::time::Duration) -> HeaderValue {
    HeaderValue::from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

/// Core names its messages by Fluent keys; what a gateway says is for developers and in English.
fn plain(message: &str) -> String {
    match message {
        "core-unauthenticated" => "A valid access token is needed.".to_owned(),
        "core-forbidden" => "The access token does not permit this.".to_owned(),
        "core-rate-limited" => "Too many requests; try again later.".to_owned(),
        "core-unavailable" => "A service is not available; try again later.".to_owned(),
        "core-internal" => "Something went wrong on our side.".to_owned(),
        other => other.to_owned(),
    }
}
