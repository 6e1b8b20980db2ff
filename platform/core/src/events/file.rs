//! What file says: uploads that are ready, books that are downloaded.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::Payload;

const SAMPLE_FILE: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8301");
const SAMPLE_BOOK: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8101");

const SAMPLE_UPLOADER: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8060");

/// One size of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageVariant {
    /// Width in pixels.
    pub width: u32,
    /// Absolute public URL.
    pub url: String,
}

/// One thing that the structural validation of a book found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFinding {
    /// `ERROR` (reading systems will stumble over it) or `WARNING`.
    pub severity: String,
    /// What it is: `missing-title`.
    pub code: String,
    /// Where, as a path inside the book.
    pub path: Option<String>,
}

/// A file passed every check and can be used: `file.processed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProcessed {
    /// The file.
    pub file_id: Uuid,
    /// `COVER`, `EPUB`, `PDF`, `SAMPLE`, `AUDIO`, …
    pub kind: String,
    /// The book it belongs to, if it belongs to one.
    pub book_id: Option<Uuid>,
    /// Who uploaded it, where whoever owns the book has still to check that they may; none when staff did.
    #[serde(default)]
    pub uploaded_by: Option<Uuid>,
    /// The sniffed media type.
    pub media_type: String,
    /// Pages of a PDF, or synthetic pages (1024 characters) of an EPUB.
    pub page_count: Option<i32>,
    /// Public sizes of an image, the smallest first; empty for anything else.
    #[serde(default)]
    pub images: Vec<ImageVariant>,
    /// Absolute public URL, for samples only: the file of a book has none.
    #[serde(default)]
    pub public_url: Option<String>,
    /// What the structural validation of a book found, the gravest first, at most 200; empty for anything else.
    #[serde(default)]
    pub findings: Vec<FileFinding>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub processed_at: OffsetDateTime,
}

impl Payload for FileProcessed {
    const DOMAIN: &'static str = "file";
    const TYPE: &'static str = "file.processed";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.file_id.to_string()
    }

    fn sample() -> Self {
        let variant = |width: u32| ImageVariant {
            width,
            url: format!("https://coko.example/files/{SAMPLE_FILE}/{width}.webp"),
        };
        Self {
            file_id: SAMPLE_FILE,
            kind: "COVER".to_owned(),
            book_id: Some(SAMPLE_BOOK),
            uploaded_by: Some(SAMPLE_UPLOADER),
            media_type: "image/webp".to_owned(),
            page_count: None,
            images: vec![variant(160), variant(320), variant(640)],
            public_url: None,
            findings: Vec::new(),
            processed_at: datetime!(2026-01-15 08:32 UTC),
        }
    }
}

/// A file failed a check and cannot be used: `file.rejected`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRejected {
    /// The file.
    pub file_id: Uuid,
    /// `COVER`, `EPUB`, `PDF`, `SAMPLE`, …
    pub kind: String,
    /// The book it belongs to, if it belongs to one.
    pub book_id: Option<Uuid>,
    /// Who uploaded it.
    pub uploaded_by: Option<Uuid>,
    /// Why: `ZIP_BOMB`, `DIGEST_MISMATCH`, …
    pub reason: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub rejected_at: OffsetDateTime,
}

impl Payload for FileRejected {
    const DOMAIN: &'static str = "file";
    const TYPE: &'static str = "file.rejected";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.file_id.to_string()
    }

    fn sample() -> Self {
        Self {
            file_id: SAMPLE_FILE,
            kind: "EPUB".to_owned(),
            book_id: Some(SAMPLE_BOOK),
            uploaded_by: Some(SAMPLE_UPLOADER),
            reason: "ZIP_BOMB".to_owned(),
            rejected_at: datetime!(2026-01-15 08:33 UTC),
        }
    }
}

/// A reader fetched a book: `book.downloaded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookDownloaded {
    /// The book.
    pub book_id: Uuid,
    /// The file.
    pub file_id: Uuid,
    /// The reader.
    pub user_id: Uuid,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Payload for BookDownloaded {
    const DOMAIN: &'static str = "file";
    const TYPE: &'static str = "book.downloaded";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.book_id.to_string()
    }

    fn sample() -> Self {
        Self {
            book_id: SAMPLE_BOOK,
            file_id: SAMPLE_FILE,
            user_id: uuid!("01890a5d-ac96-774b-bcce-b302099a8057"),
            at: datetime!(2026-01-16 21:10 UTC),
        }
    }
}
