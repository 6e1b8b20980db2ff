//! A look at a document before it is parsed: how many tokens, how deep, which kind of operation.
//!
//! The parser is recursive and validation is not linear, so what they are given is bounded by one pass over the bytes that
//! allocates nothing. It accepts more than GraphQL does; the parser has the last word.

use coko_core::identity::OperationKind;

/// One lexical token, as far as counting needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lexeme<'a> {
    Name(&'a str),
    /// `{`, `(` or `[`.
    Open(u8),
    /// `}`, `)` or `]`.
    Close,
    /// Punctuators, numbers, strings and whatever else is there.
    Other,
}

/// Sizes of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) tokens: usize,
    /// Deepest nesting of any bracket.
    pub(crate) nesting: usize,
}

/// Measures `text`, looking no further than one token beyond `most_tokens`.
pub(crate) fn measure(text: &str, most_tokens: usize) -> Extent {
    let mut extent = Extent::default();
    let mut open = 0usize;
    for lexeme in Lexer::new(text).take(most_tokens.saturating_add(1)) {
        extent.tokens += 1;
        match lexeme {
            Lexeme::Open(_) => {
                open += 1;
                extent.nesting = extent.nesting.max(open);
            }
            Lexeme::Close => open = open.saturating_sub(1),
            Lexeme::Name(_) | Lexeme::Other => {}
        }
    }
    extent
}

/// The kind of the operation called `name`, or of the first one.
pub(crate) fn kind(text: &str, name: Option<&str>) -> Option<OperationKind> {
    let mut depth = 0usize;
    let mut previous = Lexeme::Other;
    let mut pending = None;
    let mut in_fragment = false;
    for lexeme in Lexer::new(text) {
        match lexeme {
            Lexeme::Open(bracket) => {
                if depth == 0 && bracket == b'{' {
                    let unnamed = pending
                        .take()
                        .or((!in_fragment).then_some(OperationKind::Query));
                    in_fragment = false;
                    if name.is_none() && unnamed.is_some() {
                        return unnamed;
                    }
                }
                depth += 1;
            }
            Lexeme::Close => depth = depth.saturating_sub(1),
            Lexeme::Name(word) if depth == 0 => match (pending, previous, word) {
                (Some(kind), Lexeme::Name(keyword), word)
                    if matches!(keyword, "query" | "mutation" | "subscription")
                        && Some(word) == name =>
                {
                    return Some(kind);
                }
                (None, _, "fragment") if !in_fragment => in_fragment = true,
                (None, _, "query") if !in_fragment => pending = Some(OperationKind::Query),
                (None, _, "mutation") if !in_fragment => pending = Some(OperationKind::Mutation),
                (None, _, "subscription") if !in_fragment => {
                    pending = Some(OperationKind::Subscription);
                }
                _ => {}
            },
            Lexeme::Name(_) | Lexeme::Other => {}
        }
        previous = lexeme;
    }
    None
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn skip_ignored(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => self.at += 1,
                b'#' => {
                    let rest = &bytes[self.at..];
                    self.at += rest
                        .iter()
                        .position(|byte| matches!(byte, b'\n' | b'\r'))
                        .unwrap_or(rest.len());
                }
                // The byte order mark is ignored.
                0xEF if bytes[self.at..].starts_with(b"\xEF\xBB\xBF") => self.at += 3,
                _ => break,
            }
        }
    }

    fn skip_string(&mut self) {
        let bytes = self.text.as_bytes();
        if bytes[self.at..].starts_with(b"\"\"\"") {
            self.at += 3;
            while self.at < bytes.len() && !bytes[self.at..].starts_with(b"\"\"\"") {
                let escaped = bytes[self.at..].starts_with(b"\\\"\"\"");
                self.at += if escaped { 4 } else { 1 };
            }
            self.at = (self.at + 3).min(bytes.len());
            return;
        }
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'"' | b'\n' => break,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
        self.at = self.at.min(bytes.len());
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Lexeme<'a>;

    fn next(&mut self) -> Option<Lexeme<'a>> {
        self.skip_ignored();
        let bytes = self.text.as_bytes();
        let start = self.at;
        Some(match *bytes.get(start)? {
            b'"' => {
                self.skip_string();
                Lexeme::Other
            }
            open @ (b'{' | b'(' | b'[') => {
                self.at += 1;
                Lexeme::Open(open)
            }
            b'}' | b')' | b']' => {
                self.at += 1;
                Lexeme::Close
            }
            byte if byte == b'_' || byte.is_ascii_alphanumeric() => {
                let rest = &bytes[start..];
                self.at += rest
                    .iter()
                    .position(|byte| *byte != b'_' && !byte.is_ascii_alphanumeric())
                    .unwrap_or(rest.len());
                self.text
                    .get(start..self.at)
                    .map_or(Lexeme::Other, Lexeme::Name)
            }
            _ => {
                self.at += 1;
                Lexeme::Other
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_depth_are_counted_outside_strings_and_comments() {
        let text = "query Q($a: [Int!] = [1]) { # {{{{\n a(b: \"}{\\\"\", c: \"\"\"{ \\\"\"\" {\"\"\") { d } }";
        let extent = measure(text, 1000);
        assert_eq!(extent.nesting, 2);
        assert_eq!(measure("{ a b c }", 1000).tokens, 5);
        assert_eq!(measure("{ a b c }", 3).tokens, 4);
        let deep = "{a".repeat(100_000);
        assert_eq!(measure(&deep, usize::MAX).nesting, 100_000);
        for broken in [
            "\"abc",
            "\"\"\"abc",
            "\"\\",
            "\u{feff}{é}",
            "\"\"\"\\\"\"\"",
        ] {
            measure(broken, 1000);
        }
    }

    #[test]
    fn the_kind_is_that_of_the_named_operation() {
        use OperationKind::{Mutation, Query, Subscription};
        for (text, name, expected) in [
            ("{ a }", None, Some(Query)),
            ("query { a }", None, Some(Query)),
            ("mutation M { a }", None, Some(Mutation)),
            (
                "fragment mutation on query { a } subscription S { b }",
                None,
                Some(Subscription),
            ),
            ("query A { a } mutation B { b }", Some("B"), Some(Mutation)),
            ("query A { a } mutation B { b }", Some("A"), Some(Query)),
            (
                "query query { a } mutation mutation { b }",
                Some("mutation"),
                Some(Mutation),
            ),
            ("query A { a }", Some("C"), None),
            ("query A($mutation: Int) { mutation }", None, Some(Query)),
            ("", None, None),
        ] {
            assert_eq!(kind(text, name), expected, "{text}");
        }
    }
}
