//! The names under which the planner knows the subgraphs.
//!
//! The planner walks equal alternatives in the order of subgraph names, and finds no path from an `@interfaceObject`
//! to an implementing type whose subgraph sorts after it. Subgraphs that define interface objects therefore go by a
//! name that sorts last; plans are given their real names back before anyone sees them.

use graphql_tools::static_graphql::schema::{
    Definition, Directive, Document, Field, TypeDefinition, Value,
};
use hive_router_query_planner::planner::plan_nodes::PlanNode;
use rustc_hash::FxHashMap;

use crate::{
    planner_split::SECOND,
    supergraph::{SubgraphEntry, SubgraphId},
};

/// Subgraphs and the names the planner has for them.
#[derive(Debug)]
pub(crate) struct PlannerNames {
    pub(crate) by_name: FxHashMap<String, SubgraphId>,
    /// Real name to planner's name, where they differ.
    renamed: FxHashMap<String, String>,
    /// Planner's name to real name, where they differ.
    real: FxHashMap<String, String>,
}

impl PlannerNames {
    pub(crate) fn new(subgraphs: &[SubgraphEntry], document: &Document) -> Self {
        let graphs = interface_object_graphs(document);
        let mut names = Self {
            by_name: FxHashMap::default(),
            renamed: FxHashMap::default(),
            real: FxHashMap::default(),
        };
        for entry in subgraphs {
            let mut name = entry.name.clone();
            if graphs.contains(&entry.name) {
                // No subgraph name starts with this character, and it sorts after every letter.
                name.insert(0, '~');
                names.renamed.insert(entry.name.clone(), name.clone());
                names.real.insert(name.clone(), entry.name.clone());
            }
            let second = format!("{name}{SECOND}");
            names.real.insert(second.clone(), entry.name.clone());
            names.by_name.insert(second, entry.id);
            names.by_name.insert(name, entry.id);
        }
        names
    }

    /// The document with the planner's names.
    pub(crate) fn rename(&self, mut document: Document) -> Document {
        if self.renamed.is_empty() {
            return document;
        }
        for definition in &mut document.definitions {
            let Definition::TypeDefinition(definition) = definition else {
                continue;
            };
            match definition {
                TypeDefinition::Enum(graphs) if graphs.name == "join__Graph" => {
                    for value in &mut graphs.values {
                        self.rename_argument(&mut value.directives, "join__graph", "name");
                    }
                }
                TypeDefinition::Object(object) => self.rename_fields(&mut object.fields),
                TypeDefinition::Interface(interface) => self.rename_fields(&mut interface.fields),
                _ => {}
            }
        }
        document
    }

    fn rename_fields(&self, fields: &mut [Field]) {
        for field in fields {
            self.rename_argument(&mut field.directives, "join__field", "override");
        }
    }

    fn rename_argument(&self, directives: &mut [Directive], directive: &str, argument: &str) {
        let arguments = directives
            .iter_mut()
            .filter(|candidate| candidate.name == directive)
            .flat_map(|directive| &mut directive.arguments);
        for (name, value) in arguments {
            if let Value::String(text) = value
                && name == argument
                && let Some(renamed) = self.renamed.get(text)
            {
                text.clone_from(renamed);
            }
        }
    }

    /// Gives the real names back to a plan.
    pub(crate) fn restore(&self, node: &mut PlanNode) {
        match node {
            PlanNode::Fetch(fetch) => self.restore_name(&mut fetch.service_name),
            PlanNode::BatchFetch(fetch) => self.restore_name(&mut fetch.service_name),
            PlanNode::Subscription(subscription) => {
                self.restore_name(&mut subscription.primary.service_name);
            }
            PlanNode::Sequence(sequence) => {
                sequence
                    .nodes
                    .iter_mut()
                    .for_each(|node| self.restore(node));
            }
            PlanNode::Parallel(parallel) => {
                parallel
                    .nodes
                    .iter_mut()
                    .for_each(|node| self.restore(node));
            }
            PlanNode::Flatten(flatten) => self.restore(&mut flatten.node),
            PlanNode::Condition(condition) => {
                let clauses = [&mut condition.if_clause, &mut condition.else_clause];
                clauses
                    .into_iter()
                    .flatten()
                    .for_each(|node| self.restore(node));
            }
            // The planner is not asked to defer.
            PlanNode::Defer(_) => {}
        }
    }

    fn restore_name(&self, name: &mut String) {
        if let Some(real) = self.real.get(name) {
            name.clone_from(real);
        }
    }
}

/// The names of the subgraphs that define an interface as an object.
fn interface_object_graphs(document: &Document) -> Vec<String> {
    let mut ids = Vec::new();
    let mut names = Vec::new();
    for definition in &document.definitions {
        if let Definition::TypeDefinition(TypeDefinition::Interface(interface)) = definition {
            for directive in &interface.directives {
                let is_object = directive.name == "join__type"
                    && directive.arguments.iter().any(|(name, value)| {
                        name == "isInterfaceObject" && *value == Value::Boolean(true)
                    });
                if is_object {
                    ids.extend(directive.arguments.iter().filter_map(
                        |(name, value)| match value {
                            Value::Enum(id) if name == "graph" => Some(id.as_str()),
                            _ => None,
                        },
                    ));
                }
            }
        }
    }
    for definition in &document.definitions {
        if let Definition::TypeDefinition(TypeDefinition::Enum(graphs)) = definition
            && graphs.name == "join__Graph"
        {
            for value in graphs
                .values
                .iter()
                .filter(|value| ids.contains(&value.name.as_str()))
            {
                let arguments = value
                    .directives
                    .iter()
                    .flat_map(|directive| &directive.arguments);
                names.extend(arguments.filter_map(|(name, value)| match value {
                    Value::String(text) if name == "name" => Some(text.clone()),
                    _ => None,
                }));
            }
        }
    }
    names
}
