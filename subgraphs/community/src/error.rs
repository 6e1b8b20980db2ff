//! The codes of refusals, and why the subgraph cannot be built.

mod refusals;

use coko_core::translation::TranslationError;

pub(crate) use refusals::*;

/// Why the subgraph cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A translation file does not parse.
    #[error(transparent)]
    Translations(#[from] TranslationError),
}
