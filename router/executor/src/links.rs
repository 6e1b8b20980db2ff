//! What the supergraph says of the specifications it uses (`@link`, <https://specs.apollo.dev/link/v1.0>, and its forerunner
//! `@core`): under which names their directives stand in the document, and which of them must be understood.
//!
//! A document may call `@authenticated` by any name. Everything after this file reads the specifications' own names.

use graphql_tools::static_graphql::schema::{
    Definition, Directive, Document, Field, InputValue, TypeDefinition, Value,
};
use rustc_hash::FxHashMap;

use crate::{planner_document::argument, supergraph::SupergraphError};

/// Where the specifications are that this crate knows.
const HOST: &str = "https://specs.apollo.dev/";

/// Specifications with directives that may be renamed, each with the names of its directives.
const RENAMED: [(&str, &[&str]); 6] = [
    ("authenticated", &["authenticated"]),
    ("cost", &["cost", "listSize"]),
    ("inaccessible", &["inaccessible"]),
    ("policy", &["policy"]),
    ("requiresScopes", &["requiresScopes"]),
    ("tag", &["tag"]),
];

/// Those that are understood although nothing of them is renamed here.
const UNDERSTOOD: [&str; 4] = ["core", "federation", "join", "link"];

/// The document with every directive of a known specification under its own name.
///
/// # Errors
/// [`SupergraphError::NotUnderstood`] when a specification is needed for security or execution and is none of those known.
pub(crate) fn canonical(mut document: Document) -> Result<Document, SupergraphError> {
    let names = names(&document)?;
    if names.iter().all(|(local, own)| own.as_ref() == Some(local)) {
        return Ok(document);
    }
    // A directive that only shares a specification's name is defined no more: nobody could tell the two apart.
    document.definitions.retain(|definition| match definition {
        Definition::DirectiveDefinition(definition) => names.get(&definition.name) != Some(&None),
        _ => true,
    });
    for definition in &mut document.definitions {
        match definition {
            Definition::TypeDefinition(definition) => rename_type(definition, &names),
            Definition::DirectiveDefinition(definition) => {
                if let Some(Some(own)) = names.get(&definition.name) {
                    definition.name.clone_from(own);
                }
                rename_inputs(&mut definition.arguments, &names);
            }
            _ => {}
        }
    }
    Ok(document)
}

/// Name in the document -> the specification's; `None` for a name that a specification has elsewhere, and which is
/// somebody else's here.
type Names = FxHashMap<String, Option<String>>;

fn names(document: &Document) -> Result<Names, SupergraphError> {
    let mut names = Names::default();
    let directives = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::SchemaDefinition(schema) => Some(&schema.directives),
            _ => None,
        });
    for link in directives.flatten() {
        let url = match link.name.as_str() {
            "link" => text(link, "url"),
            "core" => text(link, "feature"),
            _ => None,
        };
        let Some(url) = url else { continue };
        let feature = feature(url);
        let renamed = RENAMED.iter().find(|(name, _)| Some(*name) == feature);
        match renamed {
            Some((name, directives)) => add(&mut names, link, name, directives),
            None if feature.is_some_and(|name| UNDERSTOOD.contains(&name)) => {}
            None => check_purpose(link, url)?,
        }
    }
    let elsewhere: Vec<String> = names.values().flatten().cloned().collect();
    for own in elsewhere {
        names.entry(own).or_insert(None);
    }
    Ok(names)
}

/// The name of one of the known host's specifications: `https://specs.apollo.dev/cost/v0.1` is `cost`.
fn feature(url: &str) -> Option<&str> {
    let (name, _version) = url.strip_prefix(HOST)?.split_once('/')?;
    Some(name)
}

fn text<'d>(directive: &'d Directive, name: &str) -> Option<&'d str> {
    match argument(directive, name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Notes the names of a specification's directives: the one that is called like the specification stands for itself, others
/// begin with its name, unless they are imported.
fn add(names: &mut Names, link: &Directive, feature: &str, directives: &[&str]) {
    let prefix = text(link, "as").unwrap_or(feature);
    for own in directives {
        let local = if *own == feature {
            prefix.to_owned()
        } else {
            format!("{prefix}__{own}")
        };
        names.insert(local, Some((*own).to_owned()));
    }
    let Some(Value::List(imports)) = argument(link, "import") else {
        return;
    };
    for import in imports {
        let (own, local) = match import {
            Value::String(name) => (name, name),
            Value::Object(members) => {
                let member = |wanted: &str| match members.iter().find(|(name, _)| name == wanted) {
                    Some((_, Value::String(text))) => Some(text),
                    _ => None,
                };
                let Some(name) = member("name") else { continue };
                (name, member("as").unwrap_or(name))
            }
            _ => continue,
        };
        if let (Some(own), Some(local)) = (own.strip_prefix('@'), local.strip_prefix('@'))
            && directives.contains(&own)
        {
            names.insert(local.to_owned(), Some(own.to_owned()));
        }
    }
}

/// Who does not know a specification that is `for` something must not serve the document.
fn check_purpose(link: &Directive, url: &str) -> Result<(), SupergraphError> {
    match argument(link, "for") {
        Some(Value::Enum(purpose)) => Err(SupergraphError::NotUnderstood {
            url: url.to_owned(),
            purpose: purpose.clone(),
        }),
        _ => Ok(()),
    }
}

fn rename_type(definition: &mut TypeDefinition, names: &Names) {
    match definition {
        TypeDefinition::Object(object) => {
            rename(&mut object.directives, names);
            rename_fields(&mut object.fields, names);
        }
        TypeDefinition::Interface(interface) => {
            rename(&mut interface.directives, names);
            rename_fields(&mut interface.fields, names);
        }
        TypeDefinition::Union(union) => rename(&mut union.directives, names),
        TypeDefinition::Scalar(scalar) => rename(&mut scalar.directives, names),
        TypeDefinition::Enum(definition) => {
            rename(&mut definition.directives, names);
            for value in &mut definition.values {
                rename(&mut value.directives, names);
            }
        }
        TypeDefinition::InputObject(object) => {
            rename(&mut object.directives, names);
            rename_inputs(&mut object.fields, names);
        }
    }
}

fn rename_fields(fields: &mut [Field], names: &Names) {
    for field in fields {
        rename(&mut field.directives, names);
        rename_inputs(&mut field.arguments, names);
    }
}

fn rename_inputs(inputs: &mut [InputValue], names: &Names) {
    for input in inputs {
        rename(&mut input.directives, names);
    }
}

fn rename(directives: &mut Vec<Directive>, names: &Names) {
    directives.retain_mut(|directive| match names.get(&directive.name) {
        Some(Some(own)) => {
            directive.name.clone_from(own);
            true
        }
        Some(None) => false,
        None => true,
    });
}

#[cfg(test)]
mod tests {
    use graphql_tools::parser::parse_schema;

    use super::*;

    fn read(sdl: &str) -> Result<String, SupergraphError> {
        let document = parse_schema::<String>(sdl).unwrap().into_static();
        canonical(document).map(|document| document.to_string())
    }

    #[test]
    fn renamed_directives_get_their_own_names() {
        let read = read(
            r#"
            schema
              @link(url: "https://specs.apollo.dev/link/v1.0")
              @link(url: "https://specs.apollo.dev/authenticated/v0.1", as: "signedIn", for: SECURITY)
              @link(url: "https://specs.apollo.dev/policy/v0.1", import: [{ name: "@policy", as: "@rule" }])
              @link(url: "https://specs.apollo.dev/cost/v0.1", as: "price", import: ["@cost"])
              @link(url: "https://example.test/badge/v1.0", import: ["@badge"])
            { query: Query }
            directive @signedIn on FIELD_DEFINITION
            directive @authenticated on FIELD_DEFINITION
            directive @tag(name: String!) on FIELD_DEFINITION
            type Query {
              a: Int @signedIn @badge
              b: Int @authenticated @tag(name: "mine")
              c: Int @rule(policies: [["x"]]) @cost(weight: 1)
              d(e: Int @price(weight: 2)): [Int] @price__listSize(assumedSize: 3)
            }
            "#,
        )
        .unwrap();
        for line in [
            "directive @authenticated on",
            "a: Int @authenticated @badge",
            // Not the specification's, and not taken for it.
            "b: Int @tag(name: \"mine\")",
            "c: Int @policy(policies: [[\"x\"]]) @cost(weight: 1)",
            "d(e: Int @cost(weight: 2)): [Int] @listSize(assumedSize: 3)",
        ] {
            assert!(read.contains(line), "{line} in {read}");
        }
        assert_eq!(read.matches("directive @authenticated").count(), 1);
    }

    #[test]
    fn what_must_be_understood_and_is_not_is_refused() {
        let linked = |link: &str| {
            read(&format!(
                "schema @link({link}) {{ query: Query }} type Query {{ a: Int }}"
            ))
        };
        for (link, served) in [
            (
                r#"url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION"#,
                true,
            ),
            (
                r#"url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY"#,
                true,
            ),
            (r#"url: "https://example.test/badge/v1.0""#, true),
            (
                r#"url: "https://example.test/badge/v1.0", for: SECURITY"#,
                false,
            ),
            (
                r#"url: "https://example.test/authenticated/v0.1", for: SECURITY"#,
                false,
            ),
            (
                r#"url: "https://specs.apollo.dev/context/v0.1", for: SECURITY"#,
                false,
            ),
            (
                r#"url: "https://specs.apollo.dev/connect/v0.1", for: EXECUTION"#,
                false,
            ),
        ] {
            let refused = linked(link);
            let not_understood = matches!(refused, Err(SupergraphError::NotUnderstood { .. }));
            assert_eq!(not_understood, !served, "{link}: {refused:?}");
        }
    }
}
