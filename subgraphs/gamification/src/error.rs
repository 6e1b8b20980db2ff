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
    /// Why a challenge was not made.
    CreateChallengeError, CreateChallengeErrorCode {
        /// A text is empty, too long, or has control characters.
        TextInvalid => "gamification-text-invalid",
        /// The goal is too small or too large.
        TargetInvalid => "gamification-target-invalid",
        /// The window is over, too long, or too far ahead.
        WindowInvalid => "gamification-window-invalid",
        /// Only the platform holds challenges for everyone.
        PrivacyInvalid => "gamification-privacy-invalid",
        /// There are too many already that are not over.
        TooMany => "gamification-too-many-challenges",
    }
}

refusal! {
    /// Why a challenge was not joined.
    JoinChallengeError, JoinChallengeErrorCode {
        /// No such challenge, or the invitation does not fit.
        NotFound => "core-not-found",
        /// It is over, or was called off.
        Over => "gamification-challenge-over",
        /// You take part in too many already.
        TooMany => "gamification-too-many-challenges",
    }
}

refusal! {
    /// Why a challenge was not left.
    LeaveChallengeError, LeaveChallengeErrorCode {
        /// You take part in no such challenge.
        NotFound => "core-not-found",
    }
}

refusal! {
    /// Why a challenge was not called off.
    CancelChallengeError, CancelChallengeErrorCode {
        /// No such challenge of yours, or it is over.
        NotFound => "core-not-found",
    }
}
