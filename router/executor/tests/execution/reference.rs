//! The general path: a plain interpreter of the same plans over JSON values, wave by wave, without slots, slices,
//! deduplicated targets or a dependency graph. Slow and short; what the executor answers is compared with it.

use bytes::Bytes;
use coko_executor::{
    ExecutablePlan, Normalized, OperationKind, SubgraphRequest, SubgraphTransport, Variables,
};
use futures::future::{BoxFuture, FutureExt};
use graphql_tools::static_graphql::schema::{Type, TypeDefinition};
use hive_router_query_planner::{
    ast::{
        operation::SubgraphFetchOperation,
        selection_item::SelectionItem,
        selection_set::{FieldSelection, SelectionSet},
    },
    planner::plan_nodes::{FetchRewrite, FlattenNodePathSegment, PlanNode},
    state::supergraph_state::{SupergraphDefinition, TypeNode},
};
use http::HeaderMap;
use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;

use crate::kit::World;

/// What stands where a fetch failed.
fn failed() -> Json {
    json!({"$failed": true})
}

fn is_failed(value: &Json) -> bool {
    value.get("$failed").is_some()
}

pub(crate) struct Reference<'a> {
    world: &'a World,
    variables: &'a Variables,
    data: Json,
    /// Whether the answer must list an error.
    pub(crate) faulty: bool,
}

/// One `_entities` call: its key, variable, paths, requirements and rewrites.
struct Entities<'p> {
    key: String,
    variable: String,
    paths: Vec<Vec<&'p FlattenNodePathSegment>>,
    requires: &'p SelectionSet,
    rewrites: &'p [FetchRewrite],
}

impl<'a> Reference<'a> {
    pub(crate) fn new(world: &'a World, variables: &'a Variables) -> Self {
        Self {
            world,
            variables,
            data: json!({}),
            faulty: false,
        }
    }

    /// The `data` of the answer.
    pub(crate) async fn run(&mut self, plan: &ExecutablePlan, normalized: &Normalized) -> Json {
        if let Some(node) = plan.query_plan().and_then(|plan| plan.node.as_ref()) {
            self.node(node, Vec::new()).await;
        }
        let data = std::mem::take(&mut self.data);
        let Some(operation) = normalized.operation() else {
            return json!({});
        };
        self.object(&data, "Query", &[&operation.selection_set])
            .unwrap_or(Json::Null)
    }

    fn node<'f, 'p: 'f>(
        &'f mut self,
        node: &'p PlanNode,
        path: Vec<&'p FlattenNodePathSegment>,
    ) -> BoxFuture<'f, ()> {
        async move {
            match node {
                PlanNode::Sequence(sequence) => {
                    for node in &sequence.nodes {
                        self.node(node, path.clone()).await;
                    }
                }
                PlanNode::Parallel(parallel) => {
                    for node in &parallel.nodes {
                        self.node(node, path.clone()).await;
                    }
                }
                PlanNode::Flatten(flatten) => {
                    let path = path.into_iter().chain(flatten.path.as_slice()).collect();
                    self.node(&flatten.node, path).await;
                }
                PlanNode::Condition(condition) => {
                    let value = self.variables.get(&condition.condition) == Some(&json!(true));
                    let clause = if value {
                        &condition.if_clause
                    } else {
                        &condition.else_clause
                    };
                    if let Some(clause) = clause {
                        self.node(clause, path).await;
                    }
                }
                PlanNode::Fetch(fetch) => {
                    assert!(fetch.output_rewrites.is_none(), "not interpreted here");
                    match &fetch.requires {
                        None => self.root(&fetch.service_name, &fetch.operation).await,
                        Some(requires) => {
                            let entities = Entities {
                                key: "_entities".to_owned(),
                                variable: "representations".to_owned(),
                                paths: vec![path],
                                requires,
                                rewrites: fetch.input_rewrites.as_deref().unwrap_or_default(),
                            };
                            self.entities(&fetch.service_name, &fetch.operation, &[entities])
                                .await;
                        }
                    }
                }
                PlanNode::BatchFetch(batch) => {
                    let entities: Vec<_> = batch
                        .entity_batch
                        .aliases
                        .iter()
                        .map(|alias| Entities {
                            key: alias.alias.clone(),
                            variable: alias.representations_variable_name.clone(),
                            paths: alias
                                .merge_paths
                                .iter()
                                .map(|path| path.as_slice().iter().collect())
                                .collect(),
                            requires: &alias.requires,
                            rewrites: alias.input_rewrites.as_deref().unwrap_or_default(),
                        })
                        .collect();
                    self.entities(&batch.service_name, &batch.operation, &entities)
                        .await;
                }
                PlanNode::Subscription(_) | PlanNode::Defer(_) => panic!("not planned"),
            }
        }
        .boxed()
    }

    /// The `data` a subgraph answers; `None` when it gives none.
    async fn call(
        &self,
        service: &str,
        operation: &SubgraphFetchOperation,
        mut variables: Map<String, Json>,
    ) -> Option<Json> {
        for definition in operation
            .document
            .operation
            .variable_definitions
            .iter()
            .flatten()
        {
            if let Some(value) = self.variables.get(&definition.name) {
                variables.insert(definition.name.clone(), value.clone());
            }
        }
        let body = json!({"query": operation.document_str, "variables": variables});
        let entries = self.world.supergraph.subgraphs();
        let subgraph = entries
            .iter()
            .find(|entry| entry.name == service)
            .unwrap()
            .id;
        let request = SubgraphRequest {
            layout: None,
            subgraph,
            body: Bytes::from(body.to_string()),
            kind: OperationKind::Query,
            headers: &HeaderMap::new(),
            deadline: Instant::now() + self.world.timeout,
            files: None,
        };
        let reply = self.world.call(request).await.ok()?;
        let mut answer: Json = serde_json::from_slice(&reply.body).ok()?;
        let data = answer.get_mut("data")?.take();
        data.is_object().then_some(data)
    }

    async fn root(&mut self, service: &str, operation: &SubgraphFetchOperation) {
        let data = self.call(service, operation, Map::new()).await;
        if let Some(data) = data {
            merge(&mut self.data, data, &self.world.supergraph);
        } else {
            self.faulty = true;
            let keys = keys(&operation.document.operation.selection_set, operation);
            mark(&mut self.data, &keys);
        }
    }

    async fn entities(
        &mut self,
        service: &str,
        operation: &SubgraphFetchOperation,
        calls: &[Entities<'_>],
    ) {
        let mut variables = Map::new();
        let mut targets = Vec::new();
        for call in calls {
            let keys = entity_keys(operation, &call.key);
            let mut pointers = Vec::new();
            for path in &call.paths {
                self.find(&self.data, path, String::new(), &mut pointers);
            }
            let mut representations: Vec<Json> = Vec::new();
            let mut found: Vec<(String, usize)> = Vec::new();
            for pointer in pointers {
                let target = self.data.pointer(&pointer).unwrap();
                match self.represent(target, call.requires, call.rewrites, None) {
                    Ok(representation) => {
                        let known = representations
                            .iter()
                            .position(|one| *one == representation);
                        let position = known.unwrap_or_else(|| {
                            representations.push(representation);
                            representations.len() - 1
                        });
                        found.push((pointer, position));
                    }
                    Err(false) => {}
                    Err(true) => mark(self.data.pointer_mut(&pointer).unwrap(), &keys),
                }
            }
            variables.insert(call.variable.clone(), json!(representations));
            targets.push((found, representations.len(), keys));
        }
        if targets.iter().all(|(_, count, _)| *count == 0) {
            return;
        }
        let data = self.call(service, operation, variables).await;
        self.faulty |= data.is_none();
        for (call, (found, count, keys)) in calls.iter().zip(targets) {
            let list = data
                .as_ref()
                .and_then(|data| data.get(&call.key))
                .and_then(Json::as_array);
            let list = list.filter(|list| list.len() == count);
            self.faulty |= list.is_none();
            for (pointer, position) in found {
                let target = self.data.pointer_mut(&pointer).unwrap();
                match list.map(|list| &list[position]) {
                    Some(Json::Null) => {}
                    Some(entity @ Json::Object(_)) => {
                        merge(target, entity.clone(), &self.world.supergraph);
                    }
                    _ => {
                        self.faulty = true;
                        mark(target, &keys);
                    }
                }
            }
        }
    }

    fn find(
        &self,
        value: &Json,
        path: &[&FlattenNodePathSegment],
        pointer: String,
        found: &mut Vec<String>,
    ) {
        match (path, value) {
            ([], Json::Object(_)) if !is_failed(value) => found.push(pointer),
            ([FlattenNodePathSegment::Field(key), rest @ ..], Json::Object(object)) => {
                if let Some(value) = object.get(key) {
                    self.find(value, rest, format!("{pointer}/{key}"), found);
                }
            }
            ([FlattenNodePathSegment::List, rest @ ..], Json::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.find(item, rest, format!("{pointer}/{index}"), found);
                }
            }
            ([FlattenNodePathSegment::TypeCondition(types), rest @ ..], Json::Object(_)) => {
                let name = type_name(value);
                if name.is_none_or(|name| types.iter().any(|ty| satisfies(self.world, name, ty))) {
                    self.find(value, rest, pointer, found);
                }
            }
            _ => {}
        }
    }

    /// The representation, or whether it fails because of a failed fetch.
    fn represent(
        &self,
        target: &Json,
        requires: &SelectionSet,
        rewrites: &[FetchRewrite],
        declared: Option<&str>,
    ) -> Result<Json, bool> {
        let name = type_name(target).or(declared).ok_or(false)?;
        let mut out = Map::new();
        self.represent_fields(target, name, requires, rewrites, &mut out)?;
        if out.is_empty() {
            Err(false)
        } else {
            Ok(Json::Object(out))
        }
    }

    fn represent_fields(
        &self,
        target: &Json,
        name: &str,
        set: &SelectionSet,
        rewrites: &[FetchRewrite],
        out: &mut Map<String, Json>,
    ) -> Result<(), bool> {
        for item in &set.items {
            match item {
                SelectionItem::Field(field) if field.name == "__typename" => {
                    let rewritten = rewrites.iter().find_map(|rewrite| match rewrite {
                        FetchRewrite::ValueSetter(setter) => Some(setter.set_value_to.as_str()),
                        FetchRewrite::KeyRenamer(_) => None,
                    });
                    out.insert("__typename".to_owned(), json!(rewritten.unwrap_or(name)));
                }
                SelectionItem::Field(field) => {
                    let key = field.selection_identifier();
                    let definition = self.world.supergraph.state().definitions.get(name);
                    let definition = definition.and_then(|definition| definition.fields().get(key));
                    let ty = definition.map(|definition| &definition.field_type);
                    let value = target.get(&field.name).unwrap_or(&Json::Null);
                    if is_failed(value) {
                        return Err(true);
                    }
                    if value.is_null() && ty.is_some_and(TypeNode::is_non_null) {
                        return Err(false);
                    }
                    let below = (!field.selections.is_empty()).then_some(&field.selections);
                    let declared = ty.map(TypeNode::inner_type);
                    out.insert(
                        key.to_owned(),
                        self.represent_value(value, below, declared)?,
                    );
                }
                SelectionItem::InlineFragment(fragment) => {
                    if satisfies(self.world, name, &fragment.type_condition) {
                        self.represent_fields(target, name, &fragment.selections, rewrites, out)?;
                    }
                }
                SelectionItem::FragmentSpread(_) => panic!("no spreads in requirements"),
            }
        }
        Ok(())
    }

    fn represent_value(
        &self,
        value: &Json,
        below: Option<&SelectionSet>,
        declared: Option<&str>,
    ) -> Result<Json, bool> {
        match (value, below) {
            (Json::Null, _) | (_, None) => Ok(value.clone()),
            (Json::Array(items), Some(_)) => items
                .iter()
                .map(|item| self.represent_value(item, below, declared))
                .collect(),
            (Json::Object(_), Some(set)) => self.represent(value, set, &[], declared),
            _ => Err(false),
        }
    }

    /// The object in the answer; `None` when a non-null field of it is null.
    fn object(&mut self, data: &Json, name: &str, sets: &[&SelectionSet]) -> Option<Json> {
        let mut collected: Vec<(&str, Vec<&FieldSelection>)> = Vec::new();
        for set in sets {
            self.collect(name, set, &mut collected);
        }
        let mut out = Map::new();
        for (key, fields) in collected {
            let value = if fields[0].name == "__typename" {
                json!(name)
            } else {
                let schema = self.world.supergraph.public_schema();
                let definition = schema.type_by_name(name)?.field_by_name(&fields[0].name)?;
                let sets: Vec<_> = fields.iter().map(|field| &field.selections).collect();
                self.value(
                    data.get(key).unwrap_or(&Json::Null),
                    &definition.field_type,
                    &sets,
                )?
            };
            out.insert(key.to_owned(), value);
        }
        Some(Json::Object(out))
    }

    fn collect<'s>(
        &self,
        name: &str,
        set: &'s SelectionSet,
        collected: &mut Vec<(&'s str, Vec<&'s FieldSelection>)>,
    ) {
        for item in &set.items {
            match item {
                SelectionItem::Field(field) => {
                    let key = field.selection_identifier();
                    match collected.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, fields)) => fields.push(field),
                        None => collected.push((key, vec![field])),
                    }
                }
                SelectionItem::InlineFragment(fragment) => {
                    if satisfies(self.world, name, &fragment.type_condition) {
                        self.collect(name, &fragment.selections, collected);
                    }
                }
                SelectionItem::FragmentSpread(_) => panic!("normalized away"),
            }
        }
    }

    /// The value in the answer; `None` when it is null and may not be.
    fn value(&mut self, value: &Json, ty: &Type, sets: &[&SelectionSet]) -> Option<Json> {
        if let Type::NonNullType(inner) = ty {
            let value = self
                .value(value, inner, sets)
                .filter(|value| !value.is_null());
            self.faulty |= value.is_none();
            return value;
        }
        if is_failed(value) {
            self.faulty = true;
            return Some(Json::Null);
        }
        if value.is_null() {
            return Some(Json::Null);
        }
        let written = match (ty, value) {
            (Type::ListType(inner), Json::Array(items)) => items
                .iter()
                .map(|item| self.value(item, inner, sets))
                .collect(),
            (Type::NamedType(name), _) => {
                match self.world.supergraph.public_schema().type_by_name(name) {
                    Some(TypeDefinition::Object(_)) if value.is_object() => {
                        self.object(value, name, sets)
                    }
                    Some(TypeDefinition::Interface(_) | TypeDefinition::Union(_))
                        if value.is_object() =>
                    {
                        match type_name(value) {
                            Some(concrete) if satisfies(self.world, concrete, name) => {
                                self.object(value, concrete, sets)
                            }
                            Some(_) => None,
                            // Without conditions the type need not be known.
                            None => {
                                let mut items = sets.iter().flat_map(|set| &set.items);
                                let uniform =
                                    items.all(|item| matches!(item, SelectionItem::Field(_)));
                                if uniform {
                                    self.object(value, name, sets)
                                } else {
                                    None
                                }
                            }
                        }
                    }
                    Some(TypeDefinition::Enum(definition)) => {
                        let known = definition
                            .values
                            .iter()
                            .any(|known| value == known.name.as_str());
                        known.then(|| value.clone())
                    }
                    _ => leaf(name, value),
                }
            }
            _ => None,
        };
        self.faulty |= written.is_none();
        Some(written.unwrap_or(Json::Null))
    }
}

/// The object's type, also when it was answered under the alias these queries use.
fn type_name(value: &Json) -> Option<&str> {
    value
        .get("__typename")
        .or_else(|| value.get("kind"))
        .and_then(Json::as_str)
}

fn leaf(name: &str, value: &Json) -> Option<Json> {
    match name {
        "Int" => value
            .as_i64()
            .filter(|whole| i32::try_from(*whole).is_ok())
            .map(|whole| json!(whole)),
        "Float" => value.is_number().then(|| value.clone()),
        "String" => value.is_string().then(|| value.clone()),
        "Boolean" => value.is_boolean().then(|| value.clone()),
        "ID" => match value {
            Json::String(_) => Some(value.clone()),
            Json::Number(number) => number.is_i64().then(|| json!(number.to_string())),
            _ => None,
        },
        _ => None,
    }
}

fn satisfies(world: &World, name: &str, condition: &str) -> bool {
    let state = world.supergraph.state();
    name == condition
        || state
            .interface_members(condition)
            .is_some_and(|members| members.contains(name))
        || matches!(state.definitions.get(condition), Some(SupergraphDefinition::Union(union))
            if union.types.iter().any(|member| member == name))
}

fn merge(target: &mut Json, source: Json, supergraph: &coko_executor::Supergraph) {
    match (target, source) {
        (Json::Object(target), Json::Object(source)) => {
            for (key, value) in source {
                match target.get_mut(&key) {
                    None => {
                        target.insert(key, value);
                    }
                    Some(existing) if key == "__typename" => {
                        let schema = supergraph.public_schema();
                        let name = existing.as_str().and_then(|name| schema.type_by_name(name));
                        if !matches!(name, Some(TypeDefinition::Object(_))) && !value.is_null() {
                            *existing = value;
                        }
                    }
                    Some(existing) if is_failed(existing) => *existing = value,
                    Some(existing) => merge(existing, value, supergraph),
                }
            }
        }
        (Json::Array(target), Json::Array(source)) => {
            if target.len() == source.len() {
                for (target, source) in target.iter_mut().zip(source) {
                    merge(target, source, supergraph);
                }
            }
        }
        (_, Json::Null) => {}
        (target, source) => *target = source,
    }
}

fn mark(target: &mut Json, keys: &[String]) {
    for key in keys {
        if let Json::Object(target) = target {
            target.entry(key.clone()).or_insert_with(failed);
        }
    }
}

fn entity_keys(operation: &SubgraphFetchOperation, key: &str) -> Vec<String> {
    let items = &operation.document.operation.selection_set.items;
    let field = items.iter().find_map(|item| match item {
        SelectionItem::Field(field) if field.selection_identifier() == key => Some(field),
        _ => None,
    });
    keys(&field.unwrap().selections, operation)
}

fn keys(set: &SelectionSet, operation: &SubgraphFetchOperation) -> Vec<String> {
    let mut found = Vec::new();
    for item in &set.items {
        match item {
            SelectionItem::Field(field) if field.name == "__typename" => {}
            SelectionItem::Field(field) => found.push(field.selection_identifier().to_owned()),
            SelectionItem::InlineFragment(fragment) => {
                found.extend(keys(&fragment.selections, operation));
            }
            SelectionItem::FragmentSpread(name) => {
                let fragments = &operation.document.fragments;
                let fragment = fragments
                    .iter()
                    .find(|fragment| &fragment.name == name)
                    .unwrap();
                found.extend(keys(&fragment.selection_set, operation));
            }
        }
    }
    found
}
