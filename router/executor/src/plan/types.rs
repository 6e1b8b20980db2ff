//! What belongs to each of some types.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::response::string_text;

/// Values by type, found by a `__typename` as a subgraph wrote it: its bytes are compared, and nothing is decoded.
#[derive(Debug)]
pub(crate) struct ByType<T>(FxHashMap<Box<[u8]>, T>);

impl<T> ByType<T> {
    /// What belongs to the type of this name, a JSON string with its quotation marks.
    pub(crate) fn find(&self, json: &[u8]) -> Option<&T> {
        self.0.get(json).or_else(|| {
            // A name needs no escape; who writes one all the same is understood.
            json.contains(&b'\\').then_some(())?;
            self.0.get(&*quoted(&string_text(json)?))
        })
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.values()
    }

    /// The types' names in alphabetical order.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let names = self.0.keys();
        names
            .filter_map(|json| std::str::from_utf8(json.get(1..json.len() - 1)?).ok())
            .collect()
    }
}

impl<N: AsRef<str>, T> FromIterator<(N, T)> for ByType<T> {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(types: I) -> Self {
        let types = types.into_iter();
        Self(
            types
                .map(|(name, value)| (quoted(name.as_ref()), value))
                .collect(),
        )
    }
}

/// A type's name as JSON. Names consist of letters, digits and `_` (GraphQL, section 2.1.9).
fn quoted(name: &str) -> Box<[u8]> {
    format!("\"{name}\"").into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_as_they_are_written() {
        let types: ByType<u8> = [("Book", 1), ("Author", 2)].into_iter().collect();
        assert_eq!(types.find(br#""Book""#), Some(&1));
        assert_eq!(types.find(br#""B\u006fok""#), Some(&1));
        for other in [&br#""Boo""#[..], b"Book", b"", b"1", br#""B\u006""#] {
            assert_eq!(types.find(other), None);
        }
        assert_eq!(types.names(), BTreeSet::from(["Author", "Book"]));
    }
}
