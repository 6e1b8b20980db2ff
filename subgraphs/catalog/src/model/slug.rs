//! Slugs: the readable part of an address, lower-case ASCII words joined by hyphens.

use std::fmt;
use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use coko_core::stored::UnknownName;
use coko_core::text_column;

/// Longest slug that is made from a text; a suffix that tells two apart comes on top.
const MADE: usize = 80;
/// Longest slug that is accepted.
const ACCEPTED: usize = 120;

/// One to 120 of `a-z`, `0-9` and single inner hyphens.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    AsExpression,
    FromSqlRow,
)]
#[diesel(sql_type = Text)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

text_column!(Slug);

impl Slug {
    /// Makes a slug of any text: accents folded, other scripts left out; `fallback` when nothing remains.
    pub fn of(text: &str, fallback: &str) -> Self {
        let mut slug = String::new();
        for c in fold(text).chars() {
            if slug.len() >= MADE {
                break;
            }
            if c.is_ascii_alphanumeric() {
                slug.push(c);
            } else if !slug.ends_with('-') && !slug.is_empty() && !matches!(c, '\'' | '’') {
                slug.push('-');
            } else if matches!(c, '\'' | '’') && !slug.ends_with('-') && !slug.is_empty() {
                // "L'Enfant noir" reads better as l-enfant-noir than as lenfant-noir.
                slug.push('-');
            }
        }
        let slug = slug.trim_end_matches('-');
        if slug.is_empty() {
            fallback.parse().unwrap_or_else(|_| Self("x".to_owned()))
        } else {
            Self(slug.to_owned())
        }
    }

    /// Makes the slug that stands for a name: the same for spellings that differ in case, accents and punctuation only, and
    /// different for names in scripts that a slug leaves out.
    pub fn of_name(name: &str, kind: &str) -> Self {
        let slug = Self::of(name, kind);
        let folded = fold(name);
        if folded.chars().all(|c| c.is_ascii() || !c.is_alphanumeric()) {
            return slug;
        }
        let digest = Sha256::digest(folded.as_bytes());
        slug.with_suffix(&hex::encode(&digest[..4]))
    }

    /// The same slug with `suffix` (itself slugged) after a hyphen, to tell two apart.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        let suffix = Self::of(suffix, "x");
        let kept = ACCEPTED
            .saturating_sub(suffix.0.len() + 1)
            .min(self.0.len());
        Self(format!(
            "{}-{}",
            self.0[..kept].trim_end_matches('-'),
            suffix.0
        ))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let well_formed = (1..=ACCEPTED).contains(&text.len())
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--")
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnknownName::new("slug", text))
        }
    }
}

impl TryFrom<String> for Slug {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lower case without accents and ligatures, as `catalog_fold` in the database does it for Latin text.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text
        .nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
    {
        match c {
            'œ' | 'Œ' => folded.push_str("oe"),
            'æ' | 'Æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            'ø' | 'Ø' => folded.push('o'),
            'đ' | 'Đ' | 'ɗ' | 'Ɗ' => folded.push('d'),
            'ł' | 'Ł' => folded.push('l'),
            'ŋ' | 'Ŋ' => folded.push('n'),
            'ɓ' | 'Ɓ' => folded.push('b'),
            _ => folded.extend(c.to_lowercase()),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slugs_are_readable() {
        for (text, expected) in [
            ("Les Misérables", "les-miserables"),
            ("L'Enfant noir", "l-enfant-noir"),
            ("Ngũgĩ wa Thiong'o", "ngugi-wa-thiong-o"),
            ("Œuvres  &  cœurs!", "oeuvres-coeurs"),
            ("موسم الهجرة", "book"),
            ("<script>alert(1)</script>", "script-alert-1-script"),
        ] {
            assert_eq!(Slug::of(text, "book").as_str(), expected);
        }
        assert_eq!(
            Slug::of("Dune", "x").with_suffix("234225").as_str(),
            "dune-234225"
        );
    }

    proptest! {
        #[test]
        fn every_made_slug_is_accepted(text in "\\PC{0,200}", suffix in "\\PC{0,30}") {
            let slug = Slug::of(&text, "book");
            prop_assert_eq!(slug.as_str().parse::<Slug>().map(String::from).ok(), Some(slug.to_string()));
            let suffixed = slug.with_suffix(&suffix);
            prop_assert!(suffixed.as_str().parse::<Slug>().is_ok());
        }
    }
}
