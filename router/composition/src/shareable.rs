//! Types that several subgraphs answer, each with fields of its own.
//!
//! The federation specification has `@shareable` on a type stand for the same on each of its fields, and asks only that every
//! field can be reached. The merge asks that the types be equal. Where they differ and every field can be reached the
//! directive is therefore written on the fields before the merge sees it; where not, composition says which field it is.

use std::collections::{BTreeMap, BTreeSet};

use graphql_tools::parser::{TokenKind, spanned_tokens};

use crate::satisfiable::World;
use crate::{Diagnostic, SubgraphSource, definitions};

/// What is known of an object type.
#[derive(Default)]
struct Shared {
    /// Its fields in each subgraph, by the subgraph's position.
    fields: BTreeMap<usize, BTreeSet<String>>,
    /// Fields that nobody can ask.
    inaccessible: BTreeSet<String>,
    /// Whether it is shared as a whole anywhere.
    whole: bool,
}

/// The sources with shared types that differ written so that the merge takes them.
///
/// # Errors
/// One diagnostic per field that cannot be reached from where its type is answered.
pub(crate) fn spread(sources: &[&SubgraphSource]) -> Result<Vec<SubgraphSource>, Vec<Diagnostic>> {
    let differing = differing(sources);
    let mut spread: Vec<SubgraphSource> = sources.iter().map(|source| (*source).clone()).collect();
    if differing.is_empty() {
        return Ok(spread);
    }
    // The merge has the last word where nothing can be said here.
    let Some(world) = World::read(sources) else {
        return Ok(spread);
    };
    let diagnostics: Vec<Diagnostic> = differing
        .iter()
        .flat_map(|name| {
            let missing = world.missing(name).into_iter();
            missing.map(move |(field, subgraph)| unreachable(name, &field, &subgraph))
        })
        .collect();
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    for source in &mut spread {
        source.sdl = rewritten(&source.sdl, &differing);
    }
    Ok(spread)
}

fn unreachable(type_name: &str, field: &str, subgraph: &str) -> Diagnostic {
    Diagnostic {
        subgraph: Some(subgraph.to_owned()),
        code: Some("SATISFIABILITY_ERROR"),
        message: format!(
            "the shared type {type_name} has no field {field} here, and where this subgraph answers {type_name} there is \
             no plain way to a subgraph that has it: add the field here, or give {type_name} a @key, or let every field \
             that returns {type_name} be shared by a subgraph that has {field}"
        ),
    }
}

/// The types that are shared as a whole somewhere, and have not the same fields everywhere.
fn differing(sources: &[&SubgraphSource]) -> BTreeSet<String> {
    let mut types = BTreeMap::<String, Shared>::new();
    for (position, source) in sources.iter().enumerate() {
        for definition in definitions::split(&source.sdl).unwrap_or_default() {
            let Some(body) = definition.body.filter(|_| definition.keyword == "type") else {
                continue;
            };
            let shared = types.entry(definition.name.to_owned()).or_default();
            shared.whole |= !marks(&definition.text[..body]).is_empty();
            let fields = shared.fields.entry(position).or_default();
            for field in fields_of(&definition.text[body..]) {
                if field.is_inaccessible {
                    shared.inaccessible.insert(field.name.clone());
                }
                fields.insert(field.name);
            }
        }
    }
    let differs = |shared: &Shared| {
        let mut fields = shared
            .fields
            .values()
            .map(|fields| fields.difference(&shared.inaccessible).collect::<Vec<_>>());
        let first = fields.next();
        shared.whole && fields.any(|fields| Some(fields) != first)
    };
    let differing = types.into_iter().filter(|(_, shared)| differs(shared));
    differing.map(|(name, _)| name).collect()
}

/// The SDL with `@shareable` on the fields of these types instead of on the types.
fn rewritten(sdl: &str, types: &BTreeSet<String>) -> String {
    let mut text = String::with_capacity(sdl.len() + 256);
    let mut copied = 0;
    for definition in definitions::split(sdl).unwrap_or_default() {
        let Some(body) = definition.body.filter(|_| definition.keyword == "type") else {
            continue;
        };
        let head = &definition.text[..body];
        let marks = marks(head);
        if marks.is_empty() || !types.contains(definition.name) {
            continue;
        }
        let start = definition.start;
        for (from, to) in marks {
            text.push_str(&sdl[copied..start + from]);
            copied = start + to;
        }
        for field in fields_of(&definition.text[body..]) {
            let end = start + body + field.end;
            text.push_str(&sdl[copied..end]);
            if !field.is_shareable {
                text.push_str(" @shareable");
            }
            copied = end;
        }
    }
    text.push_str(&sdl[copied..]);
    text
}

/// Where `@shareable` stands in the head of a definition.
fn marks(head: &str) -> Vec<(usize, usize)> {
    let tokens = spanned_tokens(head).unwrap_or_default();
    tokens
        .windows(2)
        .filter(|pair| &head[pair[0].1.clone()] == "@" && is_shareable(&head[pair[1].1.clone()]))
        .map(|pair| (pair[0].1.start, pair[1].1.end))
        .collect()
}

fn is_shareable(name: &str) -> bool {
    matches!(name, "shareable" | "federation__shareable")
}

fn is_inaccessible(name: &str) -> bool {
    matches!(name, "inaccessible" | "federation__inaccessible")
}

/// A field in the body of a definition.
struct FieldText {
    name: String,
    /// Where its type ends.
    end: usize,
    is_shareable: bool,
    is_inaccessible: bool,
}

/// The fields of a body, which begins with its brace.
fn fields_of(body: &str) -> Vec<FieldText> {
    let tokens: Vec<(TokenKind, &str, usize)> = spanned_tokens(body)
        .unwrap_or_default()
        .into_iter()
        .map(|(kind, range)| (kind, &body[range.clone()], range.end))
        .collect();
    let mut fields: Vec<FieldText> = Vec::new();
    let mut depth = 0usize;
    let mut name = "";
    for (position, (kind, text, end)) in tokens.iter().enumerate() {
        let next = tokens.get(position + 1).map(|(_, text, _)| *text);
        match *text {
            "(" | "{" => depth += 1,
            ")" | "}" => depth = depth.saturating_sub(1),
            // Outside of arguments a colon stands between a field and its type.
            ":" if depth == 1 => {
                let ends = type_end(&tokens[position + 1..]).unwrap_or(*end);
                fields.push(FieldText {
                    name: name.to_owned(),
                    end: ends,
                    is_shareable: false,
                    is_inaccessible: false,
                });
            }
            "@" if depth == 1 => {
                if let (Some(field), Some(next)) = (fields.last_mut(), next) {
                    field.is_shareable |= is_shareable(next);
                    field.is_inaccessible |= is_inaccessible(next);
                }
            }
            text if depth == 1
                && *kind == TokenKind::Name
                && matches!(next, Some("(" | ":"))
                && tokens
                    .get(position.wrapping_sub(1))
                    .map(|(_, text, _)| *text)
                    != Some("@") =>
            {
                name = text;
            }
            _ => {}
        }
    }
    fields
}

/// Where the type ends that these tokens begin with.
fn type_end(tokens: &[(TokenKind, &str, usize)]) -> Option<usize> {
    let mut open = 0usize;
    let mut end = None;
    for (kind, text, at) in tokens {
        match *text {
            "[" => open += 1,
            "]" => {
                open = open.checked_sub(1)?;
                end = Some(*at);
            }
            "!" if end.is_some() => end = Some(*at),
            _ if *kind == TokenKind::Name && (end.is_none() || open > 0) => end = Some(*at),
            _ => break,
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directive_moves_from_the_type_to_its_fields() {
        let sdl = r#"
            "A type @shareable"
            type Point implements Place @tag(name: "x") @shareable @key(fields: "x") {
              "across: @shareable" x(unit: Unit = M, of: [Int!]): [Int!]! @deprecated(reason: "a: b")
              y: Int @shareable z: [[Float]!]
            }
            type Other @shareable { a: Int }
        "#;
        let moved = rewritten(sdl, &["Point".to_owned()].into());
        let expected = r#"
            "A type @shareable"
            type Point implements Place @tag(name: "x")  @key(fields: "x") {
              "across: @shareable" x(unit: Unit = M, of: [Int!]): [Int!]! @shareable @deprecated(reason: "a: b")
              y: Int @shareable z: [[Float]!] @shareable
            }
            type Other @shareable { a: Int }
        "#;
        assert_eq!(moved, expected);
    }
}
