//! Composition: the SDLs of the subgraphs become one Federation 2 supergraph.
//!
//! This crate owns the step from text to text. It performs no I/O and imports no other member of the workspace: reading
//! SDLs from files or from running subgraphs, and serving the result, belong to its callers.
//!
//! The merge itself is `graphql-composition`'s. What it refuses and federation allows is put so that it takes it
//! (`shareable`). What it leaves out and planners need is added: `@join__type` on the root types, repeatable definitions of the join directives, definitions and `@link`s of the federation directives in use,
//! and `@specifiedBy`.

mod characters;
mod definitions;
mod demands;
mod diagnostic;
mod satisfiable;
mod shareable;
mod supergraph;

use std::panic::{AssertUnwindSafe, catch_unwind};

use graphql_composition::Subgraphs;

use characters::Substitution;
pub use diagnostic::{CompositionError, Diagnostic};

/// One subgraph to compose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphSource {
    /// The name the supergraph knows it by; unique, letters, digits, `-` and `_`.
    pub name: String,
    /// Where it answers GraphQL over HTTP. Written into `join__Graph`; the gateway may be configured otherwise.
    pub url: String,
    /// Its schema with federation directives, as its `_service { sdl }` answers.
    pub sdl: String,
}

/// The outcome of a composition that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supergraph {
    /// The supergraph SDL (join specification 0.5). Equal inputs give equal bytes, whatever their order.
    pub sdl: String,
    /// Remarks that did not prevent composition, sorted.
    pub hints: Vec<String>,
}

/// Composes subgraphs into a supergraph.
///
/// The result does not depend on the order of `subgraphs`.
///
/// # Errors
/// [`CompositionError`] lists everything that stands in the way: no subgraph, duplicate or empty names, SDL that does
/// not parse, types that cannot be merged, no query field at all.
pub fn compose(subgraphs: &[SubgraphSource]) -> Result<Supergraph, CompositionError> {
    let mut sources: Vec<&SubgraphSource> = subgraphs.iter().collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    check_names(&sources)?;
    let spread =
        shareable::spread(&sources).map_err(|diagnostics| CompositionError { diagnostics })?;
    let sources: Vec<&SubgraphSource> = spread.iter().collect();

    let mut ingested = Subgraphs::default();
    let mut diagnostics = Vec::new();
    let characters = Substitution::for_texts(sources.iter().map(|source| source.sdl.as_str()))
        .ok_or_else(|| {
            CompositionError::one("the SDLs use more than 6400 different characters beyond U+FFFF")
        })?;
    for source in &sources {
        if let Some(found) = characters::forbidden(&source.sdl) {
            let message = format!(
                "the SDL contains the control character U+{:04X}",
                u32::from(found)
            );
            diagnostics.push(Diagnostic::in_subgraph(&source.name, message));
            continue;
        }
        let text = characters.apply(&ingestible(&source.sdl));
        let ingesting = guarded(|| {
            ingested
                .ingest_str(&text, &source.name, Some(&source.url))
                .map_err(|error| error.to_string())
        });
        if let Err(error) = ingesting.and_then(|outcome| outcome) {
            diagnostics.push(Diagnostic::in_subgraph(
                &source.name,
                format!("the SDL does not parse: {error}"),
            ));
        }
    }
    if !diagnostics.is_empty() {
        return Err(CompositionError { diagnostics });
    }

    let (rendered, mut hints) = guarded(|| merge(&mut ingested)).unwrap_or_else(|said| {
        Err(CompositionError::one(format!(
            "the subgraphs cannot be merged: {said}"
        )))
    })?;
    hints.extend(demands::differing(&sources));
    hints.sort();
    hints.dedup();
    let sdl = supergraph::complete(&characters.undo(&rendered), &sources)?;
    Ok(Supergraph { sdl, hints })
}

/// Runs a part of the merge, which asserts what it takes for granted: SDLs that break it are refused like any others,
/// with what the assertion said.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        said.unwrap_or("an assertion failed").to_owned()
    })
}

/// The merged SDL as the merge writes it, and its remarks.
fn merge(ingested: &mut Subgraphs) -> Result<(String, Vec<String>), CompositionError> {
    let result = graphql_composition::compose(ingested);
    let hints = result
        .diagnostics()
        .iter_warnings()
        .map(str::to_owned)
        .collect();
    let graph = result
        .into_result()
        .map_err(|found| CompositionError::from_found(&found))?;
    let rendered = graphql_composition::render_federated_sdl(&graph).map_err(|error| {
        CompositionError::one(format!("the composed schema could not be written: {error}"))
    })?;
    Ok((rendered, hints))
}

/// Names are what the supergraph, the planner and the configuration address a subgraph by, so they must be unique.
fn check_names(sorted: &[&SubgraphSource]) -> Result<(), CompositionError> {
    if sorted.is_empty() {
        return Err(CompositionError::one("there is no subgraph to compose"));
    }
    let mut diagnostics = Vec::new();
    for source in sorted {
        let valid = source
            .name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if source.name.is_empty() || !valid {
            let message = format!(
                "{:?} is not a subgraph name: use letters, digits, `-` and `_`",
                source.name
            );
            diagnostics.push(Diagnostic::general(message));
        }
    }
    for pair in sorted.windows(2) {
        if pair[0].name == pair[1].name {
            diagnostics.push(Diagnostic::general(format!(
                "two subgraphs are named {:?}",
                pair[0].name
            )));
        }
    }
    if diagnostics.is_empty() {
        Ok(())
    } else {
        Err(CompositionError { diagnostics })
    }
}

/// The SDL without imports of `@cost` and `@listSize`.
///
/// The merge knows these two as built in and no longer recognises them once they are imported from the federation
/// specification, where version 2.9 put them.
fn ingestible(sdl: &str) -> String {
    let mut text = sdl.to_owned();
    // Text that cannot be split is handed on as it is: the merge's parser gives the better message.
    for schema in definitions::split(sdl).unwrap_or_default() {
        if schema.keyword == "schema" {
            let imports = schema
                .text
                .replace("\"@cost\"", "")
                .replace("\"@listSize\"", "");
            text = text.replacen(schema.text, &imports, 1);
        }
    }
    text
}
