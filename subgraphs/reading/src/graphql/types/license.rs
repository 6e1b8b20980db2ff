//! `OfflineLicense` and `NotesExport`.

use async_graphql::{Context, ID, Object};
use coko_core::{Error, Result};
use time::OffsetDateTime;

use super::BookType;
use crate::commands::exports::Link;
use crate::export::Format;
use crate::graphql::reading;
use crate::model::License;

/// A licence to read offline.
pub(crate) struct LicenseType(pub(crate) License);

/// A licence of one device to read one book without a connection. Only the reader sees it.
#[Object(name = "OfflineLicense")]
impl LicenseType {
    /// Identifies the licence.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The book.
    async fn book(&self) -> BookType {
        BookType::reference(self.0.book_id)
    }

    /// The device.
    async fn device_id(&self) -> ID {
        self.0.device_id.into()
    }

    /// The device's name.
    async fn device_name(&self) -> &str {
        &self.0.device_name
    }

    /// When it was first issued.
    async fn issued_at(&self) -> OffsetDateTime {
        self.0.issued_at
    }

    /// When it ends, unless it is renewed before.
    async fn expires_at(&self) -> OffsetDateTime {
        self.0.expires_at
    }

    /// What the device keeps and checks by itself: a JSON Web Signature (RFC 7515, EdDSA) with the claims `iss`, `jti`, `sub`,
    /// `book`, `device`, `iat` and `exp`. The keys are at `/.well-known/offline-license-keys.json`.
    #[expect(
        clippy::unused_async,
        reason = "signed when it is asked for, not before"
    )]
    async fn token(&self, context: &Context<'_>) -> Result<String> {
        let reading = reading(context);
        let issuer = &reading.platform.public_url;
        self.0
            .signed(&reading.license_key, issuer)
            .map_err(Error::internal)
    }
}

/// A link to exported notes.
pub(crate) struct ExportType(pub(crate) Link);

/// Notes on a book as a file.
#[Object(name = "NotesExport")]
impl ExportType {
    /// Where the file is, without further authentication: whoever has this address has the notes, until it ends.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// The format.
    async fn format(&self) -> Format {
        self.0.format
    }

    /// The media type of the file.
    async fn media_type(&self) -> &str {
        self.0.format.media_type()
    }

    /// When the address ends.
    async fn expires_at(&self) -> OffsetDateTime {
        self.0.expires_at
    }
}
