//! The codes of refusals, and why the subgraph cannot be built.

use coko_core::refusal;
use coko_core::translation::TranslationError;

use crate::StorageError;

/// Why the subgraph cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A translation file does not parse.
    #[error(transparent)]
    Translations(#[from] TranslationError),
    /// The storage cannot be used in the way it is configured.
    #[error("the storage of files cannot be used (file.folder, s3): {0}")]
    Storage(#[from] StorageError),
}

refusal! {
    /// Why `createUpload` was refused.
    CreateUploadError, CreateUploadErrorCode {
        /// The name is empty, too long, or made of nothing that a name may hold.
        InvalidName => "file-invalid-name",
        /// A file of this kind cannot be of this type.
        InvalidType => "file-invalid-type",
        /// An empty file.
        Empty => "file-empty",
        /// It is larger than files of this kind may be.
        TooLarge => "file-too-large",
        /// Not a SHA-256 in hexadecimal.
        InvalidDigest => "file-invalid-digest",
        /// A file of this kind belongs to a book.
        BookRequired => "file-book-required",
        /// A file of this kind belongs to no book.
        BookNotAllowed => "file-book-not-allowed",
        /// Too many uploads are not completed.
        TooManyOpen => "file-too-many-open",
        /// Everything that you keep would be too large.
        QuotaExceeded => "file-quota-exceeded",
    }
}

refusal! {
    /// Why `completeUpload` was refused.
    CompleteUploadError, CompleteUploadErrorCode {
        /// It does not exist, or is not yours.
        NotFound => "core-not-found",
        /// Bytes are missing: go on with the upload.
        Incomplete => "file-incomplete",
        /// The bytes are not those that were announced: begin again.
        DigestMismatch => "file-rejected-digest-mismatch",
        /// The content is not of the announced type.
        TypeMismatch => "file-rejected-type-mismatch",
    }
}

refusal! {
    /// Why `createDownload` was refused.
    CreateDownloadError, CreateDownloadErrorCode {
        /// It does not exist, or is not yours to have.
        NotFound => "core-not-found",
        /// It is not ready, or was rejected.
        NotReady => "file-not-ready",
    }
}

refusal! {
    /// Why `deleteFile` was refused.
    DeleteFileError, DeleteFileErrorCode {
        /// It does not exist, or is not yours.
        NotFound => "core-not-found",
    }
}
