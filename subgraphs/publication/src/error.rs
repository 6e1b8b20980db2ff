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
