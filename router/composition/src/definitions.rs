//! Cuts an SDL document into its top-level definitions without re-rendering them.
//!
//! Working on the token ranges keeps every byte of a description as its author wrote it.

use std::ops::Range;

use graphql_tools::parser::{TokenKind, spanned_tokens};

/// One top-level definition as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition<'a> {
    /// The whole text, description included.
    pub(crate) text: &'a str,
    /// Where it begins in what was split.
    pub(crate) start: usize,
    /// `type`, `enum`, `directive`, `schema`, …
    pub(crate) keyword: &'a str,
    /// The defined name; empty for `schema`.
    pub(crate) name: &'a str,
    /// Where the body's `{` is in `text`, if there is a body.
    pub(crate) body: Option<usize>,
    /// The names behind every `@` in it, in order, duplicates kept.
    pub(crate) directives: Vec<&'a str>,
}

const KEYWORDS: [&str; 9] = [
    "schema",
    "scalar",
    "type",
    "interface",
    "union",
    "enum",
    "input",
    "directive",
    "extend",
];

struct Token<'a> {
    kind: TokenKind,
    range: Range<usize>,
    text: &'a str,
}

/// Splits `sdl` into definitions, in order.
///
/// # Errors
/// The tokenizer's message when the text is not GraphQL.
pub(crate) fn split(sdl: &str) -> Result<Vec<Definition<'_>>, String> {
    let tokens: Vec<Token<'_>> = spanned_tokens(sdl)?
        .into_iter()
        .map(|(kind, range)| Token {
            kind,
            text: &sdl[range.clone()],
            range,
        })
        .collect();
    let starts = starts(&tokens);
    let mut definitions = Vec::with_capacity(starts.len());
    for (position, &start) in starts.iter().enumerate() {
        let end = starts.get(position + 1).copied().unwrap_or(tokens.len());
        definitions.push(definition(sdl, &tokens[start..end]));
    }
    Ok(definitions)
}

/// The indices of the tokens that begin a definition.
fn starts(tokens: &[Token<'_>]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.text {
            "{" | "(" | "[" if token.kind == TokenKind::Punctuator => depth += 1,
            "}" | ")" | "]" if token.kind == TokenKind::Punctuator => {
                depth = depth.saturating_sub(1);
            }
            _ if depth == 0 && begins_definition(tokens, index) => starts.push(index),
            _ => {}
        }
    }
    starts
}

fn begins_definition(tokens: &[Token<'_>], index: usize) -> bool {
    let token = &tokens[index];
    if matches!(token.kind, TokenKind::StringValue | TokenKind::BlockString) {
        return true;
    }
    if token.kind != TokenKind::Name || !KEYWORDS.contains(&token.text) {
        return false;
    }
    // A keyword may also be a name: of a type, a union member, an interface or a directive.
    match index.checked_sub(1).map(|previous| &tokens[previous]) {
        None => true,
        Some(previous) => match previous.kind {
            TokenKind::StringValue | TokenKind::BlockString => false,
            TokenKind::Punctuator => !matches!(previous.text, "=" | "|" | "&" | "@" | ":"),
            _ => {
                let names_it = KEYWORDS.contains(&previous.text)
                    && begins_definition_or_extends(tokens, index - 1);
                !names_it && previous.text != "implements"
            }
        },
    }
}

/// Whether the keyword at `index` is used as one, so that what follows is the name it defines.
fn begins_definition_or_extends(tokens: &[Token<'_>], index: usize) -> bool {
    match index.checked_sub(1).map(|previous| &tokens[previous]) {
        Some(previous)
            if matches!(
                previous.kind,
                TokenKind::StringValue | TokenKind::BlockString
            ) =>
        {
            true
        }
        Some(previous) if previous.text == "extend" => true,
        _ => begins_definition(tokens, index),
    }
}

fn definition<'a>(sdl: &'a str, tokens: &[Token<'a>]) -> Definition<'a> {
    let start = tokens.first().map_or(0, |token| token.range.start);
    let end = tokens.last().map_or(start, |token| token.range.end);
    let mut words = tokens
        .iter()
        .filter(|token| token.kind == TokenKind::Name)
        .map(|token| token.text)
        .filter(|word| *word != "extend");
    let keyword = words.next().unwrap_or_default();
    let name = if keyword == "schema" {
        ""
    } else {
        words.next().unwrap_or_default()
    };
    let mut depth = 0usize;
    let mut body = None;
    for token in tokens
        .iter()
        .filter(|token| token.kind == TokenKind::Punctuator)
    {
        match token.text {
            "{" if depth == 0 => {
                body = Some(token.range.start - start);
                break;
            }
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let directives = tokens
        .windows(2)
        .filter(|pair| pair[0].text == "@")
        .map(|pair| pair[1].text)
        .collect();
    Definition {
        text: &sdl[start..end],
        start,
        keyword,
        name,
        body,
        directives,
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    fn names(sdl: &str) -> Vec<(String, String)> {
        split(sdl)
            .unwrap()
            .iter()
            .map(|definition| (definition.keyword.to_owned(), definition.name.to_owned()))
            .collect()
    }

    #[test]
    fn keywords_used_as_names_do_not_begin_definitions() {
        let sdl = r#"
            schema @link(url: "x") { query: Query }
            directive @type(input: Int) repeatable on OBJECT | ENUM
            "type Query { in a description }"
            type input implements type & enum @type(input: 1) { type: String schema: enum }
            union union = input | type
            scalar scalar @type
            extend type Query { a: Int }
        "#;
        let expected = [
            ("schema", ""),
            ("directive", "type"),
            ("type", "input"),
            ("union", "union"),
            ("scalar", "scalar"),
            ("type", "Query"),
        ];
        assert_eq!(
            names(sdl),
            expected.map(|(keyword, name)| (keyword.to_owned(), name.to_owned()))
        );
    }

    #[test]
    fn the_text_of_a_definition_keeps_its_description() {
        let sdl = "\"\"\"\ntype Query\n{\n\"\"\"\ntype A @x { b: Int }\nenum C { D }";
        let definitions = split(sdl).unwrap();
        assert_eq!(definitions.len(), 2);
        assert!(definitions[0].text.starts_with("\"\"\"\ntype Query"));
        assert_eq!(
            &definitions[0].text[definitions[0].body.unwrap()..],
            "{ b: Int }"
        );
        assert_eq!(definitions[0].directives, ["x"]);
    }
}
