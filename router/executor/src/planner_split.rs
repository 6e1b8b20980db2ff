//! A second view of the supergraph, for operations that the planner cannot plan against the first.
//!
//! Where a field with `@requires` is asked on an entity below an entity of the same type (a book's reviews' book), the
//! planner takes the outer one's fetch for the inner one's and gives up. It does not where the field is reached by a jump
//! from another subgraph. In this view every subgraph with such fields therefore appears twice: once without them, and
//! once more, under another name, with them. Plans are given the real names back before anyone sees them.

use graphql_tools::static_graphql::schema::{
    Definition, Directive, Document, EnumValue, TypeDefinition, Value,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::planner_document::{argument, joins};

/// What the name of the second appearance ends in. No subgraph name holds this character.
pub(crate) const SECOND: char = '~';

/// The document with each subgraph that has required fields twice; `None` when there is none.
pub(crate) fn split_requirements(document: &Document) -> Option<Document> {
    let mut split = document.clone();
    let graphs = requiring_graphs(document);
    if graphs.is_empty() {
        return None;
    }
    let roots: FxHashSet<&String> = [
        document.query_type_name(),
        document.mutation_type_name(),
        document.subscription_type_name(),
    ]
    .into_iter()
    .flatten()
    .collect();
    for definition in &mut split.definitions {
        let Definition::TypeDefinition(definition) = definition else {
            continue;
        };
        match definition {
            TypeDefinition::Enum(names) if names.name == "join__Graph" => {
                add_graphs(&mut names.values, &graphs);
            }
            TypeDefinition::Enum(definition) => {
                repeat(&mut definition.directives, &graphs);
                for value in &mut definition.values {
                    repeat(&mut value.directives, &graphs);
                }
            }
            TypeDefinition::Scalar(definition) => repeat(&mut definition.directives, &graphs),
            TypeDefinition::Union(definition) => repeat(&mut definition.directives, &graphs),
            TypeDefinition::InputObject(definition) => {
                repeat(&mut definition.directives, &graphs);
                for field in &mut definition.fields {
                    repeat(&mut field.directives, &graphs);
                }
            }
            TypeDefinition::Object(definition) => {
                repeat(&mut definition.directives, &graphs);
                // Root fields are asked where they are.
                if !roots.contains(&definition.name) {
                    for field in &mut definition.fields {
                        repeat_field(&mut field.directives, &graphs);
                    }
                }
            }
            TypeDefinition::Interface(definition) => {
                repeat(&mut definition.directives, &graphs);
                for field in &mut definition.fields {
                    repeat_field(&mut field.directives, &graphs);
                }
            }
        }
    }
    Some(split)
}

/// The values of `join__Graph` whose subgraphs have required fields, each with the value of its second appearance.
fn requiring_graphs(document: &Document) -> FxHashMap<String, String> {
    let mut graphs = FxHashMap::default();
    for definition in &document.definitions {
        let fields = match definition {
            Definition::TypeDefinition(TypeDefinition::Object(object)) => &object.fields,
            Definition::TypeDefinition(TypeDefinition::Interface(interface)) => &interface.fields,
            _ => continue,
        };
        for join in fields.iter().flat_map(|field| joins(&field.directives)) {
            if let (Some(Value::Enum(graph)), Some(_)) =
                (argument(join, "graph"), argument(join, "requires"))
            {
                graphs.insert(graph.clone(), format!("{graph}__SECOND"));
            }
        }
    }
    graphs
}

fn add_graphs(values: &mut Vec<EnumValue>, graphs: &FxHashMap<String, String>) {
    let seconds: Vec<EnumValue> = values
        .iter()
        .filter_map(|value| {
            let mut second = value.clone();
            second.name.clone_from(graphs.get(&value.name)?);
            let arguments = second
                .directives
                .iter_mut()
                .flat_map(|directive| &mut directive.arguments);
            for (name, value) in arguments {
                if let Value::String(text) = value
                    && name == "name"
                {
                    text.push(SECOND);
                }
            }
            Some(second)
        })
        .collect();
    values.extend(seconds);
}

/// Says of the second appearance what is said of the first.
fn repeat(directives: &mut Vec<Directive>, graphs: &FxHashMap<String, String>) {
    let seconds: Vec<Directive> = directives
        .iter()
        .filter_map(|directive| second(directive, graphs))
        .collect();
    directives.extend(seconds);
}

/// Like [`repeat`], but what requires moves, and what is overridden does not come back.
fn repeat_field(directives: &mut Vec<Directive>, graphs: &FxHashMap<String, String>) {
    let mut seconds = Vec::new();
    directives.retain(|directive| {
        let Some(second) = second(directive, graphs) else {
            return true;
        };
        let moves = argument(directive, "requires").is_some();
        if moves || argument(directive, "overrideLabel").is_none() {
            seconds.push(second);
        }
        !moves
    });
    directives.extend(seconds);
}

fn second(directive: &Directive, graphs: &FxHashMap<String, String>) -> Option<Directive> {
    let Value::Enum(graph) = argument(directive, "graph")? else {
        return None;
    };
    let mut second = directive.clone();
    let name = graphs.get(graph)?;
    for (argument, value) in &mut second.arguments {
        if argument == "graph" {
            *value = Value::Enum(name.clone());
        }
    }
    Some(second)
}
