//! Where a subscription's events come from: the one root fetch that is asked once and answers many times
//! (specification section 6.2.3).

use bytes::Bytes;
use hive_router_query_planner::{
    ast::{
        fragment::FragmentDefinition,
        selection_item::SelectionItem,
        selection_set::{FieldSelection, SelectionSet},
        value::Value as Literal,
    },
    planner::plan_nodes::{FetchNode, PlanNode},
};
use serde_json::{Map, Value, json};

use super::{ExecutablePlan, FetchWork, PlanError};
use crate::{
    json::write_string, supergraph::SubgraphId, transport::OperationKind, variables::Variables,
};

/// What a subscription asks for once, for every event that follows.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionSource {
    /// Whom to ask.
    pub subgraph: SubgraphId,
    /// The JSON body: `{"query":…,"variables":{…}}`.
    pub body: Bytes,
    /// The root field's name in the schema.
    pub field: String,
    /// The root field's arguments, variables filled in; those not provided are left out.
    pub arguments: Map<String, Value>,
}

impl ExecutablePlan {
    /// The position of the fetch that is the source of a subscription.
    pub(crate) fn source_fetch(&self) -> Option<usize> {
        self.fetches
            .iter()
            .position(|fetch| fetch.kind == OperationKind::Subscription)
    }

    /// The request for a subscription's events; `None` for other operations, and when `@skip` or `@include` leave
    /// nothing to subscribe to.
    pub fn source(&self, variables: &Variables) -> Option<SubscriptionSource> {
        let fetch = &self.fetches[self.source_fetch()?];
        if !fetch.is_included(&self.condition_values(variables)) {
            return None;
        }
        let mut body = fetch.body_prefix.to_vec();
        let mut first = true;
        for (name, prefix) in &fetch.variables {
            let Some(value) = variables.get(name) else {
                continue;
            };
            if !first {
                body.push(b',');
            }
            first = false;
            body.extend_from_slice(prefix);
            body.extend_from_slice(value.to_string().as_bytes());
        }
        body.extend_from_slice(b"}}");
        let field = root_field(self.source_node()?)?;
        let arguments = field
            .arguments
            .iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), literal(value, variables)?)))
            .collect();
        Some(SubscriptionSource {
            subgraph: fetch.subgraph,
            body: Bytes::from(body),
            field: field.name.clone(),
            arguments,
        })
    }

    /// The payload of an event that comes from no GraphQL server: what the source's root field would have answered
    /// for `object`, whose keys are field names of the schema. Fields that it lacks are null.
    pub fn source_payload(&self, object: &Value) -> Option<Bytes> {
        let node = self.source_node()?;
        let field = root_field(node)?;
        let fragments = &node.operation.document.fragments;
        let mut payload = b"{\"data\":{".to_vec();
        write_string(field.selection_identifier(), &mut payload);
        payload.push(b':');
        let answered = select(object, &field.selections, fragments);
        payload.extend_from_slice(answered.to_string().as_bytes());
        payload.extend_from_slice(b"}}");
        Some(Bytes::from(payload))
    }

    fn source_node(&self) -> Option<&FetchNode> {
        find(self.plan.as_ref()?.node.as_ref()?)
    }
}

/// A subscription has one source, and everything else waits for what it brings.
pub(super) fn check(plan: &ExecutablePlan) -> Result<(), PlanError> {
    let sources = plan
        .fetches
        .iter()
        .filter(|fetch| fetch.kind == OperationKind::Subscription)
        .count();
    let at_root = plan.source_fetch().is_some_and(|source| {
        matches!(&plan.fetches[source].work, FetchWork::Root { path, .. } if path.is_empty())
    });
    if sources == 1 && at_root {
        Ok(())
    } else {
        Err(PlanError::Unsupported(
            "subscriptions to anything but one root field of a subgraph",
        ))
    }
}

fn find(node: &PlanNode) -> Option<&FetchNode> {
    match node {
        PlanNode::Subscription(subscription) => Some(&subscription.primary),
        PlanNode::Sequence(sequence) => sequence.nodes.iter().find_map(find),
        PlanNode::Parallel(parallel) => parallel.nodes.iter().find_map(find),
        PlanNode::Condition(condition) => [&condition.if_clause, &condition.else_clause]
            .into_iter()
            .flatten()
            .find_map(|node| find(node)),
        _ => None,
    }
}

fn root_field(node: &FetchNode) -> Option<&FieldSelection> {
    let items = &node.operation.document.operation.selection_set.items;
    first_field(items, &node.operation.document.fragments)
}

fn first_field<'a>(
    items: &'a [SelectionItem],
    fragments: &'a [FragmentDefinition],
) -> Option<&'a FieldSelection> {
    items.iter().find_map(|item| match item {
        SelectionItem::Field(field) => (field.name != "__typename").then_some(field),
        SelectionItem::InlineFragment(fragment) => {
            first_field(&fragment.selections.items, fragments)
        }
        SelectionItem::FragmentSpread(name) => {
            let fragment = fragments.iter().find(|fragment| &fragment.name == name)?;
            first_field(&fragment.selection_set.items, fragments)
        }
    })
}

/// A literal of the source's document as JSON; `None` for a variable that was not provided.
fn literal(value: &Literal, variables: &Variables) -> Option<Value> {
    Some(match value {
        Literal::Variable(name) => variables.get(name)?.clone(),
        Literal::Int(value) => json!(value),
        Literal::Float(value) => json!(value),
        Literal::String(value) | Literal::Enum(value) => json!(value),
        Literal::Boolean(value) => json!(value),
        Literal::Null => Value::Null,
        Literal::List(items) => items
            .iter()
            .map(|item| literal(item, variables).unwrap_or_default())
            .collect(),
        Literal::Object(fields) => fields
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), literal(value, variables)?)))
            .collect::<Map<_, _>>()
            .into(),
    })
}

/// What a selection answers over plain JSON.
fn select(value: &Value, set: &SelectionSet, fragments: &[FragmentDefinition]) -> Value {
    match value {
        _ if set.items.is_empty() => value.clone(),
        Value::Array(items) => items
            .iter()
            .map(|item| select(item, set, fragments))
            .collect(),
        Value::Object(_) => {
            let mut selected = Map::new();
            select_into(value, set, fragments, &mut selected);
            Value::Object(selected)
        }
        _ => Value::Null,
    }
}

/// Type conditions are taken to hold: an event knows one type, and names it in `__typename`.
fn select_into(
    object: &Value,
    set: &SelectionSet,
    fragments: &[FragmentDefinition],
    selected: &mut Map<String, Value>,
) {
    for item in &set.items {
        match item {
            SelectionItem::Field(field) => {
                let value = select(&object[field.name.as_str()], &field.selections, fragments);
                selected.insert(field.selection_identifier().to_owned(), value);
            }
            SelectionItem::InlineFragment(fragment) => {
                select_into(object, &fragment.selections, fragments, selected);
            }
            SelectionItem::FragmentSpread(name) => {
                if let Some(fragment) = fragments.iter().find(|fragment| &fragment.name == name) {
                    select_into(object, &fragment.selection_set, fragments, selected);
                }
            }
        }
    }
}
