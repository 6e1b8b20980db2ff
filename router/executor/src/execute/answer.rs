//! Taking in an answer: reading it, translating its errors to the client's paths, merging its data. Whatever a
//! subgraph sends, only what this fetch was to bring is affected.

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value as Json;

use super::{
    FetchOutcome, Run,
    call::{Call, CallTargets},
};
use crate::{
    error::{ErrorCode, GraphQLError, PathSegment},
    json::JsonError,
    plan::{EntityInput, EntityOutput, FetchWork, Selection, Shapes},
    response::{Arena, FailureId, Merger, ObjectId, Reader, Target, TargetPaths, TargetSet, Value},
    transport::SubgraphReply,
};

/// A call and the reply to it.
pub(super) struct Answered<'c> {
    pub(super) call: &'c Call<'c>,
    pub(super) reply: SubgraphReply,
}

/// The parts of a GraphQL response (specification section 7.1).
#[derive(Default)]
struct Envelope {
    data: Data,
    errors: Vec<Json>,
}

#[derive(Default)]
enum Data {
    #[default]
    Missing,
    Null,
    /// Root fields, as one object.
    Root(Value),
    /// For each output of the fetch, what stands under its key.
    Entities(Vec<Entities>),
}

#[derive(Default, Clone)]
enum Entities {
    #[default]
    Missing,
    Null,
    List(Vec<Value>),
}

/// What is known about the errors when data is merged.
struct Reported {
    count: usize,
    /// The first one, for what is null without an error of its own.
    first: Option<FailureId>,
    /// The first one without a path.
    pathless: Option<FailureId>,
}

impl Answered<'_> {
    pub(super) fn merge_into(self, run: &mut Run<'_>) -> FetchOutcome {
        match self.try_merge(run) {
            Ok(0) => FetchOutcome::Answered,
            Ok(errors) => FetchOutcome::Errors(errors),
            Err(message) => {
                let code = ErrorCode::DownstreamUnavailable;
                run.fail_call(self.call, GraphQLError::new(code, message));
                FetchOutcome::Failed(code)
            }
        }
    }

    /// The number of errors, or why the reply is no GraphQL response.
    fn try_merge(&self, run: &mut Run<'_>) -> Result<usize, &'static str> {
        const MALFORMED: &str = "The service's answer is not a GraphQL response.";
        let plan = run.plan;
        let fetch = &plan.fetches[self.call.fetch];
        let success = self.reply.status.is_success();
        let body = self.reply.body.clone();
        if std::str::from_utf8(&body).is_err() || u32::try_from(body.len()).is_err() {
            return Err(MALFORMED);
        }
        let buffer = run.arena.add_buffer(body.clone(), fetch.subgraph);
        let schema = run.supergraph.full();
        let reader = Reader::new(&body, buffer, &mut run.arena, &plan.shapes, schema);
        let envelope = read_envelope(reader, &body, &fetch.work).map_err(|_| {
            if success {
                MALFORMED
            } else {
                "The service answered with an error status."
            }
        })?;
        if envelope.errors.is_empty() {
            if !success {
                return Err("The service answered with an error status.");
            }
            if matches!(envelope.data, Data::Missing | Data::Null) {
                return Err("The service's answer has no data.");
            }
        }
        let reported = self.report(run, &envelope.errors);
        match (&fetch.work, &self.call.targets, envelope.data) {
            (_, _, Data::Missing | Data::Null) => {
                if let Some(failure) = reported.first {
                    run.mark_call(self.call, failure);
                }
            }
            (
                FetchWork::Root { selection, .. },
                CallTargets::Root(targets),
                Data::Root(Value::Object(source)),
            ) => merge_root(run, targets, source, selection),
            (
                FetchWork::Entities { outputs, .. },
                CallTargets::Entities(sets),
                Data::Entities(answers),
            ) => {
                for (output, answer) in outputs.iter().zip(answers) {
                    merge_entities(
                        run,
                        self.call,
                        output,
                        &sets[output.input],
                        answer,
                        &reported,
                    );
                }
            }
            _ => return Err(MALFORMED),
        }
        Ok(reported.count)
    }

    /// Lists the errors that have a place in the client's answer, and remembers the others.
    fn report(&self, run: &mut Run<'_>, errors: &[Json]) -> Reported {
        let fetch = &run.plan.fetches[self.call.fetch];
        let mut reported = Reported {
            count: errors.len(),
            first: None,
            pathless: None,
        };
        let mut bases = None;
        for error in errors {
            let shown = run.faults.shown(fetch.subgraph, error);
            let path = error.get("path").and_then(Json::as_array);
            let paths = path.map_or_else(Vec::new, |path| {
                let bases = bases.get_or_insert_with(|| Bases::find(run, self.call));
                bases.translate(run, self.call, path)
            });
            let failure = if paths.is_empty() {
                let failure = run.faults.fail(shown);
                reported.pathless.get_or_insert(failure);
                failure
            } else {
                for path in paths {
                    let path = run.plan.projection.visible(path);
                    let error = shown.clone();
                    run.faults.add(if path.is_empty() {
                        error
                    } else {
                        error.at(path)
                    });
                }
                run.faults.fail_listed(shown)
            };
            reported.first.get_or_insert(failure);
        }
        reported
    }
}

fn read_envelope(
    mut reader: Reader<'_>,
    body: &[u8],
    work: &FetchWork,
) -> Result<Envelope, JsonError> {
    let mut envelope = Envelope::default();
    if reader.scanner.peek() != Some(b'{') {
        return Err(JsonError {
            position: 0,
            expected: "an object",
        });
    }
    reader.scanner.open()?;
    let mut first = true;
    while let Some(key) = reader.scanner.next_key(&mut first)? {
        match key.raw {
            b"data" => {
                envelope.data = match (work, reader.scanner.peek()) {
                    (_, Some(b'n')) => {
                        reader.scanner.skip_value()?;
                        Data::Null
                    }
                    (FetchWork::Root { selection, .. }, _) => {
                        Data::Root(reader.value(Some(selection))?)
                    }
                    (FetchWork::Entities { outputs, .. }, Some(b'{')) => {
                        Data::Entities(read_entities(&mut reader, outputs)?)
                    }
                    (FetchWork::Entities { .. }, _) => {
                        return Err(JsonError {
                            position: reader.scanner.position(),
                            expected: "an object",
                        });
                    }
                };
            }
            b"errors" => {
                let (start, end) = reader.scanner.skip_value()?;
                // The slice is well-formed; anything but a list of errors counts as none.
                envelope.errors = serde_json::from_slice(&body[start..end]).unwrap_or_default();
            }
            _ => {
                reader.scanner.skip_value()?;
            }
        }
    }
    reader.scanner.finish()?;
    Ok(envelope)
}

fn read_entities(
    reader: &mut Reader<'_>,
    outputs: &[EntityOutput],
) -> Result<Vec<Entities>, JsonError> {
    let mut answers = vec![Entities::Missing; outputs.len()];
    reader.scanner.open()?;
    let mut first = true;
    while let Some(key) = reader.scanner.next_key(&mut first)? {
        let position = outputs
            .iter()
            .position(|output| output.key.as_bytes() == key.raw);
        match (position, reader.scanner.peek()) {
            (Some(position), Some(b'[')) => {
                answers[position] = Entities::List(reader.entities(&outputs[position].selection)?);
            }
            (Some(position), Some(b'n')) => {
                reader.scanner.skip_value()?;
                answers[position] = Entities::Null;
            }
            _ => {
                reader.scanner.skip_value()?;
            }
        }
    }
    Ok(answers)
}

fn merge_root(run: &mut Run<'_>, targets: &[ObjectId], source: ObjectId, selection: &Selection) {
    if targets.len() > 1 {
        share(&mut run.arena, source, selection);
    }
    let mut merger = merger(run);
    for target in targets {
        merger.object(*target, source, selection);
    }
}

/// Marks what is below an object as standing in several places.
fn share(arena: &mut Arena, source: ObjectId, selection: &Selection) {
    for field in &selection.fields {
        if field.child.is_some() {
            arena.share(source, field.slot);
        }
    }
}

fn merger<'r>(run: &'r mut Run<'_>) -> Merger<'r> {
    Merger {
        arena: &mut run.arena,
        schema: run.supergraph.full(),
    }
}

fn merge_entities(
    run: &mut Run<'_>,
    call: &Call<'_>,
    output: &EntityOutput,
    set: &TargetSet,
    answer: Entities,
    reported: &Reported,
) {
    let values = match answer {
        // The number must be the one asked for: otherwise it is unknown which entity is which.
        Entities::List(values) if values.len() == set.count as usize => values,
        Entities::Null | Entities::Missing if reported.first.is_some() => {
            let failure = reported.first.unwrap_or_default();
            for target in &set.targets {
                run.mark_failed(target.object, &output.selection, failure);
            }
            return;
        }
        _ => {
            let failure = invalid_entities(run, call);
            for target in &set.targets {
                run.mark_failed(target.object, &output.selection, failure);
            }
            return;
        }
    };
    let sources = Sources::new(run, values, &set.targets, &output.selection);
    let mut invalid = None;
    for target in &set.targets {
        match sources.of(target) {
            Value::Object(source) => {
                merger(run).object(target.object, source, &output.selection);
            }
            Value::Null => {
                if let Some(failure) = reported.pathless {
                    run.mark_failed(target.object, &output.selection, failure);
                }
            }
            _ => {
                let failure = *invalid.get_or_insert_with(|| invalid_entities(run, call));
                run.mark_failed(target.object, &output.selection, failure);
            }
        }
    }
}

/// From what each target is merged: targets of one group share what an entity brings, so that it is neither copied nor
/// written again; another group has a copy of its own, for what is fetched later for one must not show up in the other.
struct Sources {
    /// By representation.
    entities: Vec<Entity>,
    /// By representation and group.
    copies: FxHashMap<(u32, u32), Value>,
}

struct Entity {
    value: Value,
    /// The group that has the value as it came.
    group: u32,
    targets: usize,
}

impl Sources {
    fn new(
        run: &mut Run<'_>,
        values: Vec<Value>,
        targets: &[Target],
        selection: &Selection,
    ) -> Self {
        let entity = |value| Entity {
            value,
            group: 0,
            targets: 0,
        };
        let mut sources = Self {
            entities: values.into_iter().map(entity).collect(),
            copies: FxHashMap::default(),
        };
        if selection.fields.iter().all(|field| field.child.is_none()) {
            // Nothing is ever written into a leaf.
            return sources;
        }
        for target in targets {
            let entity = &mut sources.entities[target.representation as usize];
            if entity.targets == 0 {
                entity.group = target.group;
            }
            entity.targets += 1;
            if entity.group != target.group {
                let key = (target.representation, target.group);
                let copy = || run.arena.copy(entity.value, &run.plan.shapes);
                sources.copies.entry(key).or_insert_with(copy);
            }
        }
        let repeated = sources.entities.iter().filter(|entity| entity.targets > 1);
        let values = repeated.map(|entity| entity.value);
        for value in values.chain(sources.copies.values().copied()) {
            if let Value::Object(source) = value {
                share(&mut run.arena, source, selection);
            }
        }
        sources
    }

    fn of(&self, target: &Target) -> Value {
        let copy = self.copies.get(&(target.representation, target.group));
        copy.copied()
            .unwrap_or(self.entities[target.representation as usize].value)
    }
}

fn invalid_entities(run: &mut Run<'_>, call: &Call<'_>) -> FailureId {
    let message = "The service did not answer with the entities it was asked for.";
    let error = GraphQLError::new(ErrorCode::DownstreamUnavailable, message);
    let error = run.named(error, run.plan.fetches[call.fetch].subgraph);
    run.faults.fail(error)
}

/// Where the objects of a call stand in the client's answer.
struct Bases {
    paths: TargetPaths,
}

impl Bases {
    fn find(run: &Run<'_>, call: &Call<'_>) -> Self {
        let mut paths = TargetPaths::default();
        let shapes = &run.plan.shapes;
        match &run.plan.fetches[call.fetch].work {
            FetchWork::Root { path, .. } => {
                paths.add(&run.arena, shapes, run.root, path);
            }
            FetchWork::Entities { inputs, .. } => {
                for path in inputs.iter().flat_map(|input: &EntityInput| &input.paths) {
                    paths.add(&run.arena, shapes, run.root, path);
                }
            }
        }
        Self { paths }
    }

    /// The places in the client's answer of a path in the subgraph's; several when equal entities were asked once.
    fn translate(&self, run: &Run<'_>, call: &Call<'_>, path: &[Json]) -> Vec<Vec<PathSegment>> {
        let shapes = &run.plan.shapes;
        match (&run.plan.fetches[call.fetch].work, &call.targets) {
            (FetchWork::Root { selection, .. }, CallTargets::Root(targets)) => {
                let rest = below(shapes, selection, path);
                targets
                    .iter()
                    .flat_map(|object| self.at(*object, &rest))
                    .collect()
            }
            (FetchWork::Entities { outputs, .. }, CallTargets::Entities(sets)) => {
                let [Json::String(key), Json::Number(index), rest @ ..] = path else {
                    return Vec::new();
                };
                let output = outputs.iter().find(|output| *output.key == **key);
                let Some((output, index)) = output.zip(index.as_u64()) else {
                    return Vec::new();
                };
                let rest = below(shapes, &output.selection, rest);
                // Where paths meet, an object is a target of each.
                let mut met = FxHashSet::default();
                sets[output.input]
                    .targets
                    .iter()
                    .filter(|target| u64::from(target.representation) == index)
                    .filter(|target| met.insert(target.object))
                    .flat_map(|target| self.at(target.object, &rest))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn at<'b>(
        &'b self,
        object: ObjectId,
        rest: &'b [PathSegment],
    ) -> impl Iterator<Item = Vec<PathSegment>> + 'b {
        let bases = self.paths.of(object).iter();
        bases
            .map(move |base| base.iter().chain(rest).cloned().collect::<Vec<_>>())
            .filter(|path| !path.is_empty())
    }
}

/// The rest of a subgraph's path in the client's keys, as far as it leads.
fn below(shapes: &Shapes, selection: &Selection, path: &[Json]) -> Vec<PathSegment> {
    let mut translated = Vec::with_capacity(path.len());
    let mut selection = Some(selection);
    for segment in path {
        match segment {
            Json::String(key) => {
                let found = selection.and_then(|selection| {
                    let field = selection.fields.iter().find(|field| *field.key == **key)?;
                    Some((
                        shapes.key(selection.shape, field.slot),
                        field.child.as_ref(),
                    ))
                });
                let Some((key, child)) = found else { break };
                translated.push(PathSegment::Key(key.into()));
                selection = child;
            }
            Json::Number(index) => {
                let index = index.as_u64().and_then(|index| u32::try_from(index).ok());
                let Some(index) = index else { break };
                translated.push(PathSegment::Index(index));
            }
            _ => break,
        }
    }
    translated
}
