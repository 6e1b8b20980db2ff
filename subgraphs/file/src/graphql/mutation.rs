//! Root mutations.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use time::OffsetDateTime;

use super::types::FileType;
use super::{files, key};
use crate::commands::{self, downloads, uploads};
use crate::error::{CompleteUploadError, CreateDownloadError, CreateUploadError, DeleteFileError};
use crate::model::Kind;

/// What is to be uploaded.
#[derive(InputObject)]
struct CreateUploadInput {
    /// What it is for.
    kind: Kind,
    /// What it is called: `Une si longue lettre.epub`.
    name: String,
    /// Its media type: `application/epub+zip`, `application/pdf`, `image/jpeg`, `image/png`, `image/webp`.
    media_type: String,
    /// Its size in bytes.
    byte_size: i64,
    /// The SHA-256 of its bytes in hexadecimal.
    sha256: String,
    /// The book that it belongs to; for everything but avatars.
    book_id: Option<ID>,
}

/// What `createUpload` did.
#[derive(SimpleObject)]
struct CreateUploadPayload {
    /// The file, `PENDING`; null when refused.
    file: Option<FileType>,
    /// Where the bytes go by tus 1.0: a signed link that ends with the upload. Creation is done: begin with HEAD or PATCH.
    upload_url: Option<String>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CreateUploadError>,
}

/// Which upload is complete.
#[derive(InputObject)]
struct CompleteUploadInput {
    /// The file.
    id: ID,
}

/// What `completeUpload` did.
#[derive(SimpleObject)]
struct CompleteUploadPayload {
    /// The file, `PROCESSING` or further; null when refused.
    file: Option<FileType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CompleteUploadError>,
}

/// Which file is to be fetched.
#[derive(InputObject)]
struct CreateDownloadInput {
    /// The file.
    id: ID,
}

/// What `createDownload` did.
#[derive(SimpleObject)]
struct CreateDownloadPayload {
    /// A signed link for the viewer alone, which can be used again to resume; null when refused.
    url: Option<String>,
    /// When the link ends.
    expires_at: Option<OffsetDateTime>,
    /// Why it was refused; empty when it was not.
    errors: Vec<CreateDownloadError>,
}

/// Which file is to go.
#[derive(InputObject)]
struct DeleteFileInput {
    /// The file.
    id: ID,
}

/// What `deleteFile` did.
#[derive(SimpleObject)]
struct DeleteFilePayload {
    /// The file that is gone; null when refused.
    deleted_id: Option<ID>,
    /// Why it was refused; empty when it was not.
    errors: Vec<DeleteFileError>,
}

/// Root mutations of file.
pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Announces a file, and returns the link that takes its bytes. Everything but avatars needs `books:publish`.
    async fn create_upload(
        &self,
        context: &Context<'_>,
        input: CreateUploadInput,
    ) -> Result<CreateUploadPayload> {
        let announced = uploads::Announced {
            kind: input.kind,
            name: input.name,
            media_type: input.media_type,
            byte_size: input.byte_size,
            sha256: input.sha256,
            book_id: input.book_id.as_ref().map(key),
        };
        let outcome = uploads::create(files(context), context.command(), announced).await;
        let (created, errors) = settle(context, outcome, CreateUploadError::new)?;
        let (file, upload_url) = created.unzip();
        Ok(CreateUploadPayload {
            file: file.map(FileType::from),
            upload_url,
            errors,
        })
    }

    /// Says that all bytes are sent. They are verified now (size, SHA-256, type) and looked at afterwards: follow `status`.
    async fn complete_upload(
        &self,
        context: &Context<'_>,
        input: CompleteUploadInput,
    ) -> Result<CompleteUploadPayload> {
        let outcome = uploads::complete(files(context), context.command(), key(&input.id)).await;
        let (file, errors) = settle(context, outcome, CompleteUploadError::new)?;
        Ok(CompleteUploadPayload {
            file: file.map(FileType::from),
            errors,
        })
    }

    /// A link to the whole of a file. Ten an hour, three at the same time; ranges and resuming do not count anew.
    async fn create_download(
        &self,
        context: &Context<'_>,
        input: CreateDownloadInput,
    ) -> Result<CreateDownloadPayload> {
        let outcome = downloads::create(files(context), context.command(), key(&input.id)).await;
        let (link, errors) = settle(context, outcome, CreateDownloadError::new)?;
        let (url, expires_at) = link.map(|link| (link.url, link.expires_at)).unzip();
        Ok(CreateDownloadPayload {
            url,
            expires_at,
            errors,
        })
    }

    /// Deletes a file, or gives up an upload. For its owner, and for `books:update`.
    async fn delete_file(
        &self,
        context: &Context<'_>,
        input: DeleteFileInput,
    ) -> Result<DeleteFilePayload> {
        let outcome = commands::delete(files(context), context.command(), key(&input.id)).await;
        let (deleted_id, errors) = settle(context, outcome, DeleteFileError::new)?;
        Ok(DeleteFilePayload {
            deleted_id: deleted_id.map(ID::from),
            errors,
        })
    }
}
