//! What the supergraph's directives say of each field: who may ask for it and what it costs.
//!
//! Read once per supergraph; planners and the public schema drop or skip parts of it (`@policy`, argument weights).

use std::collections::{BTreeSet, HashMap};

use graphql_tools::parser::schema::Definition;
use graphql_tools::static_graphql::schema::{
    Directive, Document, Field, Type, TypeDefinition, Value,
};

/// Alternatives of names that are needed together.
pub(crate) type Alternatives = Vec<Vec<String>>;

/// What a caller must show; everything in it is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Requirement {
    pub(crate) authenticated: bool,
    /// `@requiresScopes`, once per place it stands.
    pub(crate) scopes: BTreeSet<Alternatives>,
    /// `@policy`, once per place it stands.
    pub(crate) policies: BTreeSet<Alternatives>,
}

impl Requirement {
    pub(crate) fn is_empty(&self) -> bool {
        !self.authenticated && self.scopes.is_empty() && self.policies.is_empty()
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.authenticated |= other.authenticated;
        self.scopes.extend(other.scopes.iter().cloned());
        self.policies.extend(other.policies.iter().cloned());
    }

    fn read(directives: &[Directive]) -> Self {
        let mut requirement = Self::default();
        for directive in directives {
            match directive.name.as_str() {
                "authenticated" => requirement.authenticated = true,
                "requiresScopes" => {
                    requirement.scopes.insert(alternatives(directive, "scopes"));
                }
                "policy" => {
                    requirement
                        .policies
                        .insert(alternatives(directive, "policies"));
                }
                _ => {}
            }
        }
        requirement
    }
}

/// How large a list is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListSize {
    pub(crate) assumed: Option<u64>,
    /// Arguments that bound the list; the largest given counts.
    pub(crate) slicing: Vec<String>,
    /// Fields of the returned object that are the list, when it is not the field itself (a connection's `edges`).
    pub(crate) sized_fields: Vec<String>,
}

/// One field of one type.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldEntry {
    /// The named type it returns.
    pub(crate) type_name: String,
    pub(crate) is_list: bool,
    /// `@cost` on the field itself.
    pub(crate) weight: Option<u64>,
    pub(crate) list_size: Option<ListSize>,
    /// Arguments with `@cost`.
    pub(crate) argument_weights: Vec<(String, u64)>,
    /// Integer defaults of arguments, for slicing.
    pub(crate) integer_defaults: HashMap<String, u64>,
    pub(crate) requirement: Requirement,
}

/// One composite or leaf type.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypeEntry {
    pub(crate) fields: HashMap<String, FieldEntry>,
    pub(crate) is_composite: bool,
    pub(crate) weight: Option<u64>,
    pub(crate) requirement: Requirement,
    /// The interfaces it implements.
    interfaces: Vec<String>,
}

/// All types of one supergraph.
#[derive(Debug, Default)]
pub(crate) struct FieldTable {
    types: HashMap<String, TypeEntry>,
    /// Interface or union -> the object types it may be.
    members: HashMap<String, Vec<String>>,
    query: String,
    mutation: Option<String>,
    subscription: Option<String>,
}

impl FieldTable {
    /// Reads a supergraph document.
    pub(crate) fn read(document: &Document) -> Self {
        let mut table = Self {
            query: document
                .query_type_name()
                .cloned()
                .unwrap_or_else(|| "Query".to_owned()),
            mutation: document.mutation_type_name().cloned(),
            subscription: document.subscription_type_name().cloned(),
            ..Self::default()
        };
        for definition in &document.definitions {
            if let Definition::TypeDefinition(definition) = definition {
                table.add(definition);
            }
        }
        for entry in table
            .types
            .values_mut()
            .flat_map(|entry| entry.fields.values_mut())
        {
            entry.list_size = entry.list_size.take().or_else(|| relay_size(entry));
        }
        table
    }

    fn add(&mut self, definition: &TypeDefinition) {
        let mut entry = TypeEntry::default();
        let (name, directives) = match definition {
            TypeDefinition::Object(object) => {
                for interface in &object.implements_interfaces {
                    self.members
                        .entry(interface.clone())
                        .or_default()
                        .push(object.name.clone());
                }
                entry.is_composite = true;
                entry.interfaces.clone_from(&object.implements_interfaces);
                entry.fields = fields(&object.fields);
                (&object.name, &object.directives)
            }
            TypeDefinition::Interface(interface) => {
                entry.is_composite = true;
                entry
                    .interfaces
                    .clone_from(&interface.implements_interfaces);
                entry.fields = fields(&interface.fields);
                (&interface.name, &interface.directives)
            }
            TypeDefinition::Union(union) => {
                entry.is_composite = true;
                self.members
                    .entry(union.name.clone())
                    .or_default()
                    .extend(union.types.iter().cloned());
                (&union.name, &union.directives)
            }
            TypeDefinition::Scalar(scalar) => (&scalar.name, &scalar.directives),
            TypeDefinition::Enum(enumeration) => (&enumeration.name, &enumeration.directives),
            TypeDefinition::InputObject(_) => return,
        };
        entry.weight = cost(directives);
        entry.requirement = Requirement::read(directives);
        self.types.insert(name.clone(), entry);
    }

    pub(crate) fn root(&self, kind: coko_executor::OperationKind) -> &str {
        use coko_executor::OperationKind;
        match kind {
            OperationKind::Query => &self.query,
            OperationKind::Mutation => self.mutation.as_deref().unwrap_or("Mutation"),
            OperationKind::Subscription => self.subscription.as_deref().unwrap_or("Subscription"),
        }
    }

    pub(crate) fn type_entry(&self, name: &str) -> Option<&TypeEntry> {
        self.types.get(name)
    }

    pub(crate) fn field(&self, type_name: &str, field: &str) -> Option<&FieldEntry> {
        self.types.get(type_name)?.fields.get(field)
    }

    /// Everything that asking `field` of `type_name` needs: what the field, its parent and the type it returns demand. On an
    /// interface, whatever any type behind it demands as well, and on a type whatever its interfaces do: neither way is a
    /// way around the other.
    pub(crate) fn requirement(&self, type_name: &str, field: &str) -> Requirement {
        let mut requirement = Requirement::default();
        let behind = self.members.get(type_name);
        let names = behind.into_iter().flatten().map(String::as_str);
        for name in std::iter::once(type_name).chain(names) {
            let Some(entry) = self.types.get(name) else {
                continue;
            };
            self.demand(entry, field, &mut requirement);
            for interface in &entry.interfaces {
                if let Some(entry) = self.types.get(interface) {
                    self.demand(entry, field, &mut requirement);
                }
            }
        }
        requirement
    }

    /// What one type, its field and the type that returns demand; nothing where the type has no such field.
    fn demand(&self, entry: &TypeEntry, field: &str, requirement: &mut Requirement) {
        let Some(field) = entry.fields.get(field) else {
            return;
        };
        requirement.merge(&entry.requirement);
        requirement.merge(&field.requirement);
        if let Some(returned) = self.types.get(&field.type_name) {
            requirement.merge(&returned.requirement);
        }
    }
}

fn fields(fields: &[Field]) -> HashMap<String, FieldEntry> {
    fields
        .iter()
        .map(|field| (field.name.clone(), field_entry(field)))
        .collect()
}

fn field_entry(field: &Field) -> FieldEntry {
    let (type_name, is_list) = named(&field.field_type);
    let argument_weights = field
        .arguments
        .iter()
        .filter_map(|argument| Some((argument.name.clone(), cost(&argument.directives)?)))
        .collect();
    let integer_defaults = field
        .arguments
        .iter()
        .filter(|argument| named(&argument.value_type).0 == "Int")
        .map(|argument| {
            (
                argument.name.clone(),
                argument
                    .default_value
                    .as_ref()
                    .and_then(integer)
                    .unwrap_or(0),
            )
        })
        .collect();
    FieldEntry {
        type_name: type_name.to_owned(),
        is_list,
        weight: cost(&field.directives),
        list_size: field
            .directives
            .iter()
            .find(|directive| directive.name == "listSize")
            .map(list_size),
        argument_weights,
        integer_defaults,
        requirement: Requirement::read(&field.directives),
    }
}

fn named(mut of: &Type) -> (&str, bool) {
    let mut is_list = false;
    loop {
        match of {
            Type::NamedType(name) => return (name, is_list),
            Type::ListType(inner) => {
                is_list = true;
                of = inner;
            }
            Type::NonNullType(inner) => of = inner,
        }
    }
}

/// A field that takes `first` or `last` is a Relay connection or a bounded list even where no `@listSize` says so.
fn relay_size(field: &FieldEntry) -> Option<ListSize> {
    let slicing: Vec<String> = ["first", "last"]
        .into_iter()
        .filter(|argument| field.integer_defaults.contains_key(*argument))
        .map(str::to_owned)
        .collect();
    if slicing.is_empty() {
        return None;
    }
    let sized_fields = if field.is_list {
        Vec::new()
    } else {
        vec!["edges".to_owned(), "nodes".to_owned()]
    };
    Some(ListSize {
        assumed: None,
        slicing,
        sized_fields,
    })
}

fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a Value> {
    directive
        .arguments
        .iter()
        .find(|(argument, _)| argument == name)
        .map(|(_, value)| value)
}

fn integer(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => number
            .as_i64()
            .and_then(|number| u64::try_from(number).ok()),
        _ => None,
    }
}

fn cost(directives: &[Directive]) -> Option<u64> {
    let directive = directives
        .iter()
        .find(|directive| directive.name == "cost")?;
    // A negative weight would let one field pay for another.
    Some(argument(directive, "weight").and_then(integer).unwrap_or(0))
}

fn list_size(directive: &Directive) -> ListSize {
    ListSize {
        assumed: argument(directive, "assumedSize").and_then(integer),
        slicing: argument(directive, "slicingArguments")
            .map(strings)
            .unwrap_or_default(),
        sized_fields: argument(directive, "sizedFields")
            .map(strings)
            .unwrap_or_default(),
    }
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().flat_map(strings).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

fn alternatives(directive: &Directive, name: &str) -> Alternatives {
    match argument(directive, name) {
        Some(Value::List(items)) => items.iter().map(strings).collect(),
        _ => Vec::new(),
    }
}
