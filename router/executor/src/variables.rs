//! Coercing variables (specification section 6.1.2). JSON values are `serde_json`'s.

use graphql_tools::static_graphql::{
    query::Value as Literal,
    schema::{InputObjectType, Type, TypeDefinition},
};
use serde_json::{Map, Number, Value};

use crate::{
    error::{ErrorCode, GraphQLError},
    normalize::Normalized,
    schema::Schema,
    supergraph::Supergraph,
};

/// Variables that fit their declared types, defaults filled in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Variables(Map<String, Value>);

impl Variables {
    /// The value of a variable; `None` when it was not provided and has no default.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All of them.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether a Boolean variable is true; absent and null count as false.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// Checks and completes the provided variables against the operation's declarations. Every fault is reported, each
/// naming the path inside the variable; variables the operation does not declare are ignored.
pub fn coerce_variables(
    supergraph: &Supergraph,
    normalized: &Normalized,
    provided: &Map<String, Value>,
) -> Result<Variables, Vec<GraphQLError>> {
    let mut coerced = Map::new();
    let mut coercion = Coercion {
        schema: supergraph.public(),
        errors: Vec::new(),
    };
    for definition in &normalized.variable_definitions {
        let before = coercion.errors.len();
        let path = format!("${}", definition.name);
        let value = match (provided.get(&definition.name), &definition.default_value) {
            (Some(value), _) => coercion.value(&definition.var_type, value, &path),
            (None, Some(default)) => {
                coercion.value(&definition.var_type, &literal_to_json(default), &path)
            }
            (None, None) => {
                if matches!(definition.var_type, Type::NonNullType(_)) {
                    coercion.fault(
                        &path,
                        &format!(
                            "a value of type {} is required and none was given",
                            definition.var_type
                        ),
                    );
                }
                None
            }
        };
        for error in &mut coercion.errors[before..] {
            error.locations = vec![(definition.position.line, definition.position.column)];
        }
        if let Some(value) = value {
            coerced.insert(definition.name.clone(), value);
        }
    }
    if coercion.errors.is_empty() {
        Ok(Variables(coerced))
    } else {
        Err(coercion.errors)
    }
}

struct Coercion<'a> {
    schema: &'a Schema,
    errors: Vec<GraphQLError>,
}

impl Coercion<'_> {
    fn fault(&mut self, path: &str, what: &str) {
        let message = format!("Variable \"{path}\": {what}.");
        self.errors
            .push(GraphQLError::new(ErrorCode::ValidationFailed, message));
    }

    /// The coerced value; `None` after a fault was noted.
    fn value(&mut self, ty: &Type, value: &Value, path: &str) -> Option<Value> {
        match ty {
            Type::NonNullType(inner) => {
                if value.is_null() {
                    self.fault(
                        path,
                        &format!("a value of type {ty} is required, null was given"),
                    );
                    return None;
                }
                self.value(inner, value, path)
            }
            _ if value.is_null() => Some(Value::Null),
            Type::ListType(inner) => match value {
                Value::Array(items) => {
                    let items: Vec<_> = items
                        .iter()
                        .enumerate()
                        .map(|(index, item)| self.value(inner, item, &format!("{path}[{index}]")))
                        .collect();
                    items
                        .into_iter()
                        .collect::<Option<Vec<_>>>()
                        .map(Value::Array)
                }
                single => self
                    .value(inner, single, path)
                    .map(|item| Value::Array(vec![item])),
            },
            Type::NamedType(name) => self.named(name, value, path),
        }
    }

    fn named(&mut self, name: &str, value: &Value, path: &str) -> Option<Value> {
        let coerced = match name {
            "Int" => coerce_int(value),
            "Float" => value
                .as_number()
                .map(|number| Value::Number(number.clone())),
            "String" => value.is_string().then(|| value.clone()),
            "Boolean" => value.is_boolean().then(|| value.clone()),
            "ID" => match value {
                Value::String(_) => Some(value.clone()),
                Value::Number(number) if number.is_i64() || number.is_u64() => {
                    Some(Value::String(number.to_string()))
                }
                _ => None,
            },
            _ => {
                return match self.schema.definition(name) {
                    Some(TypeDefinition::InputObject(object)) => {
                        self.input_object(object, value, path)
                    }
                    Some(TypeDefinition::Enum(definition)) => {
                        let known = value.as_str().is_some_and(|text| {
                            definition
                                .values
                                .iter()
                                .any(|candidate| candidate.name == text)
                        });
                        if known {
                            return Some(value.clone());
                        }
                        self.mismatch(path, name, value);
                        None
                    }
                    // A custom scalar's rules are known to its subgraph only.
                    Some(TypeDefinition::Scalar(_)) => Some(value.clone()),
                    _ => {
                        self.fault(path, &format!("{name} is not an input type"));
                        None
                    }
                };
            }
        };
        if coerced.is_none() {
            self.mismatch(path, name, value);
        }
        coerced
    }

    fn mismatch(&mut self, path: &str, expected: &str, found: &Value) {
        let mut shown = found.to_string();
        if shown.len() > 60 {
            let cut = (0..=60)
                .rev()
                .find(|end| shown.is_char_boundary(*end))
                .unwrap_or(0);
            shown.truncate(cut);
            shown.push('…');
        }
        self.fault(path, &format!("expected {expected}, found {shown}"));
    }

    fn input_object(
        &mut self,
        object: &InputObjectType,
        value: &Value,
        path: &str,
    ) -> Option<Value> {
        let Value::Object(provided) = value else {
            self.mismatch(path, &object.name, value);
            return None;
        };
        let before = self.errors.len();
        for key in provided.keys() {
            if !object.fields.iter().any(|field| &field.name == key) {
                self.fault(
                    &format!("{path}.{key}"),
                    &format!("the input type {} has no such field", object.name),
                );
            }
        }
        let mut coerced = Map::new();
        for field in &object.fields {
            let field_path = format!("{path}.{}", field.name);
            match (provided.get(&field.name), &field.default_value) {
                (Some(value), _) => {
                    if let Some(value) = self.value(&field.value_type, value, &field_path) {
                        coerced.insert(field.name.clone(), value);
                    }
                }
                (None, Some(default)) => {
                    coerced.insert(field.name.clone(), literal_to_json(default));
                }
                (None, None) if matches!(field.value_type, Type::NonNullType(_)) => {
                    self.fault(
                        &field_path,
                        &format!(
                            "a value of type {} is required and none was given",
                            field.value_type
                        ),
                    );
                }
                (None, None) => {}
            }
        }
        let one_of = object
            .directives
            .iter()
            .any(|directive| directive.name == "oneOf");
        if one_of && (provided.len() != 1 || provided.values().any(Value::is_null)) {
            self.fault(
                path,
                &format!("{} takes exactly one field, not null", object.name),
            );
        }
        (self.errors.len() == before).then_some(Value::Object(coerced))
    }
}

fn coerce_int(value: &Value) -> Option<Value> {
    let number = value.as_number()?;
    let whole = match number.as_i64() {
        Some(whole) => i32::try_from(whole).ok()?,
        None => whole_float(number.as_f64()?)?,
    };
    Some(Value::Number(whole.into()))
}

/// A float without a fraction, in the range of `Int`.
pub(crate) fn whole_float(value: f64) -> Option<i32> {
    let in_range = (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value);
    if !in_range || value.fract() != 0.0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and inside the range, checked above"
    )]
    let whole = value as i32;
    Some(whole)
}

/// A literal without variables as JSON; enum values become strings.
pub(crate) fn literal_to_json(literal: &Literal) -> Value {
    match literal {
        Literal::Variable(_) | Literal::Null => Value::Null,
        Literal::Int(number) => number.as_i64().map_or(Value::Null, Value::from),
        Literal::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Literal::String(text) | Literal::Enum(text) => Value::String(text.clone()),
        Literal::Boolean(value) => Value::Bool(*value),
        Literal::List(items) => items.iter().map(literal_to_json).collect(),
        Literal::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| (key.clone(), literal_to_json(value)))
                .collect(),
        ),
    }
}
