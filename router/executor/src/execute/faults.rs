//! The errors of one request: what subgraphs reported, what failed to be fetched, and what projection found wrong.

use std::borrow::Cow;

use serde_json::Value;

use super::ErrorPolicy;
use crate::{
    error::{ErrorCode, GraphQLError},
    response::{FailureId, Step, to_segments},
    schema::Schema,
    supergraph::{SubgraphId, Supergraph},
};

/// A failed fetch: the error to show wherever the answer misses what it was to bring.
struct Failure {
    error: GraphQLError,
    shown: bool,
}

/// Collects errors up to a limit and counts the rest.
pub(crate) struct Faults<'a> {
    supergraph: &'a Supergraph,
    policy: &'a ErrorPolicy,
    request_id: &'a str,
    max: usize,
    total: usize,
    errors: Vec<GraphQLError>,
    failures: Vec<Failure>,
}

impl<'a> Faults<'a> {
    pub(crate) fn new(
        supergraph: &'a Supergraph,
        policy: &'a ErrorPolicy,
        request_id: &'a str,
        max: usize,
    ) -> Self {
        let (errors, failures) = (Vec::new(), Vec::new());
        Self {
            supergraph,
            policy,
            request_id,
            max,
            total: 0,
            errors,
            failures,
        }
    }

    pub(crate) fn schema(&self) -> &'a Schema {
        self.supergraph.public()
    }

    pub(crate) fn add(&mut self, error: GraphQLError) {
        self.total += 1;
        if self.errors.len() < self.max {
            self.errors.push(error);
        }
    }

    pub(crate) fn add_at(
        &mut self,
        path: &[Step<'_>],
        code: ErrorCode,
        service: Option<SubgraphId>,
        message: Cow<'static, str>,
    ) {
        let mut error = GraphQLError::new(code, message).at(to_segments(path));
        if let Some(entry) = service.and_then(|service| self.supergraph.subgraph(service)) {
            error = error.from_service(&entry.name);
        }
        self.add(error);
    }

    /// Remembers a failure; it is listed where the answer lacks what failed, or without a path if nowhere.
    pub(crate) fn fail(&mut self, error: GraphQLError) -> FailureId {
        self.failures.push(Failure {
            error,
            shown: false,
        });
        u32::try_from(self.failures.len() - 1).unwrap_or(u32::MAX)
    }

    /// Remembers a failure whose error is listed already.
    pub(crate) fn fail_listed(&mut self, error: GraphQLError) -> FailureId {
        self.failures.push(Failure { error, shown: true });
        u32::try_from(self.failures.len() - 1).unwrap_or(u32::MAX)
    }

    /// Lists a failure at a place of the answer, unless an error there says why already.
    pub(crate) fn add_failure(&mut self, path: &[Step<'_>], failure: FailureId) {
        let explained = self.explains(path);
        let Some(failure) = self.failures.get_mut(failure as usize) else {
            return;
        };
        failure.shown = true;
        if !explained {
            let error = failure.error.clone().at(to_segments(path));
            self.add(error);
        }
    }

    /// Whether a listed error is at this place, above it or below it.
    pub(crate) fn explains(&self, path: &[Step<'_>]) -> bool {
        self.errors
            .iter()
            .filter_map(|error| error.path.as_ref())
            .any(|listed| {
                path.iter()
                    .zip(listed)
                    .all(|(step, segment)| step.is(segment))
            })
    }

    /// A subgraph's own error as clients may see it.
    pub(crate) fn shown(&self, subgraph: SubgraphId, reported: &Value) -> GraphQLError {
        let exposed = self.policy.exposure.includes(subgraph);
        let extensions = reported.get("extensions").and_then(Value::as_object);
        let code = extensions
            .and_then(|extensions| extensions.get("code"))
            .and_then(Value::as_str)
            .filter(|code| exposed || self.policy.allowed_codes.iter().any(|known| known == code));
        let passes = exposed || (code.is_some() && self.policy.messages_with_allowed_code);
        let message = match reported.get("message").and_then(Value::as_str) {
            Some(message) if passes => Cow::Owned(message.to_owned()),
            _ => self.policy.masked_message.clone(),
        };
        let mut error = GraphQLError::new(ErrorCode::Internal, message);
        for (key, value) in extensions.into_iter().flatten() {
            let passes = exposed || self.policy.allowed_extensions.contains(key);
            if key != "code" && passes {
                error.extensions.insert(key.clone(), value.clone());
            }
        }
        if let Some(code) = code {
            error
                .extensions
                .insert("code".to_owned(), Value::from(code));
        }
        match self.supergraph.subgraph(subgraph) {
            Some(entry) => error.from_service(&entry.name),
            None => error,
        }
    }

    /// Forgets everything for one error about the whole answer.
    pub(crate) fn replace_all(&mut self, error: GraphQLError) {
        self.errors = vec![error];
        self.failures.clear();
        self.total = 1;
    }

    /// Lists failures that were shown nowhere, and returns how many errors there were in all.
    pub(crate) fn finish(&mut self) -> usize {
        self.list_unshown();
        self.sign();
        self.total
    }

    /// Lists failures that were shown nowhere.
    pub(super) fn list_unshown(&mut self) {
        for failure in std::mem::take(&mut self.failures) {
            if !failure.shown {
                self.add(failure.error);
            }
        }
    }

    fn sign(&mut self) {
        if !self.request_id.is_empty() {
            for error in &mut self.errors {
                error
                    .extensions
                    .insert("requestId".to_owned(), Value::from(self.request_id));
            }
        }
    }

    /// Takes what was reported since the last part of the answer.
    pub(super) fn take_reported(&mut self) -> Vec<GraphQLError> {
        std::mem::take(&mut self.errors)
    }

    /// Begins a part of the answer, with errors that belong there.
    pub(super) fn begin_part(&mut self, mut errors: Vec<GraphQLError>) {
        errors.truncate(self.max);
        self.errors = errors;
    }

    /// Writes the errors of a part as its last member, if it has any; returns their number.
    pub(super) fn end_part(&mut self, out: &mut Vec<u8>) -> usize {
        self.sign();
        let listed = self.errors.len();
        if listed > 0 {
            out.extend_from_slice(b",\"errors\":");
            self.write(out);
        }
        self.errors.clear();
        // The limit is that of all parts together.
        self.max -= listed;
        listed
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (position, error) in self.errors.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            out.extend_from_slice(error.to_json().to_string().as_bytes());
        }
        out.push(b']');
    }
}
