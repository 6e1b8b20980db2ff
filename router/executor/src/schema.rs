//! A schema document with the indexes the compiler asks for: definitions by name and possible types.
//!
//! Two of them exist per supergraph: the full one (every type, for representations and type conditions) and the
//! public one (inaccessible parts pruned, for projection, variables and introspection).

use graphql_tools::static_graphql::schema::{
    Definition, DirectiveDefinition, Document, Field, Type, TypeDefinition,
};
use rustc_hash::{FxHashMap, FxHashSet};

/// An indexed schema document.
#[derive(Debug)]
pub(crate) struct Schema {
    document: Document,
    index: FxHashMap<String, usize>,
    possible: FxHashMap<String, Vec<String>>,
    query: String,
    mutation: Option<String>,
    subscription: Option<String>,
}

impl Schema {
    /// Indexes a document; `None` when it has no query type.
    pub(crate) fn new(document: Document) -> Option<Self> {
        let query = document.query_type_name()?.clone();
        let mutation = document.mutation_type_name().cloned();
        let subscription = document.subscription_type_name().cloned();
        let mut index = FxHashMap::default();
        let mut possible: FxHashMap<String, Vec<String>> = FxHashMap::default();
        for (position, definition) in document.definitions.iter().enumerate() {
            let Definition::TypeDefinition(definition) = definition else {
                continue;
            };
            index
                .entry(type_name(definition).to_owned())
                .or_insert(position);
            match definition {
                TypeDefinition::Object(object) => {
                    for interface in &object.implements_interfaces {
                        possible
                            .entry(interface.clone())
                            .or_default()
                            .push(object.name.clone());
                    }
                }
                TypeDefinition::Interface(interface) => {
                    possible.entry(interface.name.clone()).or_default();
                }
                TypeDefinition::Union(union) => {
                    possible
                        .entry(union.name.clone())
                        .or_default()
                        .extend(union.types.clone());
                }
                _ => {}
            }
        }
        for names in possible.values_mut() {
            names.sort();
            names.dedup();
        }
        Some(Self {
            document,
            index,
            possible,
            query,
            mutation,
            subscription,
        })
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    pub(crate) fn query_type(&self) -> &str {
        &self.query
    }

    pub(crate) fn mutation_type(&self) -> Option<&str> {
        self.mutation.as_deref()
    }

    pub(crate) fn subscription_type(&self) -> Option<&str> {
        self.subscription.as_deref()
    }

    pub(crate) fn definition(&self, name: &str) -> Option<&TypeDefinition> {
        match self.document.definitions.get(*self.index.get(name)?)? {
            Definition::TypeDefinition(definition) => Some(definition),
            _ => None,
        }
    }

    /// Type definitions in document order.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = &TypeDefinition> {
        self.document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                Definition::TypeDefinition(definition) => Some(definition),
                _ => None,
            })
    }

    /// Directive definitions in document order.
    pub(crate) fn directives(&self) -> impl Iterator<Item = &DirectiveDefinition> {
        self.document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                Definition::DirectiveDefinition(definition) => Some(definition),
                _ => None,
            })
    }

    pub(crate) fn field(&self, type_name: &str, field: &str) -> Option<&Field> {
        self.definition(type_name)?.field_by_name(field)
    }

    /// The object types of an interface or union, sorted; `None` for any other type.
    pub(crate) fn possible_types(&self, name: &str) -> Option<&[String]> {
        self.possible.get(name).map(Vec::as_slice)
    }

    pub(crate) fn is_object(&self, name: &str) -> bool {
        matches!(self.definition(name), Some(TypeDefinition::Object(_)))
    }

    pub(crate) fn is_composite(&self, name: &str) -> bool {
        self.is_object(name) || self.possible.contains_key(name)
    }

    /// Whether a value of type `name` meets the type condition `condition`.
    pub(crate) fn satisfies(&self, name: &str, condition: &str) -> bool {
        if name == condition {
            return true;
        }
        if self.possible.get(condition).is_some_and(|types| {
            types
                .binary_search_by(|candidate| candidate.as_str().cmp(name))
                .is_ok()
        }) {
            return true;
        }
        // An @interfaceObject answers with the interface's own name, which meets the interfaces it implements.
        matches!(self.definition(name), Some(TypeDefinition::Interface(interface))
            if interface.implements_interfaces.iter().any(|parent| parent == condition))
    }

    /// The concrete and interface types that can meet `condition`.
    pub(crate) fn satisfying(&self, condition: &str) -> FxHashSet<String> {
        let mut names: FxHashSet<String> = FxHashSet::default();
        names.insert(condition.to_owned());
        names.extend(self.possible.get(condition).into_iter().flatten().cloned());
        for definition in self.definitions() {
            if let TypeDefinition::Interface(interface) = definition
                && interface
                    .implements_interfaces
                    .iter()
                    .any(|parent| parent == condition)
            {
                names.insert(interface.name.clone());
            }
        }
        names
    }
}

/// The name of any type definition.
pub(crate) fn type_name(definition: &TypeDefinition) -> &str {
    match definition {
        TypeDefinition::Scalar(definition) => &definition.name,
        TypeDefinition::Object(definition) => &definition.name,
        TypeDefinition::Interface(definition) => &definition.name,
        TypeDefinition::Union(definition) => &definition.name,
        TypeDefinition::Enum(definition) => &definition.name,
        TypeDefinition::InputObject(definition) => &definition.name,
    }
}

/// The innermost named type.
pub(crate) fn inner_type(ty: &Type) -> &str {
    match ty {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => inner_type(inner),
    }
}
