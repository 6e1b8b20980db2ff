//! The codes of refusals, and why the subgraph cannot be built.

use coko_core::refusal;
use coko_core::translation::TranslationError;

/// Why the subgraph cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A translation file does not parse.
    #[error(transparent)]
    Translations(#[from] TranslationError),
}

refusal! {
    /// Why feedback was not recorded.
    RecordFeedbackError, RecordFeedbackErrorCode {
        /// No such book.
        BookUnknown => "recommendation-book-unknown",
        /// None at all, or too many at a time.
        SignalCountInvalid => "recommendation-too-many-signals",
    }
}

refusal! {
    /// Why interests were not kept.
    SetInterestsError, SetInterestsErrorCode {
        /// Too many.
        TooMany => "recommendation-too-many-interests",
        /// An id that cannot be a category's.
        CategoryInvalid => "recommendation-category-invalid",
    }
}
