//! Reading a supergraph: one immutable snapshot with planner, schemas and subgraph table.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
};

use graphql_tools::static_graphql::schema::{
    Definition, Document, EnumValue, TypeDefinition, Value,
};
use hive_router_query_planner::{
    planner::{Planner, QueryPlannerOptions},
    state::supergraph_state::SupergraphState,
    utils::parsing::safe_parse_schema,
};
use rustc_hash::FxHashSet;

use crate::{
    links::canonical,
    planner_document::complete_override_labels,
    planner_names::PlannerNames,
    planner_split::split_requirements,
    public_schema::{clean_public, printed_sdl},
    schema::{Schema, type_name},
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
    /// A specification that it uses must be understood by whoever serves it.
    #[error(
        "the supergraph needs {url} for {purpose}, which this router does not know; compose it without that feature"
    )]
    NotUnderstood {
        /// The specification.
        url: String,
        /// `SECURITY` or `EXECUTION`.
        purpose: String,
    },
    /// The planner refuses the document.
    #[error("the supergraph cannot be planned against: {0}")]
    Planner(String),
}

/// An immutable snapshot of one supergraph.
pub struct Supergraph {
    planner: Planner,
    /// A planner that finds ways the first one misses; made when it is first needed.
    second_planner: OnceLock<Option<Planner>>,
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
        let document = canonical(document)?;
        let subgraphs = read_subgraphs(&document)?;
        let full = Schema::new(document.clone()).ok_or_else(|| missing("a query type"))?;
        let planner_names = PlannerNames::new(&subgraphs, &document);
        let planner = build_planner(&planner_document(&planner_names, document))?;
        let public = Schema::new(clean_public(&planner.consumer_schema.document))
            .ok_or_else(|| missing("an accessible query type"))?;
        let public_sdl = printed_sdl(&public);
        let mut hasher = DefaultHasher::new();
        sdl.hash(&mut hasher);
        Ok(Self {
            planner,
            second_planner: OnceLock::new(),
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

    /// The whole supergraph. Directives of the specifications it links to have the specifications' own names.
    pub fn document(&self) -> &Document {
        self.full.document()
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

    /// The planner to ask when the first one found no way; `None` when it would know no other.
    pub(crate) fn second_planner(&self) -> Option<&Planner> {
        let planner = self.second_planner.get_or_init(|| {
            let planned = planner_document(&self.planner_names, self.full.document().clone());
            build_planner(&split_requirements(&planned)?).ok()
        });
        planner.as_ref()
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

/// The supergraph as the planner is given it.
fn planner_document(names: &PlannerNames, document: Document) -> Document {
    let mut planned = names.rename(document);
    complete_override_labels(&mut planned);
    planned
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
