//! The codes of refusals, and why the subgraph cannot be built.

use coko_core::identity::KeyError;
use coko_core::refusal;
use coko_core::translation::TranslationError;

/// Why the subgraph cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A translation file does not parse.
    #[error(transparent)]
    Translations(#[from] TranslationError),
    /// `license_keys` is not usable.
    #[error("reading.license_keys cannot be used: {0}")]
    Keys(#[from] KeyError),
    /// `license_keys` is empty.
    #[error(
        "reading.license_keys is empty; expected <id>:<64 hexadecimal digits>, as `coko token keygen` prints it"
    )]
    NoKey,
}

refusal! {
    /// Why a book could not be put into the library, or its status not be set.
    LibraryError, LibraryErrorCode {
        /// No such book.
        NotFound => "core-not-found",
        /// The library is full.
        LibraryFull => "reading-library-full",
    }
}

refusal! {
    /// Why a book could not be given.
    GiftBookError, GiftBookErrorCode {
        /// No such book.
        NotFound => "core-not-found",
        /// The account does not exist any more.
        ReaderGone => "reading-reader-gone",
    }
}

refusal! {
    /// Why a batch was not looked at.
    PushChangesError, PushChangesErrorCode {
        /// More changes than a batch may have: send several.
        TooManyChanges => "reading-too-many-changes",
    }
}

refusal! {
    /// Why one change of a batch was not taken over.
    ChangeError, ChangeErrorCode {
        /// Exactly one of the kinds of change must be given.
        NotOneChange => "reading-not-one-change",
        /// Nothing is changed.
        NothingChanged => "reading-nothing-changed",
        /// The id is no UUID of version 7 of the device's own making.
        IdInvalid => "reading-id-invalid",
        /// No such book.
        BookUnknown => "reading-book-unknown",
        /// A place is out of bounds or incomplete.
        LocatorInvalid => "reading-locator-invalid",
        /// A text is too long, or has control characters.
        TextInvalid => "reading-text-invalid",
        /// A moment or a duration cannot be true.
        TimeInvalid => "reading-time-invalid",
        /// Another annotation has this id: make a new one.
        IdTaken => "reading-id-taken",
        /// There are too many of these.
        TooMany => "reading-too-many",
    }
}

refusal! {
    /// Why no licence is issued. What is lawfully offline stays so until it expires.
    OfflineLicenseError, OfflineLicenseErrorCode {
        /// You have no right to read this book.
        NotEntitled => "reading-not-entitled",
        /// Too many devices have licences: release one, or wait until its licences end.
        TooManyDevices => "reading-too-many-devices",
        /// The device's id or name cannot be used.
        DeviceInvalid => "reading-device-invalid",
    }
}

refusal! {
    /// Why a device is not taken off the list.
    ReleaseDeviceError, ReleaseDeviceErrorCode {
        /// No licence runs on such a device.
        NotFound => "core-not-found",
        /// Too many devices were released lately.
        TooManyReleases => "reading-too-many-releases",
    }
}

refusal! {
    /// Why notes are not exported.
    ExportNotesError, ExportNotesErrorCode {
        /// There are none.
        NotFound => "core-not-found",
    }
}
