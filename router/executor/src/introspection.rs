//! Answering `__schema` and `__type` from the public schema (specification section 4.2), straight into the buffer.

use std::borrow::Cow;

use graphql_tools::static_graphql::{
    query::{Directive, Field, FragmentDefinition, Selection, SelectionSet, TypeCondition, Value},
    schema::{
        DirectiveDefinition, EnumValue, Field as FieldDefinition, InputValue, Type, TypeDefinition,
    },
};
use rustc_hash::FxHashMap;

use crate::{
    json::write_string,
    public_schema::is_builtin_scalar,
    schema::{Schema, type_name},
    variables::Variables,
};

/// What introspection needs beside the fields.
pub(crate) struct Introspection<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) fragments: &'a FxHashMap<String, FragmentDefinition>,
    pub(crate) variables: &'a Variables,
}

/// A node of the introspection schema.
#[derive(Clone, Copy)]
enum Node<'a> {
    Schema,
    Named(&'a TypeDefinition),
    Builtin(&'a str),
    Wrapped(&'a Type),
    Field(&'a FieldDefinition),
    Input(&'a InputValue),
    Enum(&'a EnumValue),
    Directive(&'a DirectiveDefinition),
}

/// The value of one introspection field.
enum Answer<'a> {
    Null,
    Bool(bool),
    Text(Cow<'a, str>),
    Texts(Vec<Cow<'a, str>>),
    Node(Node<'a>),
    Nodes(Vec<Node<'a>>),
}

impl<'a> Introspection<'a> {
    /// Writes the value of the root field `__schema` or `__type`; `fields` are its occurrences, to be merged.
    pub(crate) fn write_root(&self, fields: &[&'a Field], out: &mut Vec<u8>) {
        let Some(first) = fields.first() else { return };
        let node = if first.name == "__schema" {
            Some(Node::Schema)
        } else {
            let name = self.argument_text(first, "name");
            name.and_then(|name| self.named(&name))
        };
        match node {
            Some(node) => self.write_node(node, fields, out),
            None => out.extend_from_slice(b"null"),
        }
    }

    fn named(&self, name: &str) -> Option<Node<'a>> {
        self.schema.definition(name).map(Node::Named)
    }

    fn argument_text(&self, field: &Field, name: &str) -> Option<String> {
        let (_, value) = field
            .arguments
            .iter()
            .find(|(argument, _)| argument == name)?;
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Variable(variable) => self.variables.get(variable)?.as_str().map(str::to_owned),
            _ => None,
        }
    }

    fn include_deprecated(&self, field: &Field) -> bool {
        let argument = field
            .arguments
            .iter()
            .find(|(name, _)| name == "includeDeprecated");
        match argument.map(|(_, value)| value) {
            Some(Value::Boolean(value)) => *value,
            Some(Value::Variable(variable)) => self.variables.is_true(variable),
            _ => false,
        }
    }

    fn write_node(&self, node: Node<'a>, fields: &[&'a Field], out: &mut Vec<u8>) {
        let mut collected: Vec<(&'a str, Vec<&'a Field>)> = Vec::new();
        for field in fields {
            self.collect(node.type_name(), &field.selection_set, &mut collected);
        }
        out.push(b'{');
        for (position, (key, fields)) in collected.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            write_string(key, out);
            out.push(b':');
            match self.resolve(node, fields[0]) {
                Answer::Null => out.extend_from_slice(b"null"),
                Answer::Bool(value) => {
                    out.extend_from_slice(if value { b"true" } else { b"false" });
                }
                Answer::Text(text) => write_string(&text, out),
                Answer::Texts(texts) => {
                    write_list(&texts, out, |text, out| write_string(text, out));
                }
                Answer::Node(child) => self.write_node(child, fields, out),
                Answer::Nodes(nodes) => {
                    write_list(&nodes, out, |child, out| {
                        self.write_node(*child, fields, out);
                    });
                }
            }
        }
        out.push(b'}');
    }

    fn collect(
        &self,
        type_name: &str,
        set: &'a SelectionSet,
        collected: &mut Vec<(&'a str, Vec<&'a Field>)>,
    ) {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    if !self.included(&field.directives) {
                        continue;
                    }
                    let key = field.alias.as_deref().unwrap_or(&field.name);
                    match collected.iter_mut().find(|(existing, _)| *existing == key) {
                        Some((_, fields)) => fields.push(field),
                        None => collected.push((key, vec![field])),
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let applies = fragment.type_condition.as_ref().is_none_or(|condition| {
                        let TypeCondition::On(name) = condition;
                        name == type_name
                    });
                    if applies && self.included(&fragment.directives) {
                        self.collect(type_name, &fragment.selection_set, collected);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    if !self.included(&spread.directives) {
                        continue;
                    }
                    if let Some(fragment) = self.fragments.get(&spread.fragment_name) {
                        let TypeCondition::On(name) = &fragment.type_condition;
                        if name == type_name {
                            self.collect(type_name, &fragment.selection_set, collected);
                        }
                    }
                }
            }
        }
    }

    fn included(&self, directives: &[Directive]) -> bool {
        directives.iter().all(|directive| {
            let wanted = match directive.name.as_str() {
                "include" => true,
                "skip" => false,
                _ => return true,
            };
            let value = directive.arguments.iter().find(|(name, _)| name == "if");
            match value.map(|(_, value)| value) {
                Some(Value::Boolean(value)) => *value == wanted,
                Some(Value::Variable(variable)) => self.variables.is_true(variable) == wanted,
                _ => true,
            }
        })
    }

    fn resolve(&self, node: Node<'a>, field: &'a Field) -> Answer<'a> {
        let name = field.name.as_str();
        if name == "__typename" {
            return Answer::Text(Cow::Borrowed(node.type_name()));
        }
        match node {
            Node::Schema => self.resolve_schema(name),
            Node::Named(definition) => self.resolve_type(definition, field),
            Node::Builtin(scalar) => match name {
                "kind" => text("SCALAR"),
                "name" => text(scalar),
                _ => Answer::Null,
            },
            Node::Wrapped(ty) => match (ty, name) {
                (Type::NonNullType(_), "kind") => text("NON_NULL"),
                (Type::ListType(_), "kind") => text("LIST"),
                (Type::NonNullType(inner) | Type::ListType(inner), "ofType") => {
                    self.type_answer(inner)
                }
                _ => Answer::Null,
            },
            Node::Field(definition) => match name {
                "name" => text(&definition.name),
                "description" => optional_text(definition.description.as_deref()),
                "args" => self.inputs(&definition.arguments, field),
                "type" => self.type_answer(&definition.field_type),
                "isDeprecated" => Answer::Bool(is_deprecated(&definition.directives)),
                "deprecationReason" => deprecation_reason(&definition.directives),
                _ => Answer::Null,
            },
            Node::Input(input) => match name {
                "name" => text(&input.name),
                "description" => optional_text(input.description.as_deref()),
                "type" => self.type_answer(&input.value_type),
                "defaultValue" => match &input.default_value {
                    Some(value) => Answer::Text(Cow::Owned(value.to_string())),
                    None => Answer::Null,
                },
                "isDeprecated" => Answer::Bool(is_deprecated(&input.directives)),
                "deprecationReason" => deprecation_reason(&input.directives),
                _ => Answer::Null,
            },
            Node::Enum(value) => match name {
                "name" => text(&value.name),
                "description" => optional_text(value.description.as_deref()),
                "isDeprecated" => Answer::Bool(is_deprecated(&value.directives)),
                "deprecationReason" => deprecation_reason(&value.directives),
                _ => Answer::Null,
            },
            Node::Directive(directive) => match name {
                "name" => text(&directive.name),
                "description" => optional_text(directive.description.as_deref()),
                "isRepeatable" => Answer::Bool(directive.repeatable),
                "locations" => Answer::Texts(
                    directive
                        .locations
                        .iter()
                        .map(|location| Cow::Owned(location.as_str().to_owned()))
                        .collect(),
                ),
                "args" => self.inputs(&directive.arguments, field),
                _ => Answer::Null,
            },
        }
    }

    fn resolve_schema(&self, name: &str) -> Answer<'a> {
        let root = |name: Option<&str>| match name.and_then(|name| self.named(name)) {
            Some(node) => Answer::Node(node),
            None => Answer::Null,
        };
        match name {
            "types" => Answer::Nodes(self.schema.definitions().map(Node::Named).collect()),
            "queryType" => root(Some(self.schema.query_type())),
            "mutationType" => root(self.schema.mutation_type()),
            "subscriptionType" => root(self.schema.subscription_type()),
            "directives" => Answer::Nodes(self.schema.directives().map(Node::Directive).collect()),
            _ => Answer::Null,
        }
    }

    fn resolve_type(&self, definition: &'a TypeDefinition, field: &'a Field) -> Answer<'a> {
        match field.name.as_str() {
            "kind" => text(kind(definition)),
            "name" => text(type_name(definition)),
            "description" => optional_text(description(definition)),
            "specifiedByURL" => match definition {
                TypeDefinition::Scalar(scalar) => {
                    directive_text(&scalar.directives, "specifiedBy", "url")
                }
                _ => Answer::Null,
            },
            "isOneOf" => match definition {
                TypeDefinition::InputObject(_) => Answer::Bool(definition.is_one_of()),
                _ => Answer::Null,
            },
            "fields" => {
                let fields = match definition {
                    TypeDefinition::Object(object) => &object.fields,
                    TypeDefinition::Interface(interface) => &interface.fields,
                    _ => return Answer::Null,
                };
                let deprecated = self.include_deprecated(field);
                let shown = fields.iter().filter(|field| {
                    !field.name.starts_with("__")
                        && (deprecated || !is_deprecated(&field.directives))
                });
                Answer::Nodes(shown.map(Node::Field).collect())
            }
            "interfaces" => {
                let names = match definition {
                    TypeDefinition::Object(object) => &object.implements_interfaces,
                    TypeDefinition::Interface(interface) => &interface.implements_interfaces,
                    _ => return Answer::Null,
                };
                Answer::Nodes(names.iter().filter_map(|name| self.named(name)).collect())
            }
            "possibleTypes" => match definition {
                TypeDefinition::Interface(_) | TypeDefinition::Union(_) => {
                    let names = self.schema.possible_types(type_name(definition));
                    let names = names.unwrap_or_default().iter();
                    Answer::Nodes(names.filter_map(|name| self.named(name)).collect())
                }
                _ => Answer::Null,
            },
            "enumValues" => match definition {
                TypeDefinition::Enum(definition) => {
                    let deprecated = self.include_deprecated(field);
                    let shown = definition
                        .values
                        .iter()
                        .filter(|value| deprecated || !is_deprecated(&value.directives));
                    Answer::Nodes(shown.map(Node::Enum).collect())
                }
                _ => Answer::Null,
            },
            "inputFields" => match definition {
                TypeDefinition::InputObject(object) => self.inputs(&object.fields, field),
                _ => Answer::Null,
            },
            _ => Answer::Null,
        }
    }

    fn inputs(&self, inputs: &'a [InputValue], field: &Field) -> Answer<'a> {
        let deprecated = self.include_deprecated(field);
        let shown = inputs
            .iter()
            .filter(|input| deprecated || !is_deprecated(&input.directives));
        Answer::Nodes(shown.map(Node::Input).collect())
    }

    fn type_answer(&self, ty: &'a Type) -> Answer<'a> {
        match ty {
            Type::NamedType(name) => match self.named(name) {
                Some(node) => Answer::Node(node),
                None if is_builtin_scalar(name) => Answer::Node(Node::Builtin(name)),
                None => Answer::Null,
            },
            wrapped => Answer::Node(Node::Wrapped(wrapped)),
        }
    }
}

impl Node<'_> {
    fn type_name(self) -> &'static str {
        match self {
            Self::Schema => "__Schema",
            Self::Named(_) | Self::Builtin(_) | Self::Wrapped(_) => "__Type",
            Self::Field(_) => "__Field",
            Self::Input(_) => "__InputValue",
            Self::Enum(_) => "__EnumValue",
            Self::Directive(_) => "__Directive",
        }
    }
}

fn text(value: &str) -> Answer<'_> {
    Answer::Text(Cow::Borrowed(value))
}

fn optional_text(value: Option<&str>) -> Answer<'_> {
    value.map_or(Answer::Null, text)
}

fn kind(definition: &TypeDefinition) -> &'static str {
    match definition {
        TypeDefinition::Scalar(_) => "SCALAR",
        TypeDefinition::Object(_) => "OBJECT",
        TypeDefinition::Interface(_) => "INTERFACE",
        TypeDefinition::Union(_) => "UNION",
        TypeDefinition::Enum(_) => "ENUM",
        TypeDefinition::InputObject(_) => "INPUT_OBJECT",
    }
}

fn description(definition: &TypeDefinition) -> Option<&str> {
    match definition {
        TypeDefinition::Scalar(definition) => definition.description.as_deref(),
        TypeDefinition::Object(definition) => definition.description.as_deref(),
        TypeDefinition::Interface(definition) => definition.description.as_deref(),
        TypeDefinition::Union(definition) => definition.description.as_deref(),
        TypeDefinition::Enum(definition) => definition.description.as_deref(),
        TypeDefinition::InputObject(definition) => definition.description.as_deref(),
    }
}

fn is_deprecated(directives: &[Directive]) -> bool {
    directives
        .iter()
        .any(|directive| directive.name == "deprecated")
}

fn deprecation_reason(directives: &[Directive]) -> Answer<'_> {
    if !is_deprecated(directives) {
        return Answer::Null;
    }
    match directive_text(directives, "deprecated", "reason") {
        Answer::Null => text("No longer supported"),
        reason => reason,
    }
}

fn directive_text<'a>(directives: &'a [Directive], name: &str, argument: &str) -> Answer<'a> {
    let value = directives
        .iter()
        .find(|directive| directive.name == name)
        .and_then(|directive| directive.arguments.iter().find(|(key, _)| key == argument));
    match value {
        Some((_, Value::String(value))) => text(value),
        _ => Answer::Null,
    }
}

fn write_list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}
