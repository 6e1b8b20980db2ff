//! Finds fields of which subgraphs demand different scopes or policies.
//!
//! The merge lists all of them as alternatives, so the supergraph accepts a caller that meets any one: laxer than each
//! subgraph meant. Subgraphs check for themselves, so that is no hole, but it is seldom what was wanted.

use std::collections::{BTreeMap, BTreeSet};

use graphql_tools::parser::parse_schema;
use graphql_tools::parser::schema::{Definition, Directive, Field, TypeDefinition, TypeExtension};

use crate::{SubgraphSource, definitions};

/// `Type.field @directive` -> what each subgraph demands, and which subgraphs.
type Demands = BTreeMap<(String, String), BTreeMap<String, BTreeSet<String>>>;

/// One remark per field and directive whose arguments differ between subgraphs.
pub(crate) fn differing(sources: &[&SubgraphSource]) -> Vec<String> {
    let mut demands = Demands::new();
    for source in sources {
        for definition in definitions::split(&source.sdl).unwrap_or_default() {
            if matches!(definition.keyword, "type" | "interface") {
                collect(&mut demands, &source.name, definition.text);
            }
        }
    }
    let differing = demands
        .into_iter()
        .filter(|(_, demanded)| demanded.len() > 1);
    differing
        .map(|((coordinate, directive), demanded)| {
            let subgraphs: BTreeSet<String> = demanded.into_values().flatten().collect();
            let names = subgraphs.into_iter().collect::<Vec<_>>().join(", ");
            format!("{coordinate} has different @{directive} in {names}; the supergraph lets pass who meets any of them")
        })
        .collect()
}

fn collect(demands: &mut Demands, subgraph: &str, text: &str) {
    // Composition has parsed it before; what this parser does not read has no remark.
    let Ok(document) = parse_schema::<String>(text) else {
        return;
    };
    for definition in &document.definitions {
        let (name, directives, fields) = match definition {
            Definition::TypeDefinition(TypeDefinition::Object(object)) => {
                (&object.name, &object.directives, &object.fields)
            }
            Definition::TypeDefinition(TypeDefinition::Interface(interface)) => {
                (&interface.name, &interface.directives, &interface.fields)
            }
            Definition::TypeExtension(TypeExtension::Object(object)) => {
                (&object.name, &object.directives, &object.fields)
            }
            Definition::TypeExtension(TypeExtension::Interface(interface)) => {
                (&interface.name, &interface.directives, &interface.fields)
            }
            _ => continue,
        };
        note(demands, subgraph, name, directives);
        for Field {
            name: field,
            directives,
            ..
        } in fields
        {
            note(demands, subgraph, &format!("{name}.{field}"), directives);
        }
    }
}

fn note(
    demands: &mut Demands,
    subgraph: &str,
    coordinate: &str,
    directives: &[Directive<'_, String>],
) {
    for directive in directives {
        let name = directive.name.rsplit("__").next().unwrap_or_default();
        if matches!(name, "requiresScopes" | "policy") {
            let key = (coordinate.to_owned(), name.to_owned());
            let arguments = format!("{:?}", directive.arguments);
            let subgraphs = demands
                .entry(key)
                .or_default()
                .entry(arguments)
                .or_default();
            subgraphs.insert(subgraph.to_owned());
        }
    }
}
