//! Can every field of a type be asked wherever the type is answered?
//!
//! Subgraphs may define one type with different fields. A client may then ask a field of an object that comes from a
//! subgraph without it, and there must be a way to a subgraph with it: by a key, or because what answered the object can be
//! asked there in the first place. This looks for such ways and knows the plain ones only: what it finds is right, and
//! where it finds nothing there may be a way all the same (through `@provides`, `@requires` or keys of several levels).

use std::collections::{BTreeMap, BTreeSet};

use graphql_tools::parser::parse_schema;
use graphql_tools::parser::schema::{
    Definition, Directive, Field, ObjectType, Type, TypeDefinition, TypeExtension, Value,
};

use crate::{SubgraphSource, definitions};

/// A way of answering an object: a field of a type.
type Producer<'a> = (&'a str, &'a str);

#[derive(Default)]
struct FieldFacts {
    returns: String,
    /// Whether the subgraph can be asked for it.
    resolvable: bool,
    /// Whether it is answered here at all, if only along with something else.
    answered: bool,
    is_inaccessible: bool,
}

#[derive(Default)]
struct TypeFacts {
    fields: BTreeMap<String, FieldFacts>,
    /// The interfaces it implements and the unions it belongs to.
    above: BTreeSet<String>,
    /// The keys by which it can be asked: names of plain fields.
    keys: Vec<BTreeSet<String>>,
    /// Key fields, which representations are made of whether they are external or not.
    key_fields: BTreeSet<String>,
    /// Whether objects may come here by a key of any form.
    is_entity: bool,
}

/// The types of one subgraph; the root types go by their usual names.
#[derive(Default)]
struct Subgraph {
    name: String,
    types: BTreeMap<String, TypeFacts>,
}

/// The object types of all subgraphs.
pub(crate) struct World(Vec<Subgraph>);

/// The step whose answer is asked for while it is still being looked for.
type Step<'a> = (&'a str, usize, usize);

fn has_interface_objects(source: &SubgraphSource) -> bool {
    let definitions = definitions::split(&source.sdl).unwrap_or_default();
    let mut directives = definitions.iter().flat_map(|found| &found.directives);
    directives.any(|name| matches!(*name, "interfaceObject" | "federation__interfaceObject"))
}

impl World {
    /// Reads the SDLs; `None` where interfaces are objects, of which nothing is said here.
    pub(crate) fn read(sources: &[&SubgraphSource]) -> Option<Self> {
        if sources.iter().any(|source| has_interface_objects(source)) {
            return None;
        }
        let mut subgraphs: Vec<Subgraph> = sources.iter().map(|source| read(source)).collect();
        for source in sources {
            take_overridden(source, &mut subgraphs);
        }
        Some(Self(subgraphs))
    }

    /// Fields of `type_name` that cannot be seen to be answered wherever the type is, each with the subgraph in whose
    /// answers it is missing.
    pub(crate) fn missing(&self, type_name: &str) -> Vec<(String, String)> {
        let fields = || {
            let types = self.0.iter();
            let types = types.filter_map(|subgraph| subgraph.types.get(type_name));
            types.flat_map(|facts| facts.fields.iter())
        };
        let hidden =
            |name: &String| fields().any(|(field, facts)| field == name && facts.is_inaccessible);
        let names = fields().map(|(name, _)| name);
        let all: BTreeSet<&str> = names
            .filter(|name| !hidden(name))
            .map(String::as_str)
            .collect();
        let mut missing = Vec::new();
        for (position, subgraph) in self.0.iter().enumerate() {
            let Some(facts) = subgraph.types.get(type_name) else {
                continue;
            };
            for field in &all {
                let here = facts
                    .fields
                    .get(*field)
                    .is_some_and(|field| field.resolvable);
                if !here && !self.is_found(type_name, field, position) {
                    missing.push(((*field).to_owned(), subgraph.name.clone()));
                }
            }
        }
        missing
    }

    /// Whether a field can be asked of every object that a subgraph answers.
    fn is_found(&self, type_name: &str, field: &str, from: usize) -> bool {
        let with: Vec<usize> = (0..self.0.len())
            .filter(|to| *to != from && self.resolves(*to, (type_name, field)))
            .collect();
        if with.iter().any(|to| self.jumps(type_name, from, *to)) {
            return true;
        }
        !self.is_entity(type_name, from)
            && self.producers(type_name, from).into_iter().all(|producer| {
                let mut open = BTreeSet::new();
                with.iter().any(|to| {
                    self.resolves(*to, producer) && self.reaches(producer.0, from, *to, &mut open)
                })
            })
    }

    /// Whether an object of a type that is at hand in one subgraph could as well have been asked from another.
    fn reaches<'a>(
        &'a self,
        type_name: &'a str,
        from: usize,
        to: usize,
        open: &mut BTreeSet<Step<'a>>,
    ) -> bool {
        match type_name {
            _ if from == to => return true,
            "Query" => return true,
            // What changes something is asked once.
            "Mutation" | "Subscription" => return false,
            _ => {}
        }
        // A type that leads to itself is as reachable as its other ways: each object is some number of steps from the root.
        if self.jumps(type_name, from, to) || !open.insert((type_name, from, to)) {
            return true;
        }
        !self.is_entity(type_name, from)
            && self.producers(type_name, from).into_iter().all(|producer| {
                self.resolves(to, producer) && self.reaches(producer.0, from, to, open)
            })
    }

    fn is_entity(&self, type_name: &str, subgraph: usize) -> bool {
        let facts = self.0[subgraph].types.get(type_name);
        facts.is_some_and(|facts| facts.is_entity)
    }

    fn resolves(&self, subgraph: usize, (type_name, field): Producer<'_>) -> bool {
        let facts = self.0[subgraph].types.get(type_name);
        let field = facts.and_then(|facts| facts.fields.get(field));
        field.is_some_and(|field| field.resolvable)
    }

    /// Whether one subgraph can be asked by a key for what another answered.
    fn jumps(&self, type_name: &str, from: usize, to: usize) -> bool {
        let of = |subgraph: usize| self.0[subgraph].types.get(type_name);
        let (Some(here), Some(there)) = (of(from), of(to)) else {
            return false;
        };
        let known = |field: &String| {
            here.key_fields.contains(field)
                || here.fields.get(field).is_some_and(|field| field.resolvable)
        };
        there.keys.iter().any(|key| key.iter().all(known))
    }

    /// The fields of a subgraph that answer objects of a type.
    fn producers(&self, type_name: &str, subgraph: usize) -> Vec<Producer<'_>> {
        let types = &self.0[subgraph].types;
        let above = types.get(type_name).map(|facts| &facts.above);
        let answers = |returns: &String| {
            returns == type_name || above.is_some_and(|above| above.contains(returns))
        };
        let mut producers = Vec::new();
        for (name, facts) in types {
            for (field, facts) in &facts.fields {
                if facts.answered && answers(&facts.returns) {
                    producers.push((name.as_str(), field.as_str()));
                }
            }
        }
        producers
    }
}

fn read(source: &SubgraphSource) -> Subgraph {
    let mut subgraph = Subgraph {
        name: source.name.clone(),
        ..Subgraph::default()
    };
    let definitions = definitions::split(&source.sdl).unwrap_or_default();
    let mut roots = BTreeMap::new();
    for definition in &definitions {
        // What this parser does not read is not known here, and nothing is found there.
        let Ok(document) = parse_schema::<String>(definition.text) else {
            continue;
        };
        for definition in &document.definitions {
            match definition {
                Definition::SchemaDefinition(schema) => {
                    let named = [
                        (&schema.query, "Query"),
                        (&schema.mutation, "Mutation"),
                        (&schema.subscription, "Subscription"),
                    ];
                    for (name, usual) in named {
                        roots.extend(name.clone().map(|name| (name, usual.to_owned())));
                    }
                }
                Definition::TypeDefinition(TypeDefinition::Object(object)) => subgraph.add(object),
                Definition::TypeExtension(TypeExtension::Object(extension)) => {
                    let mut object = ObjectType::new(extension.name.clone());
                    object
                        .implements_interfaces
                        .clone_from(&extension.implements_interfaces);
                    object.directives.clone_from(&extension.directives);
                    object.fields.clone_from(&extension.fields);
                    subgraph.add(&object);
                }
                Definition::TypeDefinition(TypeDefinition::Union(union)) => {
                    for member in &union.types {
                        let facts = subgraph.types.entry(member.clone()).or_default();
                        facts.above.insert(union.name.clone());
                    }
                }
                _ => {}
            }
        }
    }
    for (name, usual) in roots {
        if let Some(facts) = subgraph.types.remove(&name) {
            subgraph.types.insert(usual, facts);
        }
    }
    subgraph
}

impl Subgraph {
    fn add(&mut self, object: &ObjectType<'_, String>) {
        let facts = self.types.entry(object.name.clone()).or_default();
        facts
            .above
            .extend(object.implements_interfaces.iter().cloned());
        for key in directives(&object.directives, "key") {
            facts.is_entity = true;
            let Some(fields) = text(key, "fields").filter(|fields| !fields.contains('{')) else {
                continue;
            };
            let fields: BTreeSet<String> = fields.split_whitespace().map(str::to_owned).collect();
            facts.key_fields.extend(fields.iter().cloned());
            let unresolvable = ("resolvable".to_owned(), Value::Boolean(false));
            if !key.arguments.contains(&unresolvable) {
                facts.keys.push(fields);
            }
        }
        for Field {
            name,
            field_type,
            directives: on,
            ..
        } in &object.fields
        {
            let field = FieldFacts {
                returns: named(field_type).to_owned(),
                resolvable: directives(on, "external").next().is_none(),
                answered: true,
                is_inaccessible: directives(on, "inaccessible").next().is_some(),
            };
            facts.fields.insert(name.clone(), field);
        }
    }
}

/// Takes from the other subgraphs what `source` overrides. While a label decides, neither is sure to be asked.
fn take_overridden(source: &SubgraphSource, subgraphs: &mut [Subgraph]) {
    for definition in definitions::split(&source.sdl).unwrap_or_default() {
        let Ok(document) = parse_schema::<String>(definition.text) else {
            continue;
        };
        for definition in &document.definitions {
            let (name, fields) = match definition {
                Definition::TypeDefinition(TypeDefinition::Object(object)) => {
                    (&object.name, &object.fields)
                }
                Definition::TypeExtension(TypeExtension::Object(object)) => {
                    (&object.name, &object.fields)
                }
                _ => continue,
            };
            for field in fields {
                for taken in directives(&field.directives, "override") {
                    let labelled = text(taken, "label").is_some();
                    for subgraph in subgraphs.iter_mut() {
                        let is_taken_from = text(taken, "from") == Some(&subgraph.name);
                        let is_own = subgraph.name == source.name;
                        let facts = subgraph.types.get_mut(name);
                        if let Some(facts) =
                            facts.and_then(|facts| facts.fields.get_mut(&field.name))
                        {
                            facts.resolvable &= !(is_taken_from || (is_own && labelled));
                            facts.answered &= !is_taken_from || labelled;
                        }
                    }
                }
            }
        }
    }
}

/// Its directives of that name, in the federation specification's namespace or imported from it.
fn directives<'d, 't>(
    all: &'d [Directive<'t, String>],
    name: &'d str,
) -> impl Iterator<Item = &'d Directive<'t, String>> {
    all.iter().filter(move |directive| {
        directive.name == name || directive.name.strip_prefix("federation__") == Some(name)
    })
}

fn text<'d>(directive: &'d Directive<'_, String>, name: &str) -> Option<&'d str> {
    let mut arguments = directive.arguments.iter();
    match arguments.find(|(argument, _)| argument == name)? {
        (_, Value::String(text)) => Some(text),
        _ => None,
    }
}

fn named<'t>(of: &'t Type<'_, String>) -> &'t str {
    match of {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => named(inner),
    }
}
