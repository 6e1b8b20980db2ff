//! Running a plan whose answer comes in parts: the fetches of the initial part first, then the others, and each deferred
//! fragment as soon as everything it reads is there. The payloads are those of the draft of 2022-08-24.
//!
//! The parts of an answer put together are what the whole would have been: they are projected from one arena, and a place
//! that one part had to make null stays null in all of them. Only a null that would leave its fragment stays inside: the
//! fragment's `data` is null then, and what was delivered before stands.

use bytes::Bytes;

use super::{ExecutionInput, FetchRecord, Run, too_large};
use crate::{
    error::{GraphQLError, PathSegment},
    plan::{ExecutablePlan, IncrementalDelivery, PendingFragment},
    response::{
        Nulled, Place, ProjectionInput, ProjectionResult, Step, find_places, project_part,
        to_segments,
    },
    supergraph::Supergraph,
};

/// A part of an answer.
#[derive(Debug, Clone)]
pub struct IncrementalPayload {
    /// Its JSON: `{"data":…,"hasNext":…}`, then any number of `{"incremental":[…],"hasNext":…}`.
    pub body: Bytes,
    /// How many errors it lists.
    pub error_count: usize,
    /// Whether another one follows.
    pub has_next: bool,
}

/// Executes a plan part by part; `deliver` is given each as soon as it is there, the initial one first. Like
/// [`execute`](super::execute) it never fails as a whole. Nothing goes on when the future is dropped.
pub async fn execute_incremental(
    supergraph: &Supergraph,
    plan: &ExecutablePlan,
    delivery: IncrementalDelivery,
    input: ExecutionInput<'_>,
    deliver: impl FnMut(IncrementalPayload) + Send,
) -> Vec<FetchRecord> {
    let mut run = Run::new(supergraph, plan, &input);
    run.hold(&delivery.deferred);
    run.fetch_all(&input, |_, _| ()).await;
    let mut writer = PayloadWriter {
        input: &input,
        pending: delivery.pending,
        reported: Vec::new(),
        nulled: Nulled::default(),
        lost: Vec::new(),
        written: 0,
        deliver,
    };
    writer.initial(&mut run, delivery.initial);
    if !writer.pending.is_empty() {
        writer.deliver_complete(&mut run);
        run.release(&delivery.deferred);
        run.fetch_all(&input, |run, fetch| writer.ended(run, fetch))
            .await;
    }
    run.records
}

impl Run<'_> {
    /// Keeps the deferred fetches from starting.
    fn hold(&mut self, deferred: &[bool]) {
        for (fetch, _) in only(deferred) {
            self.waits_for[fetch] += 1;
        }
        self.ready.retain(|fetch| !deferred[*fetch]);
    }

    /// Lets them start.
    fn release(&mut self, deferred: &[bool]) {
        for (fetch, _) in only(deferred) {
            self.waits_for[fetch] -= 1;
            if self.waits_for[fetch] == 0 {
                self.ready.push_back(fetch);
            }
        }
    }
}

fn only(deferred: &[bool]) -> impl Iterator<Item = (usize, &bool)> {
    deferred.iter().enumerate().filter(|(_, deferred)| **deferred)
}

/// An error that a subgraph reported.
struct Reported {
    error: GraphQLError,
    /// Whether some part lists it.
    listed: bool,
}

impl Reported {
    fn path(&self) -> &[PathSegment] {
        self.error.path.as_deref().unwrap_or_default()
    }
}

/// Writes payloads.
struct PayloadWriter<'i, 'a, D> {
    input: &'i ExecutionInput<'a>,
    /// Outer fragments come before those inside them.
    pending: Vec<PendingFragment>,
    reported: Vec<Reported>,
    nulled: Nulled,
    /// Where fragments turned out null: what is deferred inside them there has no place any more.
    lost: Vec<(usize, Vec<PathSegment>)>,
    /// Bytes of all payloads.
    written: usize,
    deliver: D,
}

impl<'a, D: FnMut(IncrementalPayload)> PayloadWriter<'_, 'a, D> {
    fn initial(&mut self, run: &mut Run<'a>, fields: usize) {
        let errors = self.belonging(run, |reported, run| {
            let path = reported.path();
            let counts = |field: &_| is_included(run, field);
            run.plan.projection.follow(fields, path, counts) == path.len()
        });
        let place = Place {
            object: run.root,
            fields,
            path: Vec::new(),
        };
        let mut body = b"{\"data\":".to_vec();
        let result = self.project(run, place, errors, &mut body);
        if result != ProjectionResult::Object {
            // Nothing is left that a fragment could be a part of.
            self.pending.clear();
        }
        let has_next = !self.pending.is_empty();
        let error_count = self.write_errors(run, Vec::new(), &mut body);
        self.send(body, error_count, has_next);
    }

    /// Delivers what only waited for this fetch.
    fn ended(&mut self, run: &mut Run<'a>, fetch: usize) {
        for pending in &mut self.pending {
            pending.waits_for.retain(|waited| *waited != fetch);
        }
        self.deliver_complete(run);
    }

    /// Delivers the fragments that wait for nothing.
    fn deliver_complete(&mut self, run: &mut Run<'a>) {
        let mut waiting: Vec<PendingFragment> = Vec::new();
        let mut complete = Vec::new();
        for pending in std::mem::take(&mut self.pending) {
            let is_early = |other: &PendingFragment| pending.ancestors.contains(&other.position);
            if pending.waits_for.is_empty() && !waiting.iter().any(is_early) {
                complete.push(pending);
            } else {
                waiting.push(pending);
            }
        }
        self.pending = waiting;
        if complete.is_empty() {
            return;
        }
        let mut body = b"{\"incremental\":[".to_vec();
        let empty = body.len();
        let mut error_count = 0;
        for fragment in &complete {
            for place in self.places(run, fragment) {
                if body.len() > empty {
                    body.push(b',');
                }
                error_count += self.entry(run, fragment, place, &mut body);
                if self.written + body.len() > self.input.max_response_bytes {
                    // Everything else would be too much as well.
                    self.pending.clear();
                    break;
                }
            }
        }
        let has_next = !self.pending.is_empty();
        if body.len() > empty {
            body.push(b']');
        } else if has_next {
            return;
        } else {
            body.truncate(1);
        }
        if !has_next {
            error_count += self.write_rest(run, &mut body);
        }
        self.send(body, error_count, has_next);
    }
}
