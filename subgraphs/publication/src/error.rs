//! The codes of refusals, and why the subgraph cannot be built.

mod refusals;

use coko_core::crypto::CryptoError;
use coko_core::translation::TranslationError;

pub(crate) use refusals::*;

/// Why the subgraph cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A translation file does not parse.
    #[error(transparent)]
    Translations(#[from] TranslationError),
    /// `column_keys` or `lookup_key` is not usable.
    #[error("publication.column_keys or publication.lookup_key cannot be used: {0}")]
    Keys(#[from] CryptoError),
    /// `terms.platform_share` is more than everything.
    #[error(
        "publication.terms.platform_share is {0}; expected hundredths of a percent, at most 10000"
    )]
    PlatformShare(u32),
    /// `terms.escrow_days` is negative or beyond reason.
    #[error("publication.terms.escrow_days is {0}; expected 0 to 3650")]
    EscrowDays(i64),
}

#[cfg(test)]
mod tests {
    use coko_core::locale::Locale;

    /// The keys that `source` defines.
    fn keys(source: &str) -> Vec<&str> {
        let lines = source.lines();
        let defining = lines.filter(|line| line.starts_with("publication-"));
        defining
            .map(|line| line.split(' ').next().unwrap_or_default())
            .collect()
    }

    #[test]
    fn every_message_is_in_both_languages() {
        let translations = crate::translations().unwrap();
        let french = keys(include_str!("../locales/fr.ftl"));
        assert_eq!(french, keys(include_str!("../locales/en.ftl")));
        let used = include_str!("error/refusals.rs");
        let used = used.split('"').filter(|text| text.contains('-'));
        for key in used.filter(|text| text.starts_with("publication-") || text.starts_with("core-"))
        {
            assert!(translations.has(&Locale::FR, key), "{key}");
            assert!(translations.has(&Locale::EN, key), "{key}");
        }
    }
}
