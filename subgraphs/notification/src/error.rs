//! The codes of refusals, and why the subgraph cannot be built.

use coko_core::crypto::CryptoError;
use coko_core::refusal;
use coko_core::translation::TranslationError;

/// Why the subgraph cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A translation file does not parse.
    #[error(transparent)]
    Translations(#[from] TranslationError),
    /// `column_keys` or `lookup_key` is not usable.
    #[error("notification.column_keys or notification.lookup_key cannot be used: {0}")]
    Keys(#[from] CryptoError),
    /// No HTTP client can be made.
    #[error("no HTTP client for message providers can be made: {0}")]
    Http(#[from] reqwest::Error),
    /// `sendgrid.public_key` is not usable.
    #[error(
        "notification.sendgrid.public_key cannot be used; expected base64 of a P-256 SubjectPublicKeyInfo"
    )]
    PublicKey,
    /// `fcm.service_account.private_key` is not usable.
    #[error(
        "notification.fcm.service_account.private_key cannot be used; expected an RSA key of at least 2048 bits, PKCS #8 in PEM"
    )]
    PrivateKey,
}

refusal! {
    /// Why preferences were not changed.
    UpdatePreferencesError, UpdatePreferencesErrorCode {
        /// Times of day are `HH:MM`, and two different ones.
        QuietHoursInvalid => "notification-quiet-hours-invalid",
        /// There are more choices than there are things to choose.
        TooMany => "notification-too-many-choices",
    }
}

refusal! {
    /// Why a device was not registered.
    RegisterDeviceError, RegisterDeviceErrorCode {
        /// It is no registration token of Firebase.
        TokenInvalid => "notification-token-invalid",
        /// The name is empty, longer than 80 characters, or has control characters.
        NameInvalid => "notification-name-invalid",
    }
}

refusal! {
    /// Why a device was not removed.
    UnregisterDeviceError, UnregisterDeviceErrorCode {
        /// No such device of yours.
        NotFound => "core-not-found",
    }
}

refusal! {
    /// Why nothing was marked as read.
    MarkReadError, MarkReadErrorCode {
        /// Name up to 100 notifications, or the moment up to which all were read; one of the two.
        SelectionInvalid => "notification-selection-invalid",
    }
}

refusal! {
    /// Why an announcement was not sent.
    SendNotificationError, SendNotificationErrorCode {
        /// Name 1 to 200 people.
        RecipientsInvalid => "notification-recipients-invalid",
        /// The title is empty, longer than 120 characters, or has control characters.
        TitleInvalid => "notification-title-invalid",
        /// The text is empty, longer than 1,000 characters, or has control characters.
        BodyInvalid => "notification-body-invalid",
        /// A link is a path of the applications, such as `/books/…`.
        LinkInvalid => "notification-link-invalid",
    }
}

refusal! {
    /// Why an address was not opened again.
    LiftSuppressionError, LiftSuppressionErrorCode {
        /// No such account.
        NotFound => "core-not-found",
        /// The account has no address or number for this channel.
        NoAddress => "notification-no-address",
    }
}
