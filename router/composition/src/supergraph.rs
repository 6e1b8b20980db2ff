//! Completes the merged SDL so that every Federation 2 planner accepts it.
//!
//! `graphql-composition` writes root types without `@join__type`, defines the join directives as not repeatable although
//! it repeats them, leaves the security and cost directives undefined and unlinked, and drops `@specifiedBy`. All of it
//! is put right on the text, definition by definition.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::definitions::{self, Definition};
use crate::{CompositionError, SubgraphSource};

/// The join and link specifications' own definitions: <https://specs.apollo.dev/join/v0.5>.
const SPECIFICATION: &str = r"directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE

directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE

directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION

directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

scalar join__FieldSet

scalar link__Import

enum link__Purpose {
  SECURITY
  EXECUTION
}
";

/// A federation directive that survives composition: its name, its `@link`, and the definitions it needs.
struct Feature {
    directive: &'static str,
    link: &'static str,
    definitions: &'static [&'static str],
}

const FEATURES: [Feature; 7] = [
    Feature {
        directive: "authenticated",
        link: r#"@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)"#,
        definitions: &[
            "directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        ],
    },
    Feature {
        directive: "cost",
        link: r#"@link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost"])"#,
        definitions: &[
            "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
        ],
    },
    Feature {
        directive: "inaccessible",
        link: r#"@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)"#,
        definitions: &[
            "directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE | SCALAR | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ARGUMENT_DEFINITION",
        ],
    },
    Feature {
        directive: "listSize",
        link: r#"@link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@listSize"])"#,
        definitions: &[
            "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
        ],
    },
    Feature {
        directive: "policy",
        link: r#"@link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)"#,
        definitions: &[
            "scalar policy__Policy",
            "directive @policy(policies: [[policy__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        ],
    },
    Feature {
        directive: "requiresScopes",
        link: r#"@link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)"#,
        definitions: &[
            "scalar requiresScopes__Scope",
            "directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        ],
    },
    Feature {
        directive: "tag",
        link: r#"@link(url: "https://specs.apollo.dev/tag/v0.3")"#,
        definitions: &[
            "directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA",
        ],
    },
];

/// Adds to the merged SDL what it lacks, and orders its definitions: schema, directives, then types by name.
pub(crate) fn complete(
    merged: &str,
    sources: &[&SubgraphSource],
) -> Result<String, CompositionError> {
    let definitions = definitions::split(merged).map_err(|error| {
        CompositionError::one(format!("the composed schema does not parse: {error}"))
    })?;
    let schema = definitions
        .iter()
        .find(|definition| definition.keyword == "schema" && definition.body.is_some())
        .ok_or_else(|| CompositionError::one("no subgraph defines a query field"))?;
    let used: BTreeSet<&str> = definitions
        .iter()
        .filter(|definition| definition.keyword != "directive")
        .flat_map(|definition| definition.directives.iter().copied())
        .collect();

    let mut sdl = schema_definition(schema, &used);
    sdl.push_str(SPECIFICATION);
    for text in feature_definitions(&definitions, &used) {
        let _ = write!(sdl, "\n{text}\n");
    }
    let roots = root_types(&definitions);
    let specified = specified_scalars(sources);
    for definition in ordered(&definitions) {
        sdl.push('\n');
        sdl.push_str(&type_definition(definition, &roots, &specified));
        sdl.push('\n');
    }
    Ok(sdl)
}

/// The schema definition, with links for the features in use beside those the merge wrote.
fn schema_definition(schema: &Definition<'_>, used: &BTreeSet<&str>) -> String {
    let body = schema.body.unwrap_or(schema.text.len());
    let mut head = String::new();
    for line in schema.text[..body].trim_end().lines() {
        // The merge always links `inaccessible`; it is linked below, when it is used. The join version it names lacks
        // progressive overrides, which it writes.
        if line.contains("specs.apollo.dev/inaccessible/") {
            continue;
        }
        head.push_str(&line.replace("specs.apollo.dev/join/v0.3", "specs.apollo.dev/join/v0.5"));
        head.push('\n');
    }
    for feature in FEATURES
        .iter()
        .filter(|feature| used.contains(feature.directive))
    {
        let _ = writeln!(head, "  {}", feature.link);
    }
    format!("{head}{}\n\n", &schema.text[body..])
}

/// Definitions of the directives in use: the merge's own (composed directives, cost) or else the specification's.
fn feature_definitions(definitions: &[Definition<'_>], used: &BTreeSet<&str>) -> Vec<String> {
    let mut texts = BTreeMap::new();
    for definition in definitions
        .iter()
        .filter(|definition| definition.keyword == "directive")
    {
        if !definition.name.starts_with("join__") && definition.name != "link" {
            texts.insert(format!("@{}", definition.name), definition.text.to_owned());
        }
    }
    for feature in FEATURES
        .iter()
        .filter(|feature| used.contains(feature.directive))
    {
        texts
            .entry(format!("@{}", feature.directive))
            .or_insert_with(|| feature.definitions.join("\n\n"));
    }
    texts.into_values().collect()
}

/// The types, by name; the definitions that are written elsewhere are left out.
fn ordered<'d, 'a>(definitions: &'d [Definition<'a>]) -> Vec<&'d Definition<'a>> {
    let mut types: Vec<&Definition<'a>> = definitions
        .iter()
        .filter(|definition| {
            !matches!(definition.keyword, "schema" | "directive")
                && !matches!(
                    definition.name,
                    "join__FieldSet" | "link__Import" | "link__Purpose"
                )
        })
        .collect();
    types.sort_by(|a, b| a.name.cmp(b.name));
    types
}

/// Root type name -> the graphs it has fields from, as `@join__type` arguments.
///
/// Every subgraph has a `Query`, if only for its entities; the other roots belong to the subgraphs that give them fields.
fn root_types(definitions: &[Definition<'_>]) -> BTreeMap<&'static str, Vec<String>> {
    let graphs: Vec<String> = definitions
        .iter()
        .find(|definition| definition.keyword == "enum" && definition.name == "join__Graph")
        .map(|definition| graph_names(definition))
        .unwrap_or_default();
    let mut roots = BTreeMap::from([("Query", graphs.clone())]);
    for root in ["Mutation", "Subscription"] {
        let Some(definition) = definitions
            .iter()
            .find(|definition| definition.keyword == "type" && definition.name == root)
        else {
            continue;
        };
        let fields = join_field_graphs(definition);
        roots.insert(
            root,
            graphs
                .iter()
                .filter(|graph| fields.contains(graph.as_str()))
                .cloned()
                .collect(),
        );
    }
    roots
}

/// The enum values of `join__Graph`: the words before each `@join__graph`.
fn graph_names(definition: &Definition<'_>) -> Vec<String> {
    let Ok(tokens) = graphql_tools::parser::spanned_tokens(definition.text) else {
        return Vec::new();
    };
    let mut names: Vec<String> = tokens
        .windows(3)
        .filter(|window| {
            &definition.text[window[1].1.clone()] == "@"
                && &definition.text[window[2].1.clone()] == "join__graph"
        })
        .map(|window| definition.text[window[0].1.clone()].to_owned())
        .collect();
    names.sort();
    names
}

/// The graphs named by `@join__field(graph: X …)` in a definition.
fn join_field_graphs<'a>(definition: &Definition<'a>) -> BTreeSet<&'a str> {
    let Ok(tokens) = graphql_tools::parser::spanned_tokens(definition.text) else {
        return BTreeSet::new();
    };
    let words: Vec<&str> = tokens
        .iter()
        .map(|(_, range)| &definition.text[range.clone()])
        .collect();
    words
        .windows(5)
        .filter(|window| window[0] == "join__field" && window[2] == "graph" && window[3] == ":")
        .map(|window| window[4])
        .collect()
}

/// Scalar name -> the URL of its `@specifiedBy`, from the first subgraph (by name) that gives one.
fn specified_scalars(sources: &[&SubgraphSource]) -> BTreeMap<String, String> {
    let mut urls = BTreeMap::new();
    for source in sources {
        let Ok(definitions) = definitions::split(&source.sdl) else {
            continue;
        };
        for definition in definitions
            .iter()
            .filter(|definition| definition.keyword == "scalar")
        {
            let Some((_, after)) = definition.text.rsplit_once("@specifiedBy") else {
                continue;
            };
            let Some(arguments) = after
                .trim_start()
                .strip_prefix('(')
                .and_then(|rest| rest.split(')').next())
            else {
                continue;
            };
            urls.entry(definition.name.to_owned())
                .or_insert_with(|| arguments.trim().to_owned());
        }
    }
    urls
}

fn type_definition(
    definition: &Definition<'_>,
    roots: &BTreeMap<&'static str, Vec<String>>,
    specified: &BTreeMap<String, String>,
) -> String {
    match (
        definition.keyword,
        roots.get(definition.name),
        definition.body,
        specified.get(definition.name),
    ) {
        ("type", Some(graphs), Some(body), _)
            if !definition.text[..body].contains("@join__type") =>
        {
            let mut joins = String::new();
            for graph in graphs {
                let _ = write!(joins, "\n  @join__type(graph: {graph})");
            }
            format!(
                "{}{joins}\n{}",
                definition.text[..body].trim_end(),
                &definition.text[body..]
            )
        }
        ("scalar", _, _, Some(arguments)) => {
            format!("{} @specifiedBy({arguments})", definition.text)
        }
        _ => definition.text.to_owned(),
    }
}
