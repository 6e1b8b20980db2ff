//! The language of a reader, French first.

use std::fmt;
use std::str::FromStr;

use unic_langid::{LanguageIdentifier, langid};

/// A BCP 47 language that the platform speaks or a reader asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Locale(LanguageIdentifier);

impl Locale {
    /// French, the default.
    pub const FR: Self = Self(langid!("fr"));
    /// English.
    pub const EN: Self = Self(langid!("en"));

    /// The language alone, lower case: `fr`.
    pub fn language(&self) -> &str {
        self.0.language.as_str()
    }

    /// The best of the languages we speak for an `Accept-Language` value (RFC 9110, section 12.5.4); French when none fits.
    pub fn negotiate(accept_language: &str) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for part in accept_language.split(',').take(16) {
            let (tag, weight) = match part.split_once(';') {
                Some((tag, parameter)) => {
                    let weight = parameter
                        .trim()
                        .strip_prefix("q=")
                        .and_then(|q| q.parse().ok());
                    (tag.trim(), weight.unwrap_or(0.0))
                }
                None => (part.trim(), 1.0),
            };
            let Ok(locale) = tag.parse::<Self>() else {
                continue;
            };
            let known = [Self::FR, Self::EN]
                .into_iter()
                .find(|known| known.language() == locale.language());
            if let Some(known) = known
                && weight > best.as_ref().map_or(0.0, |(weight, _)| *weight)
            {
                best = Some((weight, known));
            }
        }
        best.map_or(Self::FR, |(_, locale)| locale)
    }

    /// The identifier as the Unicode libraries take it.
    pub fn identifier(&self) -> &LanguageIdentifier {
        &self.0
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self::FR
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not a well-formed BCP 47 language tag.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a language tag; expected one such as fr, en or wo-SN")]
pub struct LocaleError(String);

impl FromStr for Locale {
    type Err = LocaleError;

    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        if tag.len() > 35 {
            return Err(LocaleError(tag.chars().take(35).collect()));
        }
        tag.parse()
            .map(Self)
            .map_err(|_| LocaleError(tag.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negotiation_takes_the_heaviest_language_we_speak() {
        for (header, expected) in [
            ("", "fr"),
            ("en", "en"),
            ("en-GB,en;q=0.9", "en"),
            ("wo, en;q=0.4, fr;q=0.8", "fr"),
            ("wo", "fr"),
            ("en;q=0", "fr"),
            (";;;q=,,,", "fr"),
        ] {
            assert_eq!(Locale::negotiate(header).language(), expected, "{header}");
        }
    }
}
