//! Running a plan: fetches start as soon as what they wait for is there, answers are merged as they come, and the
//! result is projected once at the end.
//!
//! One request is one future: no task is spawned per fetch and nothing is locked.

mod answer;
mod call;
mod faults;
mod incremental;

use std::{borrow::Cow, collections::VecDeque, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};
use http::{HeaderMap, HeaderValue, StatusCode, header::CACHE_CONTROL};
use tokio::time::{Instant, timeout_at};

pub(crate) use self::faults::Faults;
pub use self::incremental::{IncrementalPayload, execute_incremental};
use self::{answer::Answered, call::Call};
use crate::{
    error::{ErrorCode, GraphQLError},
    files::Files,
    introspection::Introspection,
    plan::{ExecutablePlan, ShapeBuilder},
    response::{Arena, ObjectId, ProjectionInput, ProjectionResult, project},
    supergraph::{SubgraphId, Supergraph},
    transport::{SubgraphReply, SubgraphRequest, SubgraphTransport, TransportError},
    variables::Variables,
};

/// Whose own error messages reach clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ErrorExposure {
    /// No subgraph's: every message is replaced.
    #[default]
    None,
    /// These subgraphs'.
    Only(Vec<SubgraphId>),
    /// Every subgraph's.
    All,
}

impl ErrorExposure {
    fn includes(&self, subgraph: SubgraphId) -> bool {
        match self {
            Self::None => false,
            Self::Only(subgraphs) => subgraphs.contains(&subgraph),
            Self::All => true,
        }
    }
}

/// What of a subgraph's error a client sees.
#[derive(Debug, Clone)]
pub struct ErrorPolicy {
    /// Whose messages and extensions pass unchanged.
    pub exposure: ErrorExposure,
    /// Values of `extensions.code` that pass from any subgraph; another becomes `INTERNAL`.
    pub allowed_codes: Vec<String>,
    /// Further keys of `extensions` that pass from any subgraph.
    pub allowed_extensions: Vec<String>,
    /// What stands in for a message that does not pass.
    pub masked_message: Cow<'static, str>,
    /// Whether a message passes when its code is one of `allowed_codes`: such errors are written for clients.
    pub messages_with_allowed_code: bool,
}

impl Default for ErrorPolicy {
    fn default() -> Self {
        Self {
            exposure: ErrorExposure::None,
            allowed_codes: Vec::new(),
            allowed_extensions: Vec::new(),
            masked_message: Cow::Borrowed("The service failed to answer this part of the request."),
            messages_with_allowed_code: false,
        }
    }
}

/// What one request brings to a plan.
pub struct ExecutionInput<'a> {
    /// Coerced by [`crate::coerce_variables`].
    pub variables: &'a Variables,
    /// Headers to send to every subgraph.
    pub headers: &'a HeaderMap,
    /// The moment after which nothing is waited for.
    pub deadline: Instant,
    /// How subgraphs are reached.
    pub transport: &'a dyn SubgraphTransport,
    /// Put into `extensions.requestId` of every error; nothing is put when empty.
    pub request_id: &'a str,
    /// What of a subgraph's error a client sees.
    pub errors: &'a ErrorPolicy,
    /// How many errors are listed; further ones are only counted.
    pub max_errors: usize,
    /// Whether `__schema` and `__type` are answered.
    pub introspection: bool,
    /// The largest body written, in bytes.
    pub max_response_bytes: usize,
    /// The files that marks among the variables stand for.
    pub files: Option<&'a Files>,
}

/// How one fetch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchOutcome {
    /// Data and no errors.
    Answered,
    /// This many errors beside, or instead of, data.
    Errors(usize),
    /// No usable answer.
    Failed(ErrorCode),
}

/// What one fetch cost.
#[derive(Debug, Clone)]
pub struct FetchRecord {
    /// Whom it asked.
    pub subgraph: SubgraphId,
    /// From sending to the whole answer.
    pub duration: Duration,
    /// The size of the request body.
    pub bytes_sent: usize,
    /// The size of the answer's body; 0 without an answer.
    pub bytes_received: usize,
    /// How many distinct entities it asked for; 0 for root fields.
    pub representations: u32,
    /// The HTTP status, when there was one.
    pub status: Option<StatusCode>,
    /// How it ended.
    pub outcome: FetchOutcome,
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct ExecutionOutput {
    /// The complete JSON: `{"data":…}`, with `"errors"` when there are any.
    pub body: Bytes,
    /// How many errors there were, those beyond `max_errors` included.
    pub error_count: usize,
    /// Whether `data` is null, because a non-null root field is or because the answer was too large.
    pub is_data_null: bool,
    /// The `Cache-Control` of every subgraph answer, one entry per fetch, `None` where it had none.
    pub cache_control: Vec<Option<HeaderValue>>,
    /// Every fetch in the order of their ends.
    pub fetches: Vec<FetchRecord>,
}

/// Executes a plan. It never fails as a whole: whatever goes wrong is in the answer, where the specification puts it.
pub async fn execute(
    supergraph: &Supergraph,
    plan: &ExecutablePlan,
    input: ExecutionInput<'_>,
) -> ExecutionOutput {
    let mut run = Run::new(supergraph, plan, &input);
    run.fetch_all(&input, |_, _| ()).await;
    run.answer(&input)
}

/// Executes a subscription's plan for one event: `payload` is what the source answered, the rest of the plan is fetched for
/// it. Like [`execute`] it never fails as a whole; a payload that is no GraphQL response is an error of the answer.
pub async fn execute_event(
    supergraph: &Supergraph,
    plan: &ExecutablePlan,
    payload: Bytes,
    input: ExecutionInput<'_>,
) -> ExecutionOutput {
    let mut run = Run::new(supergraph, plan, &input);
    if let Some(source) = plan.source_fetch() {
        run.take_event(source, payload);
    }
    run.fetch_all(&input, |_, _| ()).await;
    run.answer(&input)
}

/// The state of one request.
struct Run<'a> {
    supergraph: &'a Supergraph,
    plan: &'a ExecutablePlan,
    variables: &'a Variables,
    files: Option<&'a Files>,
    arena: Arena,
    root: ObjectId,
    faults: Faults<'a>,
    /// The values of the plan's condition variables.
    conditions: Vec<bool>,
    /// For each fetch, how many it still waits for.
    waits_for: Vec<usize>,
    ready: VecDeque<usize>,
    records: Vec<FetchRecord>,
    cache_control: Vec<Option<HeaderValue>>,
    received: usize,
}

impl<'a> Run<'a> {
    fn new(
        supergraph: &'a Supergraph,
        plan: &'a ExecutablePlan,
        input: &ExecutionInput<'a>,
    ) -> Self {
        let mut arena = Arena::sized(&plan.sizes);
        let root = arena.add_object(ShapeBuilder::ROOT, &plan.shapes);
        let waits_for: Vec<usize> = plan.fetches.iter().map(|fetch| fetch.waits_for).collect();
        let ready = (0..waits_for.len())
            .filter(|fetch| waits_for[*fetch] == 0)
            .collect();
        Self {
            supergraph,
            plan,
            variables: input.variables,
            files: input.files,
            arena,
            root,
            faults: Faults::new(supergraph, input.errors, input.request_id, input.max_errors),
            conditions: plan.condition_values(input.variables),
            waits_for,
            ready,
            records: Vec::with_capacity(plan.fetches.len()),
            cache_control: Vec::with_capacity(plan.fetches.len()),
            received: 0,
        }
    }

    /// Runs every fetch that comes to be ready; `ended` hears of each.
    async fn fetch_all(
        &mut self,
        input: &ExecutionInput<'a>,
        mut ended: impl FnMut(&mut Self, usize),
    ) {
        let mut calls = FuturesUnordered::new();
        loop {
            while let Some(fetch) = self.ready.pop_front() {
                match self.prepare(fetch) {
                    Some(call) => calls.push(send(call, self.plan, input)),
                    None => {
                        self.finished(fetch);
                        ended(self, fetch);
                    }
                }
            }
            let Some((call, reply, duration)) = calls.next().await else {
                break;
            };
            let fetch = call.fetch;
            self.absorb(call, reply, duration);
            self.finished(fetch);
            ended(self, fetch);
        }
    }

    /// Puts an event in the place of the source's answer.
    fn take_event(&mut self, source: usize, payload: Bytes) {
        self.ready.retain(|fetch| *fetch != source);
        let reply = SubgraphReply {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: payload,
        };
        self.absorb(Call::event(source, self.root), Ok(reply), Duration::ZERO);
        self.finished(source);
    }

    /// Lets the fetches that waited for this one start.
    fn finished(&mut self, fetch: usize) {
        for dependent in &self.plan.fetches[fetch].dependents {
            self.waits_for[*dependent] -= 1;
            if self.waits_for[*dependent] == 0 {
                self.ready.push_back(*dependent);
            }
        }
    }

    fn absorb(
        &mut self,
        call: Call<'_>,
        reply: Result<SubgraphReply, TransportError>,
        duration: Duration,
    ) {
        let subgraph = self.plan.fetches[call.fetch].subgraph;
        let mut record = FetchRecord {
            subgraph,
            duration,
            bytes_sent: call.body.len(),
            bytes_received: 0,
            representations: call.representations(),
            status: None,
            outcome: FetchOutcome::Answered,
        };
        match reply {
            Ok(reply) => {
                record.bytes_received = reply.body.len();
                record.status = Some(reply.status);
                self.received += reply.body.len();
                self.cache_control
                    .push(reply.headers.get(CACHE_CONTROL).cloned());
                record.outcome = Answered { call: &call, reply }.merge_into(self);
            }
            Err(error) => {
                self.cache_control.push(None);
                record.outcome = FetchOutcome::Failed(error.code());
                let error = GraphQLError::new(error.code(), error.public_message());
                self.fail_call(&call, error);
            }
        }
        self.records.push(record);
    }

    /// What answers introspection, if it is allowed.
    fn introspection(&self, input: &ExecutionInput<'a>) -> Option<Introspection<'a>> {
        input.introspection.then(|| Introspection {
            schema: self.supergraph.public(),
            fragments: &self.plan.fragments,
            variables: self.variables,
        })
    }

    fn answer(mut self, input: &ExecutionInput<'a>) -> ExecutionOutput {
        // Without an answer to go by, about as much goes out as came in. A little more avoids growing at the end.
        let expected = match self.plan.sizes.answer.get() {
            0 => self.received,
            last => last,
        };
        let mut body = Vec::with_capacity(expected.min(input.max_response_bytes) + 256);
        body.extend_from_slice(b"{\"data\":");
        let projection = ProjectionInput {
            arena: &self.arena,
            plan: self.plan,
            conditions: &self.conditions,
            introspection: self.introspection(input),
            max_bytes: input.max_response_bytes,
            nulled: None,
        };
        let mut result = project(&projection, self.root, &mut self.faults, &mut body);
        if body.len() > input.max_response_bytes {
            result = ProjectionResult::TooLarge;
        }
        if result == ProjectionResult::TooLarge {
            body.clear();
            body.extend_from_slice(b"{\"data\":null");
            self.faults.replace_all(too_large(input));
        }
        let error_count = self.faults.finish();
        if error_count > 0 {
            body.extend_from_slice(b",\"errors\":");
            self.faults.write(&mut body);
        }
        body.push(b'}');
        self.plan.sizes.answer.set(body.len());
        self.arena.note(&self.plan.sizes);
        ExecutionOutput {
            body: Bytes::from(body),
            error_count,
            is_data_null: result != ProjectionResult::Object,
            cache_control: self.cache_control,
            fetches: self.records,
        }
    }
}

fn too_large(input: &ExecutionInput<'_>) -> GraphQLError {
    let limit = input.max_response_bytes;
    let message = format!("The answer is larger than {limit} bytes; ask for less.");
    GraphQLError::new(ErrorCode::PayloadTooLarge, message)
}

/// Sends a call; the deadline holds even when the transport does not keep it.
async fn send<'a>(
    mut call: Call<'a>,
    plan: &ExecutablePlan,
    input: &ExecutionInput<'a>,
) -> (Call<'a>, Result<SubgraphReply, TransportError>, Duration) {
    let started = Instant::now();
    let fetch = &plan.fetches[call.fetch];
    let request = SubgraphRequest {
        subgraph: fetch.subgraph,
        body: call.body.clone(),
        kind: fetch.kind,
        headers: input.headers,
        deadline: input.deadline,
        files: call.files.take(),
        layout: Some(call.layout(fetch)),
    };
    let reply = timeout_at(input.deadline, input.transport.call(request)).await;
    let reply = reply.unwrap_or(Err(TransportError::Timeout));
    (call, reply, started.elapsed())
}
