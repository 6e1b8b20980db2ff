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
    /// Why a setting was not changed.
    PlatformSettingError, PlatformSettingErrorCode {
        /// The key is not made of lower-case words, digits, hyphens and dots.
        KeyInvalid => "admin-key-invalid",
        /// The description is empty, too long, or has control characters.
        DescriptionInvalid => "admin-description-invalid",
        /// The value is null or too large.
        ValueInvalid => "admin-value-invalid",
        /// The share is not 0 to 100.
        ShareInvalid => "admin-share-invalid",
        /// Another operator changed it meanwhile: look again.
        Changed => "admin-setting-changed",
        /// There is no such setting.
        NotFound => "core-not-found",
        /// There are as many settings as there can be.
        TooMany => "admin-too-many-settings",
    }
}

refusal! {
    /// Why a dead letter was neither replayed nor discarded.
    DeadLetterError, DeadLetterErrorCode {
        /// The role has no such letter (any more).
        NotFound => "core-not-found",
    }
}

refusal! {
    /// Why a reconciliation was not requested.
    ReconciliationError, ReconciliationErrorCode {
        /// The span is not of the past, ends before it begins, or is longer than seven days.
        SpanInvalid => "admin-span-invalid",
    }
}

refusal! {
    /// Why a discrepancy was not closed.
    CloseDiscrepancyError, CloseDiscrepancyErrorCode {
        /// There is no such discrepancy.
        NotFound => "core-not-found",
        /// It is closed already.
        Closed => "admin-discrepancy-closed",
        /// The note is empty, too long, or has control characters.
        NoteInvalid => "admin-note-invalid",
    }
}

refusal! {
    /// Why a note was neither added nor removed.
    OperatorNoteError, OperatorNoteErrorCode {
        /// There is no such note, or nothing is known of the person.
        NotFound => "core-not-found",
        /// The text is empty, too long, or has control characters.
        TextInvalid => "admin-note-invalid",
        /// There are as many notes about this person as there can be.
        TooMany => "admin-too-many-notes",
    }
}
