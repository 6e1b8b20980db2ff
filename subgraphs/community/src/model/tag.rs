//! Tags: what topics are about, in a word or two.

use coko_core::text;
use diesel::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

use crate::tables::tags;

/// Most tags of a topic.
pub(crate) const TAGS: usize = 5;
/// Most characters of a tag.
pub(crate) const TAG: usize = 30;

/// A tag and how many topics have it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = tags)]
pub(crate) struct Tag {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) topics: i32,
}

/// Why names are no tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unnamed {
    /// The one at this position is empty, too long or has no letter.
    Invalid(usize),
    /// There are more than [`TAGS`].
    TooMany,
}

/// Names as they are shown, each with what tells it from others: case, accents and punctuation do not. Repetitions are left out.
pub(crate) fn named(names: &[String]) -> Result<Vec<(String, String)>, Unnamed> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for (position, name) in names.iter().enumerate() {
        let name = text::line(name.trim_start_matches('#'), TAG)
            .map_err(|_| Unnamed::Invalid(position))?;
        let slug = folded(&name);
        if slug.is_empty() {
            return Err(Unnamed::Invalid(position));
        }
        if !tags.iter().any(|(known, _)| *known == slug) {
            tags.push((slug, name));
        }
    }
    if tags.len() > TAGS {
        return Err(Unnamed::TooMany);
    }
    Ok(tags)
}

/// Lower case, without accents, words joined by hyphens; scripts of their own stay.
pub(crate) fn folded(name: &str) -> String {
    let mut folded = String::new();
    for c in name.nfd().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            folded.push(c);
        } else if !unicode_normalization::char::is_combining_mark(c)
            && !folded.is_empty()
            && !folded.ends_with('-')
        {
            folded.push('-');
        }
    }
    folded.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_tag_are_one() {
        let names = [
            "#Poésie",
            "poesie",
            "Science-Fiction",
            "science fiction",
            "ትምህርት",
        ];
        let names: Vec<String> = names.map(str::to_owned).to_vec();
        let tags = named(&names).unwrap();
        let slugs: Vec<&str> = tags.iter().map(|(slug, _)| slug.as_str()).collect();
        assert_eq!(slugs, ["poesie", "science-fiction", "ትምህርት"]);
        assert_eq!(tags[0].1, "Poésie");
        assert_eq!(
            named(&["a".to_owned(), "!".to_owned()]),
            Err(Unnamed::Invalid(1))
        );
        let many: Vec<String> = (0..6).map(|n| format!("tag {n}")).collect();
        assert_eq!(named(&many), Err(Unnamed::TooMany));
    }
}
