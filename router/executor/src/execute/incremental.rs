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
    json::write_string,
    plan::{ExecutablePlan, FieldSetId, IncrementalDelivery, PendingFragment, ProjectedField},
    response::{
        Expected, Nulled, Place, ProjectionInput, ProjectionResult, Step, find_places,
        project_part, to_segments,
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
    /// How many fetches have ended by now.
    pub fetches: usize,
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
        is_full: false,
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
        for fetch in only(deferred) {
            self.waits_for[fetch] += 1;
        }
        self.ready.retain(|fetch| !deferred[*fetch]);
    }

    /// Lets them start.
    fn release(&mut self, deferred: &[bool]) {
        for fetch in only(deferred) {
            self.waits_for[fetch] -= 1;
            if self.waits_for[fetch] == 0 {
                self.ready.push_back(fetch);
            }
        }
    }

    /// How far a path leads through what a part shows of an object.
    fn sees(&self, fields: FieldSetId, path: &[PathSegment]) -> usize {
        let counts = |field: &ProjectedField| field.is_included(&self.conditions);
        self.plan.projection.follow(fields, path, counts)
    }
}

fn only(deferred: &[bool]) -> impl Iterator<Item = usize> {
    (0..deferred.len()).filter(|fetch| deferred[*fetch])
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
    /// Whether they are all that an answer may have.
    is_full: bool,
    deliver: D,
}

impl<'a, D: FnMut(IncrementalPayload)> PayloadWriter<'_, 'a, D> {
    fn initial(&mut self, run: &mut Run<'a>, fields: FieldSetId) {
        let errors = self.belonging(run, |reported, run| {
            let path = reported.path();
            run.sees(fields, path) == path.len()
        });
        let place = Place {
            object: run.root,
            expected: Expected::Fields(fields),
            path: Vec::new(),
        };
        let mut body = b"{\"data\":".to_vec();
        if self.project(run, place, errors, &mut body) != ProjectionResult::Object {
            // Nothing is left that a fragment could be a part of.
            self.pending.clear();
        }
        let is_last = self.pending.is_empty();
        if is_last {
            self.list_rest(run);
        }
        let error_count = run.faults.end_part(&mut body);
        self.send(run, body, error_count, !is_last);
    }

    /// Delivers what only waited for this fetch.
    fn ended(&mut self, run: &mut Run<'a>, fetch: usize) {
        for pending in &mut self.pending {
            pending.waits_for.retain(|waited| *waited != fetch);
        }
        self.deliver_complete(run);
    }

    /// Delivers the fragments that wait for nothing, each after those around it.
    fn deliver_complete(&mut self, run: &mut Run<'a>) {
        let mut waiting: Vec<PendingFragment> = Vec::new();
        let mut complete = Vec::new();
        for pending in std::mem::take(&mut self.pending) {
            let is_around = |other: &PendingFragment| pending.ancestors.contains(&other.position);
            if pending.waits_for.is_empty() && !waiting.iter().any(is_around) {
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
        let (empty, mut error_count) = (body.len(), 0);
        for fragment in &complete {
            for place in self.places(run, fragment) {
                // After the limit nothing is worth looking at.
                if !self.is_full {
                    if body.len() > empty {
                        body.push(b',');
                    }
                    error_count += self.entry(run, fragment, place, &mut body);
                }
            }
        }
        let has_entries = body.len() > empty;
        let is_last = self.pending.is_empty();
        let (mut rest, mut rest_count) = (Vec::new(), 0);
        if is_last {
            self.take_reported(run);
            run.faults.begin_part(Vec::new());
            self.list_rest(run);
            rest_count = run.faults.end_part(&mut rest);
        }
        // Clients look for errors either in entries or in the payload: what belongs to no entry has a payload of its own.
        if has_entries {
            body.push(b']');
            self.send(run, body, error_count, !is_last || rest_count > 0);
        }
        if is_last && (!has_entries || rest_count > 0) {
            let errors = rest.strip_prefix(b",").unwrap_or_default();
            self.send(run, [b"{", errors].concat(), rest_count, false);
        }
    }

    /// Where a fragment is to be delivered.
    fn places(&self, run: &Run<'a>, fragment: &PendingFragment) -> Vec<Place<'a>> {
        let mut places = find_places(
            &run.arena,
            run.plan,
            &run.conditions,
            &self.nulled,
            run.root,
            fragment,
        );
        if !self.lost.is_empty() {
            places.retain(|place| {
                let path = to_segments(&place.path);
                !self.lost.iter().any(|(ancestor, lost)| {
                    fragment.ancestors.contains(ancestor) && path.starts_with(lost)
                })
            });
        }
        places
    }

    /// Writes a fragment in one of its places; returns how many errors it lists.
    fn entry(
        &mut self,
        run: &mut Run<'a>,
        fragment: &PendingFragment,
        place: Place<'a>,
        body: &mut Vec<u8>,
    ) -> usize {
        let base = to_segments(&place.path);
        let expected = place.expected;
        let errors = self.belonging(run, |reported, run| {
            let rest = reported.path().strip_prefix(base.as_slice());
            rest.is_some_and(|rest| match (rest, expected) {
                // It is about the object itself, which others may have shown.
                ([], _) => !reported.listed,
                (rest, Expected::Fields(fields)) => run.sees(fields, rest) == rest.len(),
                (_, Expected::Type(_)) => false,
            })
        });
        body.extend_from_slice(b"{\"data\":");
        let path = place.path.clone();
        if self.project(run, place, errors, body) != ProjectionResult::Object {
            self.lost.push((fragment.position, base));
        }
        body.extend_from_slice(b",\"path\":[");
        for (position, step) in path.iter().enumerate() {
            if position > 0 {
                body.push(b',');
            }
            match step {
                Step::Key(key) => write_string(key, body),
                Step::Index(index) => body.extend_from_slice(index.to_string().as_bytes()),
            }
        }
        body.push(b']');
        body.extend_from_slice(&fragment.label);
        let error_count = run.faults.end_part(body);
        body.push(b'}');
        error_count
    }

    /// Writes the value of a part's `data`.
    fn project(
        &mut self,
        run: &mut Run<'a>,
        place: Place<'a>,
        errors: Vec<GraphQLError>,
        body: &mut Vec<u8>,
    ) -> ProjectionResult {
        let start = body.len();
        let limit = self.input.max_response_bytes.saturating_sub(self.written);
        run.faults.begin_part(errors);
        let projection = ProjectionInput {
            arena: &run.arena,
            plan: run.plan,
            conditions: &run.conditions,
            introspection: run.introspection(self.input),
            max_bytes: limit,
            nulled: Some(&self.nulled),
        };
        let (result, nulled) = project_part(&projection, place, &mut run.faults, body);
        if result == ProjectionResult::TooLarge || body.len() > limit {
            body.truncate(start);
            body.extend_from_slice(b"null");
            run.faults.begin_part(vec![too_large(self.input)]);
            self.is_full = true;
            self.pending.clear();
            return ProjectionResult::TooLarge;
        }
        if result == ProjectionResult::Object {
            self.nulled.extend(nulled);
        }
        result
    }

    fn take_reported(&mut self, run: &mut Run<'a>) {
        let reported = run.faults.take_reported().into_iter();
        self.reported.extend(reported.map(|error| Reported {
            error,
            listed: false,
        }));
    }

    /// The reported errors that belong to a part.
    fn belonging(
        &mut self,
        run: &mut Run<'a>,
        belongs: impl Fn(&Reported, &Run<'a>) -> bool,
    ) -> Vec<GraphQLError> {
        self.take_reported(run);
        let mut errors = Vec::new();
        for reported in &mut self.reported {
            if belongs(reported, run) {
                reported.listed = true;
                errors.push(reported.error.clone());
            }
        }
        errors
    }

    /// Lists what no part was about.
    fn list_rest(&mut self, run: &mut Run<'a>) {
        let reported = std::mem::take(&mut self.reported).into_iter();
        for reported in reported.filter(|reported| !reported.listed) {
            run.faults.add(reported.error);
        }
        run.faults.list_unshown();
    }

    fn send(&mut self, run: &Run<'a>, mut body: Vec<u8>, error_count: usize, has_next: bool) {
        if body.len() > 1 {
            body.push(b',');
        }
        body.extend_from_slice(if has_next {
            b"\"hasNext\":true}"
        } else {
            b"\"hasNext\":false}"
        });
        self.written += body.len();
        (self.deliver)(IncrementalPayload {
            body: Bytes::from(body),
            error_count,
            fetches: run.records.len(),
            has_next,
        });
    }
}
