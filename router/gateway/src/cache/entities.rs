//! What the supergraph says of types for caching: their keys, their interfaces, and `@cacheControl`.

use std::collections::{BTreeSet, HashMap};

use graphql_tools::parser::schema::Definition;
use graphql_tools::static_graphql::schema::{Directive, Document, TypeDefinition, Value};

use super::policy::Scope;

/// `@cacheControl` as Apollo Server defines it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    pub(crate) seconds: Option<u32>,
    pub(crate) scope: Option<Scope>,
    /// Whether the field takes over what its parent says, instead of beginning at 0.
    pub(crate) inherits: bool,
}

/// One key of an entity: the paths of its fields, in order. `id organization { id }` is `id`, `organization.id`.
pub(crate) type KeyPaths = Vec<String>;

/// One composite type.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypeFacts {
    /// Distinct keys of all subgraphs; none for what is no entity.
    pub(crate) keys: Vec<KeyPaths>,
    /// The object types behind an interface or union.
    pub(crate) members: Vec<String>,
    pub(crate) hint: Hint,
    fields: HashMap<String, Hint>,
}

/// All composite types of one supergraph.
#[derive(Debug, Default)]
pub(crate) struct Entities(HashMap<String, TypeFacts>);

impl Entities {
    /// Reads a supergraph document.
    pub(crate) fn read(document: &Document) -> Self {
        let mut table = Self::default();
        for definition in &document.definitions {
            let Definition::TypeDefinition(definition) = definition else {
                continue;
            };
            let (name, directives, fields, above) = match definition {
                TypeDefinition::Object(object) => (
                    &object.name,
                    &object.directives,
                    object.fields.as_slice(),
                    object.implements_interfaces.as_slice(),
                ),
                TypeDefinition::Interface(interface) => (
                    &interface.name,
                    &interface.directives,
                    interface.fields.as_slice(),
                    &[][..],
                ),
                TypeDefinition::Union(union) => {
                    for member in &union.types {
                        table.relate(&union.name, member);
                    }
                    (&union.name, &union.directives, &[][..], &[][..])
                }
                _ => continue,
            };
            for interface in above {
                table.relate(interface, name);
            }
            let facts = table.0.entry(name.clone()).or_default();
            facts.keys = keys(directives);
            facts.hint = hint(directives);
            facts.fields = fields
                .iter()
                .map(|field| (field.name.clone(), hint(&field.directives)))
                .filter(|(_, hint)| *hint != Hint::default())
                .collect();
        }
        table
    }

    fn relate(&mut self, above: &str, member: &str) {
        let entry = self.0.entry(above.to_owned()).or_default();
        entry.members.push(member.to_owned());
    }

    pub(crate) fn get(&self, type_name: &str) -> Option<&TypeFacts> {
        self.0.get(type_name)
    }

    /// `@cacheControl` on a field.
    pub(crate) fn field_hint(&self, type_name: &str, field: &str) -> Hint {
        self.0
            .get(type_name)
            .and_then(|facts| facts.fields.get(field).copied())
            .unwrap_or_default()
    }

    /// The type itself and, for an interface or union, every type behind it.
    pub(crate) fn possible<'a>(&'a self, type_name: &'a str) -> impl Iterator<Item = &'a str> {
        let members = self.0.get(type_name).map(|facts| facts.members.as_slice());
        let members = members.unwrap_or_default().iter().map(String::as_str);
        std::iter::once(type_name).chain(members)
    }
}

fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a Value> {
    let found = directive.arguments.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value)
}

/// The keys of `@join__type`, one directive per subgraph and key (join specification 0.1 to 0.5).
fn keys(directives: &[Directive]) -> Vec<KeyPaths> {
    let distinct: BTreeSet<KeyPaths> = directives
        .iter()
        .filter(|directive| directive.name == "join__type")
        .filter_map(|directive| match argument(directive, "key")? {
            Value::String(fields) => Some(key_paths(fields)),
            _ => None,
        })
        .filter(|paths| !paths.is_empty())
        .collect();
    distinct.into_iter().collect()
}

/// The leaves of a field set, in order.
fn key_paths(fields: &str) -> KeyPaths {
    let spaced = fields.replace('{', " { ").replace('}', " } ");
    let mut words = spaced
        .split([' ', ',', '\n', '\t', '\r'])
        .filter(|word| !word.is_empty())
        .peekable();
    let mut parents: Vec<&str> = Vec::new();
    let mut paths = BTreeSet::new();
    while let Some(word) = words.next() {
        match word {
            "{" => {}
            "}" => {
                parents.pop();
            }
            // A key may name the type through a fragment; the path does not.
            "..." => {
                words.next_if(|word| *word == "on");
                words.next_if(|word| *word != "{");
                parents.push("");
            }
            name if words.peek() == Some(&"{") => parents.push(name),
            "__typename" => {}
            name => {
                let path = parents
                    .iter()
                    .copied()
                    .filter(|part| !part.is_empty())
                    .chain([name]);
                paths.insert(path.collect::<Vec<_>>().join("."));
            }
        }
    }
    paths.into_iter().collect()
}

fn hint(directives: &[Directive]) -> Hint {
    let Some(directive) = directives
        .iter()
        .find(|directive| directive.name == "cacheControl")
    else {
        return Hint::default();
    };
    Hint {
        seconds: match argument(directive, "maxAge") {
            Some(Value::Int(number)) => number
                .as_i64()
                .map(|seconds| u32::try_from(seconds).unwrap_or(0)),
            _ => None,
        },
        scope: match argument(directive, "scope") {
            Some(Value::Enum(scope)) if scope == "PRIVATE" => Some(Scope::Private),
            Some(Value::Enum(scope)) if scope == "PUBLIC" => Some(Scope::Public),
            _ => None,
        },
        inherits: argument(directive, "inheritMaxAge") == Some(&Value::Boolean(true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_paths_in_order() {
        for (fields, expected) in [
            ("id", &["id"][..]),
            ("sku id", &["id", "sku"]),
            ("id organization { id }", &["id", "organization.id"]),
            ("a{b{c d}}e", &["a.b.c", "a.b.d", "e"]),
            ("... on Book { id } isbn", &["id", "isbn"]),
            ("", &[]),
        ] {
            assert_eq!(key_paths(fields), expected, "{fields}");
        }
    }
}
