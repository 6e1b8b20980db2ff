//! The schema that clients see: nothing of federation, nothing inaccessible, and the specification's own directives.

use graphql_tools::static_graphql::schema::{
    Definition, Directive, Document, EnumValue, Field, InputValue, TypeDefinition,
};
use hive_router_query_planner::utils::parsing::safe_parse_schema;
use rustc_hash::FxHashSet;

use crate::schema::{Schema, inner_type, type_name};

/// Finishes the planner's pruning: no dangling union member, interface or federation directive stays behind.
pub(crate) fn clean_public(document: &Document) -> Document {
    let mut public = document.clone();
    let mut seen = FxHashSet::default();
    public.definitions.retain(|definition| match definition {
        Definition::TypeDefinition(definition) => {
            let name = type_name(definition);
            !is_federation_name(name) && seen.insert(name.to_owned())
        }
        Definition::DirectiveDefinition(definition) => {
            !is_federation_directive(&definition.name)
                && !SPECIFIED_NAMES.contains(&definition.name.as_str())
                && seen.insert(format!("@{}", definition.name))
        }
        _ => true,
    });
    for definition in &mut public.definitions {
        match definition {
            Definition::TypeDefinition(definition) => clean_type(definition, &seen),
            Definition::DirectiveDefinition(definition) => clean_inputs(&mut definition.arguments),
            _ => {}
        }
    }
    let mut specified: Vec<Document> = safe_parse_schema(SPECIFIED_DIRECTIVES)
        .into_iter()
        .collect();
    if !seen.contains("@defer") {
        specified.extend(safe_parse_schema(DEFERRING));
    }
    // Constants that tests read back; were they wrong, introspection would lack them.
    let specified = specified.into_iter();
    public
        .definitions
        .extend(specified.flat_map(|document| document.definitions));
    drop_unused_scalars(&mut public);
    public
}

/// Takes out of a type what names what is gone.
fn clean_type(definition: &mut TypeDefinition, seen: &FxHashSet<String>) {
    match definition {
        TypeDefinition::Object(object) => {
            object
                .implements_interfaces
                .retain(|name| seen.contains(name));
            clean_directives(&mut object.directives);
            clean_fields(&mut object.fields, seen);
        }
        TypeDefinition::Interface(interface) => {
            interface
                .implements_interfaces
                .retain(|name| seen.contains(name));
            clean_directives(&mut interface.directives);
            clean_fields(&mut interface.fields, seen);
        }
        TypeDefinition::Union(union) => {
            union.types.retain(|name| seen.contains(name));
            clean_directives(&mut union.directives);
        }
        TypeDefinition::Enum(definition) => {
            if definition.name == "__DirectiveLocation" {
                // The planner's introspection schema lacks this one.
                let missing = EnumValue::new("VARIABLE_DEFINITION".to_owned());
                definition.values.retain(|value| value.name != missing.name);
                definition.values.push(missing);
            }
            clean_directives(&mut definition.directives);
            for value in &mut definition.values {
                clean_directives(&mut value.directives);
            }
        }
        TypeDefinition::Scalar(scalar) => clean_directives(&mut scalar.directives),
        TypeDefinition::InputObject(object) => {
            clean_directives(&mut object.directives);
            clean_inputs(&mut object.fields);
        }
    }
}

fn clean_fields(fields: &mut Vec<Field>, seen: &FxHashSet<String>) {
    fields.retain(|field| is_known(inner_type(&field.field_type), seen));
    for field in fields {
        clean_directives(&mut field.directives);
        clean_inputs(&mut field.arguments);
    }
}

fn clean_inputs(inputs: &mut [InputValue]) {
    for input in inputs {
        clean_directives(&mut input.directives);
    }
}

fn clean_directives(directives: &mut Vec<Directive>) {
    directives.retain(|directive| !is_federation_directive(&directive.name));
}

/// The directives that the specification defines (section 3.13), as its reference implementation describes them. The
/// planner has some of them in other places.
const SPECIFIED_DIRECTIVES: &str = r#"
"Directs the executor to include this field or fragment only when the `if` argument is true."
directive @include("Included when true." if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
"Directs the executor to skip this field or fragment when the `if` argument is true."
directive @skip("Skipped when true." if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
"Marks an element of a GraphQL schema as no longer supported."
directive @deprecated(
  "Explains why this element was deprecated, usually also including a suggestion for how to access supported similar data. Formatted using the Markdown syntax, as specified by [CommonMark](https://commonmark.org/)."
  reason: String = "No longer supported"
) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
"Exposes a URL that specifies the behavior of this scalar."
directive @specifiedBy("The URL that specifies the behavior of this scalar." url: String!) on SCALAR
"Indicates exactly one field must be supplied and this field must not be `null`."
directive @oneOf on INPUT_OBJECT
"#;

const SPECIFIED_NAMES: [&str; 5] = ["include", "skip", "deprecated", "specifiedBy", "oneOf"];

/// The draft of incremental delivery leaves it to the server which of the parts come later; to whom they do not is answered
/// whole. The words are those of the specification's reference implementation.
const DEFERRING: &str = r#"
"Directs the executor to defer this fragment when the `if` argument is true or undefined."
directive @defer(
  "Deferred when true or undefined."
  if: Boolean! = true
  "Unique name"
  label: String
) on FRAGMENT_SPREAD | INLINE_FRAGMENT
"#;

/// A built-in scalar that nothing refers to is not part of a schema (specification, section 4.2.2).
fn drop_unused_scalars(public: &mut Document) {
    let mut used: FxHashSet<String> = FxHashSet::default();
    for definition in &public.definitions {
        let (fields, inputs): (&[Field], &[InputValue]) = match definition {
            Definition::TypeDefinition(TypeDefinition::Object(object)) => (&object.fields, &[]),
            Definition::TypeDefinition(TypeDefinition::Interface(interface)) => {
                (&interface.fields, &[])
            }
            Definition::TypeDefinition(TypeDefinition::InputObject(object)) => {
                (&[], &object.fields)
            }
            Definition::DirectiveDefinition(directive) => (&[], &directive.arguments),
            _ => continue,
        };
        let inputs = inputs
            .iter()
            .chain(fields.iter().flat_map(|field| &field.arguments));
        used.extend(inputs.map(|input| inner_type(&input.value_type).to_owned()));
        used.extend(
            fields
                .iter()
                .map(|field| inner_type(&field.field_type).to_owned()),
        );
    }
    public.definitions.retain(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Scalar(scalar)) => {
            let is_built_in = matches!(scalar.name.as_str(), "Int" | "Float" | "ID");
            !is_built_in || used.contains(&scalar.name)
        }
        _ => true,
    });
}

fn is_known(name: &str, seen: &FxHashSet<String>) -> bool {
    is_builtin_scalar(name) || seen.contains(name)
}

pub(crate) fn is_builtin_scalar(name: &str) -> bool {
    matches!(name, "Int" | "Float" | "String" | "Boolean" | "ID")
}

fn is_federation_name(name: &str) -> bool {
    [
        "join__",
        "link__",
        "core__",
        "federation__",
        "policy__",
        "requiresScopes__",
        "context__",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

fn is_federation_directive(name: &str) -> bool {
    is_federation_name(name)
        || matches!(
            name,
            "link"
                | "core"
                | "tag"
                | "inaccessible"
                | "authenticated"
                | "requiresScopes"
                | "policy"
                | "cost"
                | "listSize"
                | "context"
                | "fromContext"
                | "composeDirective"
        )
}

/// The schema as clients' tools read it, without introspection types and what the specification defines.
pub(crate) fn printed_sdl(public: &Schema) -> String {
    let mut document = public.document().clone();
    document.definitions.retain(|definition| match definition {
        Definition::TypeDefinition(definition) => {
            let name = type_name(definition);
            !name.starts_with("__") && !is_builtin_scalar(name)
        }
        Definition::DirectiveDefinition(definition) => {
            !SPECIFIED_NAMES.contains(&definition.name.as_str())
        }
        _ => true,
    });
    for definition in &mut document.definitions {
        if let Definition::TypeDefinition(TypeDefinition::Object(object)) = definition
            && object.name == public.query_type()
        {
            object.fields.retain(|field| !field.name.starts_with("__"));
        }
    }
    document.to_string()
}
