//! A supergraph of test subgraphs: each parses the query it is sent and resolves it over literal JSON.
//!
//! In the data, `{"$error": message, "$code": code}` makes a field fail, and `{"$with": [fields]}` answers the text of
//! these fields of the representation, which is how `@requires` is observed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use coko_composition::{SubgraphSource, compose};
use coko_executor::{
    ErrorExposure, ErrorPolicy, ExecutablePlan, ExecutionInput, ExecutionOutput,
    IncrementalPayload, Normalized, PlanCancellation, PlanError, SubgraphReply, SubgraphRequest,
    SubgraphTransport, Supergraph, TransportError, Variables, coerce_variables, execute,
    execute_incremental, normalize, plan,
};
use futures::future::BoxFuture;
use graphql_tools::{
    parser::{parse_query, parse_schema},
    static_graphql::{
        query::{Definition, Document, Field, Selection, SelectionSet, TypeCondition, Value},
        schema,
    },
};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;

use crate::parts::check_divided;

/// How a subgraph answers.
#[derive(Clone, Default)]
pub(crate) enum Behaviour {
    #[default]
    Healthy,
    Down,
    /// Never.
    Hangs,
    /// With these bytes, whatever it is asked.
    Says(StatusCode, Vec<u8>),
    /// Its right answer, changed.
    Changed(Arc<dyn Fn(Json) -> Json + Send + Sync>),
}

/// One subgraph.
#[derive(Clone)]
pub(crate) struct Subgraph {
    pub(crate) name: &'static str,
    pub(crate) sdl: String,
    pub(crate) query: Json,
    pub(crate) mutation: Json,
    /// Objects with `__typename`; found by the fields named in `keys`.
    pub(crate) entities: Vec<Json>,
    pub(crate) keys: &'static [&'static str],
    pub(crate) behaviour: Behaviour,
    pub(crate) latency: Duration,
    supertypes: HashMap<String, Vec<String>>,
}

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \
    \"@requires\", \"@provides\", \"@external\", \"@shareable\", \"@override\", \"@inaccessible\", \
    \"@interfaceObject\", \"@tag\", \"@composeDirective\", \"@authenticated\", \"@requiresScopes\", \"@policy\"])\n";

impl Subgraph {
    pub(crate) fn new(name: &'static str, sdl: &str) -> Self {
        let parsed = parse_schema::<String>(sdl).unwrap().into_static();
        let mut supertypes: HashMap<String, Vec<String>> = HashMap::new();
        for definition in &parsed.definitions {
            match definition {
                schema::Definition::TypeDefinition(schema::TypeDefinition::Object(object)) => {
                    let parents = supertypes.entry(object.name.clone()).or_default();
                    parents.extend(object.implements_interfaces.clone());
                }
                schema::Definition::TypeDefinition(schema::TypeDefinition::Union(union)) => {
                    for member in &union.types {
                        supertypes
                            .entry(member.clone())
                            .or_default()
                            .push(union.name.clone());
                    }
                }
                _ => {}
            }
        }
        Self {
            name,
            sdl: format!("{LINK}{sdl}"),
            query: json!({}),
            mutation: json!({}),
            entities: Vec::new(),
            keys: &["id"],
            behaviour: Behaviour::Healthy,
            latency: Duration::from_millis(10),
            supertypes,
        }
    }

    /// Puts an extension of the schema before the SDL.
    pub(crate) fn linking(mut self, extension: &str) -> Self {
        self.sdl.insert_str(0, &format!("{extension}\n"));
        self
    }

    /// What composition is given of it.
    pub(crate) fn source(&self) -> SubgraphSource {
        SubgraphSource {
            name: self.name.to_owned(),
            url: format!("http://{}.test/graphql", self.name),
            sdl: self.sdl.clone(),
        }
    }

    pub(crate) fn query(mut self, data: Json) -> Self {
        self.query = data;
        self
    }

    pub(crate) fn mutation(mut self, data: Json) -> Self {
        self.mutation = data;
        self
    }

    pub(crate) fn entities(mut self, entities: Json) -> Self {
        self.entities.clone_from(entities.as_array().unwrap());
        self
    }

    pub(crate) fn keys(mut self, keys: &'static [&'static str]) -> Self {
        self.keys = keys;
        self
    }

    pub(crate) fn latency(mut self, milliseconds: u64) -> Self {
        self.latency = Duration::from_millis(milliseconds);
        self
    }

    fn answer(&self, body: &Json) -> Json {
        let query = body["query"].as_str().unwrap();
        let document = parse_query::<String>(query).unwrap().into_static();
        let mut resolution = Resolution {
            subgraph: self,
            document: &document,
            variables: &body["variables"],
            errors: Vec::new(),
        };
        let operation = document
            .definitions
            .iter()
            .find_map(|definition| match definition {
                Definition::Operation(operation) => Some(operation),
                Definition::Fragment(_) => None,
            });
        let is_mutation = query.starts_with("mutation");
        let root = if is_mutation {
            &self.mutation
        } else {
            &self.query
        };
        let type_name = if is_mutation { "Mutation" } else { "Query" };
        let selection = operation.unwrap().selection_set();
        let data = resolution.object(root, type_name, selection, &json!({}), &mut Vec::new());
        if resolution.errors.is_empty() {
            json!({ "data": data })
        } else {
            json!({ "data": data, "errors": resolution.errors })
        }
    }

    fn entity(&self, representation: &Json) -> Option<&Json> {
        self.entities.iter().find(|entity| {
            let wanted = representation["__typename"].as_str().unwrap();
            let name = entity["__typename"].as_str().unwrap();
            let parents = self.supertypes.get(name);
            (name == wanted
                || parents.is_some_and(|parents| parents.iter().any(|name| name == wanted)))
                && self.keys.iter().all(|key| {
                    representation.get(key).is_none() || entity[key] == representation[key]
                })
        })
    }
}

struct Resolution<'a> {
    subgraph: &'a Subgraph,
    document: &'a Document,
    variables: &'a Json,
    errors: Vec<Json>,
}

impl Resolution<'_> {
    fn object(
        &mut self,
        data: &Json,
        type_name: &str,
        selection: &SelectionSet,
        representation: &Json,
        path: &mut Vec<Json>,
    ) -> Json {
        let mut out = Map::new();
        self.fields(data, type_name, selection, representation, path, &mut out);
        Json::Object(out)
    }

    fn fields(
        &mut self,
        data: &Json,
        type_name: &str,
        selection: &SelectionSet,
        representation: &Json,
        path: &mut Vec<Json>,
        out: &mut Map<String, Json>,
    ) {
        for item in &selection.items {
            let (condition, directives, inner) = match item {
                Selection::Field(field) => {
                    if !self.included(&field.directives) {
                        continue;
                    }
                    let key = field.alias.as_ref().unwrap_or(&field.name).clone();
                    path.push(json!(key));
                    let value = self.field(data, type_name, field, representation, path);
                    path.pop();
                    let slot = out.entry(key).or_insert(Json::Null);
                    merge(slot, value);
                    continue;
                }
                Selection::InlineFragment(fragment) => (
                    fragment.type_condition.as_ref(),
                    &fragment.directives,
                    &fragment.selection_set,
                ),
                Selection::FragmentSpread(spread) => {
                    let fragment =
                        self.document
                            .definitions
                            .iter()
                            .find_map(|definition| match definition {
                                Definition::Fragment(fragment)
                                    if fragment.name == spread.fragment_name =>
                                {
                                    Some(fragment)
                                }
                                _ => None,
                            });
                    let fragment = fragment.unwrap();
                    let condition = Some(&fragment.type_condition);
                    (condition, &spread.directives, &fragment.selection_set)
                }
            };
            let applies = condition.is_none_or(|TypeCondition::On(name)| {
                name == type_name
                    || self
                        .subgraph
                        .supertypes
                        .get(type_name)
                        .is_some_and(|parents| parents.contains(name))
            });
            if applies && self.included(directives) {
                self.fields(data, type_name, inner, representation, path, out);
            }
        }
    }

    fn included(&self, directives: &[graphql_tools::static_graphql::query::Directive]) -> bool {
        directives.iter().all(|directive| {
            let value = match &directive.arguments[0].1 {
                Value::Boolean(value) => *value,
                Value::Variable(name) => self.variables[name].as_bool().unwrap_or(false),
                other => panic!("a condition must be Boolean: {other}"),
            };
            value == (directive.name == "include")
        })
    }

    fn field(
        &mut self,
        data: &Json,
        type_name: &str,
        field: &Field,
        representation: &Json,
        path: &mut Vec<Json>,
    ) -> Json {
        if field.name == "__typename" {
            return json!(type_name);
        }
        if field.name == "_entities" {
            let Value::Variable(name) = &field.arguments[0].1 else {
                panic!("no variable")
            };
            let representations = self.variables[name].as_array().unwrap().clone();
            let subgraph = self.subgraph;
            return (0..)
                .zip(&representations)
                .map(|(index, representation): (u32, _)| {
                    path.push(json!(index));
                    let value = match subgraph.entity(representation) {
                        Some(entity) => {
                            self.value(entity, &field.selection_set, representation, path)
                        }
                        None => Json::Null,
                    };
                    path.pop();
                    value
                })
                .collect();
        }
        let arguments: Vec<String> = field
            .arguments
            .iter()
            .map(|(name, value)| match value {
                Value::Variable(variable) => format!("{name}:{}", self.variables[variable]),
                value => format!("{name}:{value}"),
            })
            .collect();
        let with_arguments = format!("{}({})", field.name, arguments.join(","));
        let value = data.get(&with_arguments).or_else(|| data.get(&field.name));
        let value = value.cloned().unwrap_or(Json::Null);
        self.value(&value, &field.selection_set, representation, path)
    }

    fn value(
        &mut self,
        value: &Json,
        selection: &SelectionSet,
        representation: &Json,
        path: &mut Vec<Json>,
    ) -> Json {
        match value {
            Json::Array(items) => (0..)
                .zip(items)
                .map(|(index, item): (u32, _)| {
                    path.push(json!(index));
                    let item = self.value(item, selection, representation, path);
                    path.pop();
                    item
                })
                .collect(),
            Json::Object(object) if object.contains_key("$error") => {
                self.errors.push(json!({
                    "message": object["$error"],
                    "path": path,
                    "extensions": { "code": object.get("$code") },
                }));
                Json::Null
            }
            Json::Object(object) if object.contains_key("$with") => {
                let fields = object["$with"].as_array().unwrap();
                let texts = fields
                    .iter()
                    .map(|field| representation[field.as_str().unwrap()].to_string());
                json!(texts.collect::<Vec<_>>().join("+"))
            }
            Json::Object(object) if !selection.items.is_empty() => {
                let type_name = object
                    .get("__typename")
                    .and_then(Json::as_str)
                    .unwrap_or("?");
                let type_name = type_name.to_owned();
                self.object(value, &type_name, selection, representation, path)
            }
            other => other.clone(),
        }
    }
}

fn merge(slot: &mut Json, value: Json) {
    match (slot, value) {
        (Json::Object(slot), Json::Object(value)) => {
            for (key, value) in value {
                merge(slot.entry(key).or_insert(Json::Null), value);
            }
        }
        (Json::Array(slot), Json::Array(value)) if slot.len() == value.len() => {
            for (slot, value) in slot.iter_mut().zip(value) {
                merge(slot, value);
            }
        }
        (slot, value) => *slot = value,
    }
}

/// A request as a subgraph saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) subgraph: &'static str,
    pub(crate) query: String,
    pub(crate) variables: Json,
}

/// The subgraphs behind one supergraph.
pub(crate) struct World {
    pub(crate) supergraph: Supergraph,
    pub(crate) subgraphs: Vec<Subgraph>,
    pub(crate) seen: Mutex<Vec<Seen>>,
    pub(crate) policy: ErrorPolicy,
    pub(crate) introspection: bool,
    pub(crate) max_errors: usize,
    pub(crate) max_response_bytes: usize,
    pub(crate) timeout: Duration,
}

impl World {
    pub(crate) fn new(subgraphs: Vec<Subgraph>) -> Self {
        let sources: Vec<SubgraphSource> = subgraphs.iter().map(Subgraph::source).collect();
        let sdl = compose(&sources).unwrap().sdl;
        Self::with_sdl(&sdl, subgraphs)
    }

    pub(crate) fn with_sdl(sdl: &str, subgraphs: Vec<Subgraph>) -> Self {
        Self {
            supergraph: Supergraph::parse(sdl).unwrap(),
            subgraphs,
            seen: Mutex::new(Vec::new()),
            policy: ErrorPolicy {
                exposure: ErrorExposure::All,
                ..ErrorPolicy::default()
            },
            introspection: true,
            max_errors: 100,
            max_response_bytes: 1 << 20,
            timeout: Duration::from_secs(5),
        }
    }

    pub(crate) fn behaving(mut self, name: &str, behaviour: Behaviour) -> Self {
        self.subgraphs
            .iter_mut()
            .find(|subgraph| subgraph.name == name)
            .unwrap()
            .behaviour = behaviour;
        self
    }

    /// The named subgraph answers with these bytes and status 200.
    pub(crate) fn saying(self, name: &str, body: &str) -> Self {
        self.behaving(
            name,
            Behaviour::Says(StatusCode::OK, body.as_bytes().to_vec()),
        )
    }

    /// The named subgraph's right answer is changed.
    pub(crate) fn changing(
        self,
        name: &str,
        change: impl Fn(Json) -> Json + Send + Sync + 'static,
    ) -> Self {
        self.behaving(name, Behaviour::Changed(Arc::new(change)))
    }

    pub(crate) fn normalize(&self, query: &str) -> Normalized {
        let document = parse_query::<String>(query).unwrap().into_static();
        normalize(&self.supergraph, &document, None).unwrap()
    }

    fn try_plan(&self, query: &str) -> Result<ExecutablePlan, PlanError> {
        let normalized = self.normalize(query);
        plan(&self.supergraph, &normalized, &PlanCancellation::new())
    }

    pub(crate) fn can_plan(&self, query: &str) -> bool {
        self.try_plan(query).is_ok()
    }

    pub(crate) fn plan(&self, query: &str) -> ExecutablePlan {
        self.try_plan(query).unwrap()
    }

    /// Plans a query, and coerces its variables.
    pub(crate) fn prepare(&self, query: &str, variables: &Json) -> (ExecutablePlan, Variables) {
        let normalized = self.normalize(query);
        let plan = plan(&self.supergraph, &normalized, &PlanCancellation::new()).unwrap();
        let provided = variables.as_object().cloned().unwrap_or_default();
        let variables = coerce_variables(&self.supergraph, &normalized, &provided).unwrap();
        (plan, variables)
    }

    fn input<'a>(&'a self, variables: &'a Variables, headers: &'a HeaderMap) -> ExecutionInput<'a> {
        ExecutionInput {
            variables,
            headers,
            deadline: Instant::now() + self.timeout,
            transport: self,
            request_id: "",
            errors: &self.policy,
            max_errors: self.max_errors,
            introspection: self.introspection,
            max_response_bytes: self.max_response_bytes,
            files: None,
        }
    }

    pub(crate) async fn output(&self, query: &str, variables: Json) -> ExecutionOutput {
        let (plan, variables) = self.prepare(query, &variables);
        self.execute(&plan, &variables).await
    }

    pub(crate) async fn execute(
        &self,
        plan: &ExecutablePlan,
        variables: &Variables,
    ) -> ExecutionOutput {
        self.seen.lock().unwrap().clear();
        let headers = HeaderMap::new();
        execute(&self.supergraph, plan, self.input(variables, &headers)).await
    }

    /// The payloads of an answer in parts, each with how many requests were sent before it; none when it comes whole.
    pub(crate) async fn execute_in_parts(
        &self,
        plan: &ExecutablePlan,
        variables: &Variables,
    ) -> Vec<(Json, usize)> {
        self.seen.lock().unwrap().clear();
        let Some(delivery) = plan.incremental_delivery(variables) else {
            return Vec::new();
        };
        let mut payloads = Vec::new();
        let headers = HeaderMap::new();
        let input = self.input(variables, &headers);
        let deliver = |payload: IncrementalPayload| {
            let json: Json = serde_json::from_slice(&payload.body).unwrap();
            assert_eq!(json["hasNext"], payload.has_next);
            payloads.push((json, self.seen.lock().unwrap().len()));
        };
        execute_incremental(&self.supergraph, plan, delivery, input, deliver).await;
        payloads
    }

    pub(crate) async fn payloads(&self, query: &str, variables: Json) -> Vec<(Json, usize)> {
        let (plan, variables) = self.prepare(query, &variables);
        self.execute_in_parts(&plan, &variables).await
    }

    pub(crate) async fn run_with(&self, query: &str, variables: Json) -> Json {
        let output = self.output(query, variables).await;
        let answer: Json = serde_json::from_slice(&output.body).unwrap();
        let errors = answer
            .get("errors")
            .and_then(Json::as_array)
            .map_or(0, Vec::len);
        assert_eq!(output.error_count, errors);
        assert_eq!(output.is_data_null, answer["data"].is_null());
        answer
    }

    pub(crate) async fn run(&self, query: &str) -> Json {
        self.run_with(query, json!({})).await
    }

    /// Runs a query that must succeed, and returns its data. In parts it is the same.
    pub(crate) async fn data(&self, query: &str) -> Json {
        let answer = self.run(query).await;
        assert_eq!(
            answer.get("errors"),
            None,
            "{answer:#}\n{}",
            self.plan(query).pretty()
        );
        let seen = self.seen.lock().unwrap().clone();
        check_divided(self, query, &json!({})).await;
        *self.seen.lock().unwrap() = seen;
        answer["data"].clone()
    }

    /// The subgraphs asked, in order.
    pub(crate) fn asked(&self) -> Vec<&'static str> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .map(|seen| seen.subgraph)
            .collect()
    }

    pub(crate) fn requests(&self, name: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|seen| seen.subgraph == name)
            .cloned()
            .collect()
    }
}

impl SubgraphTransport for World {
    fn call<'a>(
        &'a self,
        request: SubgraphRequest<'a>,
    ) -> BoxFuture<'a, Result<SubgraphReply, TransportError>> {
        let name = &self.supergraph.subgraph(request.subgraph).unwrap().name;
        let subgraph = self
            .subgraphs
            .iter()
            .find(|subgraph| subgraph.name == name.as_str())
            .unwrap();
        let body: Json = serde_json::from_slice(&request.body).unwrap();
        self.seen.lock().unwrap().push(Seen {
            subgraph: subgraph.name,
            query: body["query"].as_str().unwrap().to_owned(),
            variables: body["variables"].clone(),
        });
        Box::pin(async move {
            tokio::time::sleep(subgraph.latency).await;
            let (status, body) = match &subgraph.behaviour {
                Behaviour::Healthy => (StatusCode::OK, subgraph.answer(&body).to_string().into()),
                Behaviour::Down => {
                    return Err(TransportError::Connect("connection refused".to_owned()));
                }
                Behaviour::Hangs => return std::future::pending().await,
                Behaviour::Says(status, body) => (*status, body.clone()),
                Behaviour::Changed(change) => (
                    StatusCode::OK,
                    change(subgraph.answer(&body)).to_string().into(),
                ),
            };
            Ok(SubgraphReply {
                status,
                headers: HeaderMap::new(),
                body: Bytes::from(body),
            })
        })
    }
}

/// Each error as `path: code service`, sorted.
pub(crate) fn summary(answer: &Json) -> Vec<String> {
    let mut lines: Vec<String> = answer
        .get("errors")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .map(|error| {
            let path: Vec<String> = error
                .get("path")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
                .map(|segment| segment.as_str().map_or(segment.to_string(), str::to_owned))
                .collect();
            let code = error["extensions"]["code"].as_str().unwrap_or("-");
            let service = error["extensions"]["service"].as_str().unwrap_or("-");
            format!("{}: {code} {service}", path.join("."))
        })
        .collect();
    lines.sort();
    lines
}
