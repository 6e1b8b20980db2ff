//! Carries characters beyond the Basic Multilingual Plane through a parser that does not know them.
//!
//! The merge's lexer knows the character set of the 2018 specification only, and panics on an emoji in a description. Each
//! such character travels as a private-use character that no source contains, and is put back into the result.

use std::collections::{BTreeMap, BTreeSet};

/// What stands for what during one composition.
#[derive(Debug, Default)]
pub(crate) struct Substitution {
    outward: BTreeMap<char, char>,
    inward: BTreeMap<char, char>,
}

impl Substitution {
    /// Finds a substitute for every character the merge cannot read; `None` when there are more than there are
    /// substitutes (6400).
    pub(crate) fn for_texts<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        let taken: BTreeSet<char> = texts
            .clone()
            .flat_map(str::chars)
            .filter(|c| ('\u{E000}'..='\u{F8FF}').contains(c))
            .collect();
        let foreign: BTreeSet<char> = texts
            .flat_map(str::chars)
            .filter(|c| *c > '\u{FFFF}')
            .collect();
        let mut free = ('\u{E000}'..='\u{F8FF}').filter(|c| !taken.contains(c));
        let mut substitution = Self::default();
        for character in foreign {
            let substitute = free.next()?;
            substitution.outward.insert(character, substitute);
            substitution.inward.insert(substitute, character);
        }
        Some(substitution)
    }

    pub(crate) fn apply(&self, text: &str) -> String {
        text.chars()
            .map(|c| self.outward.get(&c).copied().unwrap_or(c))
            .collect()
    }

    pub(crate) fn undo(&self, text: &str) -> String {
        text.chars()
            .map(|c| self.inward.get(&c).copied().unwrap_or(c))
            .collect()
    }
}

/// The first control character that GraphQL does not allow in a document, if there is one.
pub(crate) fn forbidden(text: &str) -> Option<char> {
    text.chars()
        .find(|c| *c < ' ' && !matches!(c, '\t' | '\n' | '\r'))
}
