//! Reading a supergraph: one immutable snapshot with planner, schemas and subgraph table.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind},
};

use graphql_tools::{
    parser::{Pos, schema::DirectiveLocation},
    static_graphql::schema::{
        Definition, DirectiveDefinition, Document, EnumValue, Field, InputValue, Type,
        TypeDefinition, Value,
    },
};
use hive_router_query_planner::{
    planner::{Planner, QueryPlannerOptions},
    state::supergraph_state::SupergraphState,
    utils::parsing::safe_parse_schema,
};
use rustc_hash::FxHashSet;

use crate::{
    planner_document::complete_override_labels,
    planner_names::PlannerNames,
    schema::{Schema, inner_type, type_name},
};

/// The position of a subgraph in [`Supergraph::subgraphs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubgraphId(pub(crate) u32);

impl SubgraphId {
    /// The position as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One subgraph, as the supergraph's `join__Graph` enum names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphEntry {
    /// Its position.
    pub id: SubgraphId,
    /// The `name` argument of `@join__graph`.
    pub name: String,
    /// The `url` argument of `@join__graph`; may be empty.
    pub url: String,
}

/// Why a supergraph document cannot be served.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SupergraphError {
    /// The text is not a GraphQL schema document.
    #[error("the supergraph is not a valid GraphQL schema document: {0}")]
    Syntax(String),
    /// A part every supergraph has is missing or unusable.
    #[error("the document is not a Federation 2 supergraph: {0}")]
    NotSupergraph(String),
    /// The planner refuses the document.
    #[error("the supergraph cannot be planned against: {0}")]
    Planner(String),
}

/// An immutable snapshot of one supergraph.
pub struct Supergraph {
    planner: Planner,
    full: Schema,
    public: Schema,
    public_sdl: String,
    subgraphs: Vec<SubgraphEntry>,
    /// Subgraphs by the names the planner knows them by.
    planner_names: PlannerNames,
    hash: u64,
}

impl std::fmt::Debug for Supergraph {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Supergraph")
            .field("subgraphs", &self.subgraphs)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

impl Supergraph {
    /// Reads a Federation 2 supergraph (join specification 0.1 to 0.5) from any composer.
    pub fn parse(sdl: &str) -> Result<Self, SupergraphError> {
        let document =
            safe_parse_schema(sdl).map_err(|error| SupergraphError::Syntax(error.to_string()))?;
        check_shape(&document)?;
        let subgraphs = read_subgraphs(&document)?;
        let full = Schema::new(document.clone()).ok_or_else(|| missing("a query type"))?;
        let planner_names = PlannerNames::new(&subgraphs, &document);
        let mut planned = planner_names.rename(document);
        complete_override_labels(&mut planned);
        let planner = build_planner(&planned)?;
        let public = Schema::new(clean_public(&planner.consumer_schema.document))
            .ok_or_else(|| missing("an accessible query type"))?;
        let public_sdl = printed_sdl(&public);
        let mut hasher = DefaultHasher::new();
        sdl.hash(&mut hasher);
        Ok(Self {
            planner,
            full,
            public,
            public_sdl,
            subgraphs,
            planner_names,
            hash: hasher.finish(),
        })
    }

    /// The subgraphs in the order of the `join__Graph` enum.
    pub fn subgraphs(&self) -> &[SubgraphEntry] {
        &self.subgraphs
    }

    /// The entry of a subgraph of this supergraph.
    pub fn subgraph(&self, id: SubgraphId) -> Option<&SubgraphEntry> {
        self.subgraphs.get(id.index())
    }

    /// The schema clients see, inaccessible parts pruned and introspection types included; validation uses it.
    pub fn public_schema(&self) -> &Document {
        self.public.document()
    }

    /// The schema clients see, printed, without introspection types and built-in scalars.
    pub fn public_sdl(&self) -> &str {
        &self.public_sdl
    }

    /// A hash of the supergraph's text: equal text, equal hash, on every machine with the same build.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The planner's view of the supergraph, with directives such as `@authenticated`, `@cost` and `@listSize`.
    pub fn state(&self) -> &SupergraphState {
        &self.planner.supergraph
    }

    pub(crate) fn planner(&self) -> &Planner {
        &self.planner
    }

    pub(crate) fn full(&self) -> &Schema {
        &self.full
    }

    pub(crate) fn public(&self) -> &Schema {
        &self.public
    }

    pub(crate) fn planner_names(&self) -> &PlannerNames {
        &self.planner_names
    }

    /// The subgraph a plan names.
    pub(crate) fn planned_subgraph(&self, planner_name: &str) -> Option<SubgraphId> {
        self.planner_names.by_name.get(planner_name).copied()
    }
}

fn missing(what: &str) -> SupergraphError {
    SupergraphError::NotSupergraph(format!("{what} was expected and none was found"))
}

/// Refuses what the planner would panic on.
fn check_shape(document: &Document) -> Result<(), SupergraphError> {
    let mut names = FxHashSet::default();
    for definition in &document.definitions {
        match definition {
            Definition::TypeExtension(_) => {
                return Err(SupergraphError::NotSupergraph(
                    "a supergraph has no type extensions, one was found".to_owned(),
                ));
            }
            Definition::TypeDefinition(definition) if !names.insert(type_name(definition)) => {
                return Err(SupergraphError::NotSupergraph(format!(
                    "the type {} is defined twice",
                    type_name(definition)
                )));
            }
            _ => {}
        }
    }
    let root = document
        .query_type_name()
        .ok_or_else(|| missing("a query type"))?;
    if !matches!(document.type_by_name(root), Some(TypeDefinition::Object(_))) {
        return Err(missing(&format!("an object type {root}")));
    }
    Ok(())
}

fn read_subgraphs(document: &Document) -> Result<Vec<SubgraphEntry>, SupergraphError> {
    let graphs = document
        .definitions
        .iter()
        .find_map(|definition| match definition {
            Definition::TypeDefinition(TypeDefinition::Enum(graphs))
                if graphs.name == "join__Graph" =>
            {
                Some(graphs)
            }
            _ => None,
        });
    let graphs = graphs.ok_or_else(|| {
        SupergraphError::NotSupergraph(
            "the enum join__Graph is missing; compose the subgraphs first".to_owned(),
        )
    })?;
    let mut entries = Vec::with_capacity(graphs.values.len());
    for value in &graphs.values {
        let name = join_graph_argument(value, "name").ok_or_else(|| {
            SupergraphError::NotSupergraph(format!(
                "join__Graph.{} has no @join__graph(name:, url:)",
                value.name
            ))
        })?;
        let id = u32::try_from(entries.len()).map_err(|_| missing("fewer subgraphs"))?;
        let url = join_graph_argument(value, "url").unwrap_or_default();
        entries.push(SubgraphEntry {
            id: SubgraphId(id),
            name,
            url,
        });
    }
    Ok(entries)
}

fn join_graph_argument(value: &EnumValue, name: &str) -> Option<String> {
    let directive = value
        .directives
        .iter()
        .find(|directive| directive.name == "join__graph")?;
    directive
        .arguments
        .iter()
        .find_map(|(argument, value)| match value {
            Value::String(text) if argument == name => Some(text.clone()),
            _ => None,
        })
}

fn build_planner(document: &Document) -> Result<Planner, SupergraphError> {
    // The planner asserts what composers guarantee; a document that breaks it must not take the process down.
    let built = catch_unwind(AssertUnwindSafe(|| {
        Planner::new_from_supergraph(document, QueryPlannerOptions::default())
    }));
    match built {
        Ok(Ok(planner)) => Ok(planner),
        Ok(Err(error)) => Err(SupergraphError::Planner(error.to_string())),
        Err(panic) => Err(SupergraphError::Planner(panic_text(panic.as_ref()))),
    }
}

/// What a caught panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "an assertion failed".to_owned())
}

/// Where built-in directives stand, which the planner says otherwise: arguments can be deprecated, too, and it is input
/// objects that are `@oneOf` (specification, section 3.13).
fn correct_places(directive: &mut DirectiveDefinition) {
    let places = &mut directive.locations;
    match directive.name.as_str() {
        "deprecated" if !places.contains(&DirectiveLocation::ArgumentDefinition) => {
            places.push(DirectiveLocation::ArgumentDefinition);
        }
        "oneOf" => *places = vec![DirectiveLocation::InputObject],
        _ => {}
    }
}

/// Finishes the planner's pruning: no dangling union member, interface or federation directive stays behind.
fn clean_public(document: &Document) -> Document {
    let mut public = document.clone();
    let mut seen = FxHashSet::default();
    public.definitions.retain(|definition| match definition {
        Definition::TypeDefinition(definition) => {
            let name = type_name(definition);
            !is_federation_name(name) && seen.insert(name.to_owned())
        }
        Definition::DirectiveDefinition(definition) => {
            !is_federation_directive(&definition.name)
                && seen.insert(format!("@{}", definition.name))
        }
        _ => true,
    });
    for definition in &mut public.definitions {
        let definition = match definition {
            Definition::TypeDefinition(definition) => definition,
            Definition::DirectiveDefinition(directive) => {
                correct_places(directive);
                continue;
            }
            _ => continue,
        };
        match definition {
            TypeDefinition::Object(object) => {
                object
                    .implements_interfaces
                    .retain(|name| seen.contains(name));
                object
                    .directives
                    .retain(|directive| !is_federation_directive(&directive.name));
                for field in &mut object.fields {
                    field
                        .directives
                        .retain(|directive| !is_federation_directive(&directive.name));
                }
                object
                    .fields
                    .retain(|field| is_known(inner_type(&field.field_type), &seen));
            }
            TypeDefinition::Interface(interface) => {
                interface
                    .implements_interfaces
                    .retain(|name| seen.contains(name));
                interface
                    .directives
                    .retain(|directive| !is_federation_directive(&directive.name));
                for field in &mut interface.fields {
                    field
                        .directives
                        .retain(|directive| !is_federation_directive(&directive.name));
                }
                interface
                    .fields
                    .retain(|field| is_known(inner_type(&field.field_type), &seen));
            }
            TypeDefinition::Union(union) => union.types.retain(|name| seen.contains(name)),
            TypeDefinition::Enum(locations) if locations.name == "__DirectiveLocation" => {
                // The planner's introspection schema lacks this one.
                locations
                    .values
                    .retain(|value| value.name != "VARIABLE_DEFINITION");
                locations
                    .values
                    .push(EnumValue::new("VARIABLE_DEFINITION".to_owned()));
            }
            _ => {}
        }
    }
    if !seen.contains("@defer") {
        public.definitions.push(deferring());
    }
    drop_unused_scalars(&mut public);
    public
}

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

/// `directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT`: operations with it are
/// valid and answered whole, which the draft of incremental delivery leaves to the server.
fn deferring() -> Definition<'static, String> {
    let argument = |name: &str, value_type, default_value| InputValue {
        position: Pos::default(),
        description: None,
        name: name.to_owned(),
        value_type,
        default_value,
        directives: Vec::new(),
    };
    let named = |name: &str| Type::NamedType(name.to_owned());
    let boolean = Type::NonNullType(Box::new(named("Boolean")));
    Definition::DirectiveDefinition(DirectiveDefinition {
        position: Pos::default(),
        description: Some(
            "Says that this part of the answer may come later; it never does here.".to_owned(),
        ),
        name: "defer".to_owned(),
        arguments: vec![
            argument("if", boolean, Some(Value::Boolean(true))),
            argument("label", named("String"), None),
        ],
        repeatable: false,
        locations: vec![
            DirectiveLocation::FragmentSpread,
            DirectiveLocation::InlineFragment,
        ],
    })
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

fn printed_sdl(public: &Schema) -> String {
    let mut document = public.document().clone();
    document.definitions.retain(|definition| match definition {
        Definition::TypeDefinition(definition) => {
            let name = type_name(definition);
            !name.starts_with("__") && !is_builtin_scalar(name)
        }
        Definition::DirectiveDefinition(definition) => !matches!(
            definition.name.as_str(),
            "skip" | "include" | "deprecated" | "specifiedBy" | "oneOf"
        ),
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
