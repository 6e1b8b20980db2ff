//! The supergraph as the planner is given it: what some composers leave out is filled in.
//!
//! In a progressive `@override` the planner expects the label on both sides. Apollo's composition writes it on both;
//! others write it where the field goes and leave it out where it comes from, and the planner then finds no way to the
//! field as long as the label is off.

use graphql_tools::static_graphql::schema::{
    Definition, Directive, Document, TypeDefinition, Value,
};
use rustc_hash::FxHashMap;

/// Writes the labels of progressive overrides on the overridden side too.
pub(crate) fn complete_override_labels(document: &mut Document) {
    let names = graph_names(document);
    for definition in &mut document.definitions {
        let fields = match definition {
            Definition::TypeDefinition(TypeDefinition::Object(object)) => &mut object.fields,
            Definition::TypeDefinition(TypeDefinition::Interface(interface)) => {
                &mut interface.fields
            }
            _ => continue,
        };
        for field in fields {
            let labels: Vec<(String, Value)> = joins(&field.directives)
                .filter_map(|join| {
                    let Value::String(from) = argument(join, "override")? else {
                        return None;
                    };
                    Some((from.clone(), argument(join, "overrideLabel")?.clone()))
                })
                .collect();
            for (from, label) in labels {
                let overridden = field.directives.iter_mut().find(|directive| {
                    directive.name == "join__field"
                        && argument(directive, "overrideLabel").is_none()
                        && matches!(argument(directive, "graph"), Some(Value::Enum(graph))
                            if names.get(graph) == Some(&from))
                });
                if let Some(overridden) = overridden {
                    let argument = ("overrideLabel".to_owned(), label);
                    overridden.arguments.push(argument);
                }
            }
        }
    }
}

/// Its `@join__field`s.
pub(crate) fn joins(directives: &[Directive]) -> impl Iterator<Item = &Directive> {
    directives
        .iter()
        .filter(|directive| directive.name == "join__field")
}

pub(crate) fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a Value> {
    let (_, value) = directive
        .arguments
        .iter()
        .find(|(known, _)| known == name)?;
    Some(value)
}

/// The values of `join__Graph` and the names of their subgraphs.
fn graph_names(document: &Document) -> FxHashMap<String, String> {
    let mut names = FxHashMap::default();
    for definition in &document.definitions {
        if let Definition::TypeDefinition(TypeDefinition::Enum(graphs)) = definition
            && graphs.name == "join__Graph"
        {
            for value in &graphs.values {
                let directive = value
                    .directives
                    .iter()
                    .find(|directive| directive.name == "join__graph");
                if let Some(Value::String(name)) =
                    directive.and_then(|directive| argument(directive, "name"))
                {
                    names.insert(value.name.clone(), name.clone());
                }
            }
        }
    }
    names
}
