//! A file, its kind, its state.

use coko_core::text_enum;
use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::files;

text_enum! {
    /// What a file is for, which decides who may upload it, how large it may be and what is made of it.
    #[graphql(name = "FileKind")]
    pub Kind {
        /// A person's picture: JPEG, PNG or WebP. Public.
        Avatar = "AVATAR",
        /// A book's cover: JPEG, PNG or WebP. Public.
        Cover = "COVER",
        /// The beginning of a book: EPUB or PDF. Public.
        Sample = "SAMPLE",
        /// A whole book as EPUB, for those who are entitled to it.
        Epub = "EPUB",
        /// A whole book as PDF, for those who are entitled to it.
        Pdf = "PDF",
    }
}

text_enum! {
    /// How far a file is.
    #[graphql(name = "FileStatus")]
    pub Status {
        /// It is being uploaded.
        Pending = "PENDING",
        /// It is complete, and is being looked at.
        Processing = "PROCESSING",
        /// It can be used.
        Ready = "READY",
        /// It cannot be used; `rejection` says why.
        Rejected = "REJECTED",
    }
}

text_enum! {
    /// Why a file was rejected.
    #[graphql(name = "FileRejection")]
    pub Reason {
        /// The bytes are not those that were announced.
        DigestMismatch = "DIGEST_MISMATCH",
        /// The content is not of the announced type.
        TypeMismatch = "TYPE_MISMATCH",
        /// The archive is damaged or cut off.
        ArchiveDamaged = "ARCHIVE_DAMAGED",
        /// The archive has too many entries.
        TooManyEntries = "TOO_MANY_ENTRIES",
        /// The archive unpacks to far more than a book.
        ZipBomb = "ZIP_BOMB",
        /// An entry of the archive leads out of it.
        UnsafePath = "UNSAFE_PATH",
        /// The archive holds a symbolic link.
        SymbolicLink = "SYMBOLIC_LINK",
        /// The file is encrypted or protected.
        Encrypted = "ENCRYPTED",
        /// The archive is no EPUB: its container or package document is missing.
        NotAnEpub = "NOT_AN_EPUB",
        /// A document of the book is not well-formed.
        XmlMalformed = "XML_MALFORMED",
        /// A document declares entities of its own, which could expand without end.
        XmlEntities = "XML_ENTITIES",
        /// A media overlay (SMIL) refers to something outside the book, or is too large.
        SmilUnsafe = "SMIL_UNSAFE",
        /// The book has no reading order.
        NoReadingOrder = "NO_READING_ORDER",
        /// A document of the reading order is missing from the archive.
        MissingResource = "MISSING_RESOURCE",
        /// The PDF is damaged.
        PdfDamaged = "PDF_DAMAGED",
        /// The pages of the PDF refer to each other in a circle.
        PdfLoop = "PDF_LOOP",
        /// The picture has too many pixels.
        TooManyPixels = "TOO_MANY_PIXELS",
        /// The picture is damaged.
        ImageDamaged = "IMAGE_DAMAGED",
        /// Looking at it takes more memory or time than any book or picture does.
        TooDemanding = "TOO_DEMANDING",
        /// It could not be processed, for a reason of ours.
        ProcessingFailed = "PROCESSING_FAILED",
    }
}

impl Kind {
    /// Whether anyone may fetch what is made of it.
    pub fn is_public(self) -> bool {
        matches!(self, Self::Avatar | Self::Cover | Self::Sample)
    }

    /// Whether it belongs to a book, so that a right over books is needed.
    pub fn is_of_book(self) -> bool {
        self != Self::Avatar
    }

    /// Whether it is the whole text of a book, which readers get once it is released.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Epub | Self::Pdf)
    }

    /// Whether it is a picture, of which only the sizes made of it are handed out.
    pub fn is_picture(self) -> bool {
        matches!(self, Self::Avatar | Self::Cover)
    }

    /// The media types that it may have.
    pub fn media_types(self) -> &'static [&'static str] {
        const PICTURES: &[&str] = &["image/jpeg", "image/png", "image/webp"];
        match self {
            Self::Avatar | Self::Cover => PICTURES,
            Self::Sample => &["application/epub+zip", "application/pdf"],
            Self::Epub => &["application/epub+zip"],
            Self::Pdf => &["application/pdf"],
        }
    }
}

/// A file.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = files, treat_none_as_null = true)]
pub struct File {
    /// UUIDv7.
    #[diesel(skip_update)]
    pub id: Uuid,
    /// The account that uploaded it, unless it is gone.
    pub owner_id: Option<Uuid>,
    /// Whether the one who uploaded it may edit every book.
    pub by_staff: bool,
    /// What it is for.
    pub kind: Kind,
    /// The book it belongs to.
    pub book_id: Option<Uuid>,
    /// How it is called when it is saved.
    pub name: String,
    /// The media type that was announced.
    pub declared_type: String,
    /// The media type that its bytes say.
    pub media_type: Option<String>,
    /// Bytes.
    pub byte_size: i64,
    /// SHA-256 of all bytes.
    pub sha256: Vec<u8>,
    /// How far it is.
    pub status: Status,
    /// Why it was rejected.
    pub reason: Option<Reason>,
    /// [`super::Details`] as JSON.
    pub details: serde_json::Value,
    /// Bytes that are stored.
    pub received: i64,
    /// Pieces that they came in.
    pub parts: i32,
    /// When an upload that is not completed is forgotten.
    pub expires_at: OffsetDateTime,
    /// When it was announced.
    #[diesel(skip_update)]
    pub created_at: OffsetDateTime,
    /// When its state changed last.
    pub updated_at: OffsetDateTime,
    /// Whether readers do not get it, as it is not the text of its book that was published.
    pub held: bool,
}

impl File {
    /// What was found in it; empty when an older version of the program wrote something else.
    pub fn details(&self) -> super::Details {
        serde_json::from_value(self.details.clone()).unwrap_or_default()
    }

    /// The strong entity tag of its bytes (RFC 9110, 8.8.3).
    pub fn entity_tag(&self) -> String {
        format!("\"{}\"", hex::encode(&self.sha256))
    }

    /// Where everything of it is stored.
    pub fn prefix(id: Uuid) -> String {
        format!("files/{id}")
    }

    /// Where the pieces of its upload are stored.
    pub fn parts_prefix(id: Uuid) -> String {
        format!("uploads/{id}")
    }

    /// Where its bytes are stored.
    pub fn object(&self) -> String {
        format!("{}/original", Self::prefix(self.id))
    }

    /// Where the size of `width` pixels of a picture is stored.
    pub fn variant(id: Uuid, width: u32) -> String {
        format!("{}/{width}.webp", Self::prefix(id))
    }

    /// Where the directory of an EPUB is stored.
    pub fn index(&self) -> String {
        format!("{}/index.json", Self::prefix(self.id))
    }

    /// Makes it one that cannot be used.
    pub fn reject(&mut self, reason: Reason, now: OffsetDateTime) {
        self.status = Status::Rejected;
        self.reason = Some(reason);
        self.updated_at = now;
    }
}

impl Reason {
    /// The Fluent key of its explanation.
    pub fn key(self) -> &'static str {
        match self {
            Self::DigestMismatch => "file-rejected-digest-mismatch",
            Self::TypeMismatch => "file-rejected-type-mismatch",
            Self::ArchiveDamaged => "file-rejected-archive-damaged",
            Self::TooManyEntries => "file-rejected-too-many-entries",
            Self::ZipBomb => "file-rejected-zip-bomb",
            Self::UnsafePath => "file-rejected-unsafe-path",
            Self::SymbolicLink => "file-rejected-symbolic-link",
            Self::Encrypted => "file-rejected-encrypted",
            Self::NotAnEpub => "file-rejected-not-an-epub",
            Self::XmlMalformed => "file-rejected-xml-malformed",
            Self::XmlEntities => "file-rejected-xml-entities",
            Self::SmilUnsafe => "file-rejected-smil-unsafe",
            Self::NoReadingOrder => "file-rejected-no-reading-order",
            Self::MissingResource => "file-rejected-missing-resource",
            Self::PdfDamaged => "file-rejected-pdf-damaged",
            Self::PdfLoop => "file-rejected-pdf-loop",
            Self::TooManyPixels => "file-rejected-too-many-pixels",
            Self::ImageDamaged => "file-rejected-image-damaged",
            Self::TooDemanding => "file-rejected-too-demanding",
            Self::ProcessingFailed => "file-rejected-processing-failed",
        }
    }
}
